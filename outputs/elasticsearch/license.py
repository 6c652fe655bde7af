"""The license of a cluster: whether it still holds.

Owns the question and what the operator is told. An answer never keeps events from being
sent: Elasticsearch takes them with an expired license, too, and a user need not be
allowed to ask. Must not know anything else of the cluster.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from heartbeat.outputs.elasticsearch.server import (
    OK,
    SERVERLESS,
    as_object,
    read_object,
)

if TYPE_CHECKING:
    from heartbeat.clock import Clock
    from heartbeat.outputs.elasticsearch.client import Client
    from heartbeat.outputs.elasticsearch.server import Answer, Server

log = logging.getLogger(__name__)

PATH, QUERY = "/_license", {"human": "false"}
AGAIN = 3600.0
"""Seconds after which a new connection is a reason to ask again."""

GOOD = frozenset({"active", "valid"})


class License:
    """Asks now and then, and tells once what is wrong."""

    def __init__(self, clock: Clock) -> None:
        """Begin without having asked."""
        self._clock = clock
        self._next = clock.monotonic()
        self._told = ""

    async def check(self, client: Client, server: Server) -> None:
        """Warn if the license does not hold; raises `OutputUnavailable`."""
        if server.flavor == SERVERLESS or self._clock.monotonic() < self._next:
            return
        answer = await client.get(PATH, query=QUERY)
        self._next = self._clock.monotonic() + AGAIN
        words = read_license(answer)
        if words and words != self._told:
            log.warning(
                "output 'elasticsearch': the license of the cluster is %s: events are"
                " stored, but security and Kibana may not work as before",
                words,
            )
        self._told = words


def read_license(answer: Answer) -> str:
    """Return what is wrong with a license, "" for nothing or if it is not told."""
    if answer.status != OK:
        log.debug("the license cannot be asked for (%d)", answer.status)
        return ""
    told = as_object(read_object(answer.body).get("license"))
    status = str(told.get("status", ""))
    if not status or status in GOOD:
        return ""
    return f"{status}{_since(told.get('expiry_date_in_millis'))}"


def _since(milliseconds: Any) -> str:
    if not isinstance(milliseconds, int):
        return ""
    day = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f" since {day:%Y-%m-%d}"

"""The last state of many monitors, as documents in Elasticsearch tell it.

Owns the one search for all of them and the way from a document to a `Past`. Must not
know why it is asked, nor what becomes of the answer.

The reference asks for each monitor by itself. Here a search names them all, grouped by
type and location because those differ seldom, and is collapsed to the newest document
of each. Documents of this very process are left out: they are not the past.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote

import orjson

from heartbeat.errors import OutputUnavailable
from heartbeat.event import DOWN, UP, milliseconds
from heartbeat.flapping import FLAP, OUTCOMES
from heartbeat.outputs.elasticsearch.server import OK, as_object, read_object, refused
from heartbeat.state import Past

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from heartbeat.clock import Clock
    from heartbeat.outputs.elasticsearch.client import Client

PAST_NS: Final = 6 * 3600 * 1_000_000_000
"""States that nobody has documented for so long are over, as in the reference."""

MOST: Final = 5_000
"""Monitors in one search; their answer is read in a few milliseconds."""

QUERY: Final = {
    "allow_no_indices": "true",
    "filter_path": "hits.hits._source",
    "ignore_unavailable": "true",
}
_INSTANT = re.compile(
    r"(?P<second>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.(?P<part>\d{1,9}))?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)",
    re.ASCII,
)
_LETTERS = {UP: "u", DOWN: "d"}
_LARGEST = 2**53


@dataclass(frozen=True, slots=True)
class Sought:
    """A monitor whose past is looked for; `location` is empty if it has none."""

    monitor_id: str
    type: str
    location: str


@dataclass(frozen=True, slots=True)
class Search:
    """Where and since when the past is looked for, and which process is no part of it.

    `indices` are names and patterns, `since_ns` is nanoseconds since the epoch.
    """

    indices: Sequence[str]
    since_ns: int
    ephemeral_id: str

    async def ask(
        self, client: Client, sought: Sequence[Sought], clock: Clock
    ) -> dict[str, Past]:
        """Return what was found, by the monitor's id; raises `OutputUnavailable`."""
        names = ",".join(quote(name, safe="*") for name in self.indices)
        found: dict[str, Past] = {}
        for first in range(0, len(sought), MOST):
            body = orjson.dumps(self.body(sought[first : first + MOST]))
            answer = await client.post(f"/{names}/_search", body, query=QUERY)
            if answer.status != OK:
                raise _Refusal(str(refused(answer, clock)), answer.status)
            found |= read(answer.body)
        return found

    def body(self, sought: Sequence[Sought]) -> dict[str, Any]:
        """Return the search for the newest document with a state of each monitor."""
        since = {"gt": milliseconds(self.since_ns)}
        return {
            "size": len(sought),
            "_source": ["@timestamp", "monitor.id", "state"],
            "sort": [{"@timestamp": {"order": "desc", "unmapped_type": "date"}}],
            "collapse": {"field": "monitor.id"},
            "query": {
                "bool": {
                    "filter": [
                        {"exists": {"field": "state"}},
                        {"range": {"@timestamp": since}},
                    ],
                    "must_not": [{"term": {"agent.ephemeral_id": self.ephemeral_id}}],
                    "should": list(_groups(sought)),
                    "minimum_should_match": 1,
                }
            },
        }


class _Refusal(OutputUnavailable):
    """The cluster has answered, but not with documents."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


def is_final(error: OutputUnavailable) -> bool:
    """Say whether asking again would bring the same answer."""
    return isinstance(error, _Refusal) and error.status in range(400, 429)


def read(content: bytes) -> dict[str, Past]:
    """Return the states of an answer by monitor id; what is not legible is left out."""
    hits = as_object(read_object(content).get("hits")).get("hits")
    found: dict[str, Past] = {}
    for hit in _list(hits):
        source = as_object(as_object(hit).get("_source"))
        monitor_id = as_object(source.get("monitor")).get("id")
        past = past_of(as_object(source.get("state")), source.get("@timestamp"))
        if isinstance(monitor_id, str) and past is not None:
            found[monitor_id] = past
    return found


def past_of(state: dict[str, Any], seen: object) -> Past | None:
    """Return the state of a document made at a time; None if it is not believable."""
    try:
        past = Past(
            id=str(state["id"]),
            status=str(state["status"]),
            started_ns=_nanoseconds(state["started_at"]),
            seen_ns=max(_nanoseconds(seen), _nanoseconds(state["started_at"])),
            checks=int(state["checks"]),
            up=int(state["up"]),
            history=_letters(state.get("flap_history")),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    is_believable = (
        past.id
        and past.status in {UP, DOWN, FLAP}
        and 0 <= past.up <= past.checks < _LARGEST
        and past.started_ns >= 0
    )
    return past if is_believable else None


def _groups(sought: Iterable[Sought]) -> Iterable[dict[str, Any]]:
    """Yield a clause for the monitors of each type and location."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in sought:
        groups.setdefault((one.type, one.location), []).append(one.monitor_id)
    for (kind, location), ids in groups.items():
        clause: dict[str, Any] = {
            "filter": [
                {"terms": {"monitor.id": ids}},
                {"term": {"monitor.type": kind}},
            ]
        }
        if location:
            clause["filter"].append({"term": {"observer.name": location}})
        else:
            # Not in the reference, which then takes up the states of any location.
            clause["must_not"] = [{"exists": {"field": "observer.name"}}]
        yield {"bool": clause}


def _letters(history: object) -> str:
    words = [word for word in _list(history) if isinstance(word, str)]
    return "".join(_LETTERS.get(word, "") for word in words)[-OUTCOMES:]


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _nanoseconds(text: object) -> int:
    """Return a time with up to nine decimals as nanoseconds since the epoch."""
    parts = _INSTANT.fullmatch(str(text))
    if parts is None:
        raise ValueError(f"'{text}' is no time")
    second = datetime.fromisoformat(parts["second"] + parts["zone"])
    fraction = (parts["part"] or "").ljust(9, "0")
    return int(second.timestamp()) * 1_000_000_000 + int(fraction)

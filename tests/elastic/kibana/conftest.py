"""A fleet with a past in a real Elasticsearch, and Kibana's two apps over it.

The fleet lives once for all tests of a short while, at two places at once: in a stream
like `heartbeat-*`, which Uptime reads, and in streams like `synthetics-*`, which
monitors with `data_stream` write and Synthetics reads.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from heartbeat.clock import SystemClock
from tests.support.clauses import Kibana, abilities, call
from tests.support.fleet import live
from tests.support.watched import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from heartbeat.event import Record


LONGEST_AGE = 90.0
"""Seconds after which a fleet would soon leave the windows that pages look at."""


@dataclass(frozen=True, slots=True)
class Stay:
    """What became of the fleet at one place.

    `is_whole` if the cluster has taken every document, `records` are what was sent.
    """

    app: Kibana
    is_whole: bool
    records: list[Record]


class Fleets:
    """Fleets that have lived just now, a new one whenever the last has become old."""

    def __init__(self, server: str, homes: pytest.TempPathFactory) -> None:
        """Let none live yet."""
        self._server = server
        self._homes = homes
        self._clock = SystemClock()
        self._born = -LONGEST_AGE
        self._young: tuple[Stay, Stay] | None = None
        self._marks: list[str] = []

    def young(self) -> tuple[Stay, Stay]:
        """Return a fleet in heartbeat's own stream and in those of its monitors."""
        now = self._clock.monotonic()
        if self._young is None or now - self._born > LONGEST_AGE:
            self._young, self._born = self._lived(), now
        return self._young

    def clear(self) -> None:
        """Leave nothing behind."""
        for mark in self._marks:
            own, kind = _names(mark)
            call("DELETE", f"{self._server}/_data_stream/{own}*,{kind}-*")
            call("DELETE", f"{self._server}/_index_template/{own}*")
            call("DELETE", f"{self._server}/_index_template/heartbeat-{kind}-*")
            for name in (own, f"{own}-empty"):
                call("DELETE", f"{self._server}/_ilm/policy/{name}")

    def _lived(self) -> tuple[Stay, Stay]:
        self._marks.append(secrets.token_hex(4))
        own, kind = _names(self._marks[-1])
        more = f", data_stream: {{type: {kind}, namespace: test}}"
        # The second stream stays empty: every monitor names one of its own.
        places = [Place(self._server, own), Place(self._server, f"{own}-empty", more)]
        lived = asyncio.run(live(self._homes.mktemp("fleet"), places))
        can = abilities(self._server, own)
        stays = [
            Stay(Kibana(self._server, indices, **can), *one)
            for indices, one in zip((own, f"{kind}-*"), lived, strict=True)
        ]
        for stay in stays:
            call("POST", f"{stay.app.url}/_refresh")
        return stays[0], stays[1]


def _names(mark: str) -> tuple[str, str]:
    return f"heartbeat-test-{mark}", f"synthetics{mark}"


@pytest.fixture(scope="session")
def fleets(
    elasticsearch_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleets]:
    """Return fleets, gone in the end."""
    made = Fleets(elasticsearch_url, tmp_path_factory)
    yield made
    made.clear()


@pytest.fixture(scope="module")
def stays(fleets: Fleets) -> tuple[Stay, Stay]:
    """Return a young fleet in heartbeat's own stream and in those of its monitors."""
    return fleets.young()


@pytest.fixture(scope="module")
def uptime(stays: tuple[Stay, Stay]) -> Kibana:
    """Return Uptime over the fleet."""
    return stays[0].app


@pytest.fixture(scope="module")
def synthetics(stays: tuple[Stay, Stay]) -> Kibana:
    """Return Synthetics over the fleet."""
    return stays[1].app

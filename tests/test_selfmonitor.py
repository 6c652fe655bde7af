"""Documents of heartbeat about itself."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import pytest

from heartbeat import __version__
from heartbeat.runner import Identity, Site
from heartbeat.selfmonitor import SelfMonitor
from tests.support.clock import START_NS, settle
from tests.support.parts import AGENT, parts_of
from tests.support.settings import settings_of
from tests.support.stage import Journal

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from heartbeat.figures import Parts
    from tests.support.clock import FakeClock

CONFIG = """\
output.discard.enabled: true
heartbeat.self_monitor: {enabled: true, period: 30s}
"""


class Self:
    """A process that tells about itself."""

    def __init__(self, home: Path, clock: FakeClock, more: str = "") -> None:
        """Tell nothing yet."""
        self.journal = Journal()
        self.parts: Parts = parts_of(clock)
        site = Site.of(clock, self.journal, Identity(AGENT, tags=("edge",)))
        self.monitor = SelfMonitor(self.parts, settings_of(home, CONFIG + more), site)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Tell for the length of a test."""
        task = asyncio.create_task(self.monitor.run())
        try:
            await settle()
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @property
    def document(self) -> Any:
        """Return the newest document."""
        return self.journal.documents[-1]


async def test_document(tmp_path: Path, clock: FakeClock) -> None:
    """It has the form of all documents, and no summary."""
    process = Self(tmp_path, clock)
    clock.jump(0.5)
    async with process.running():
        document = process.document
    monitor = document["monitor"]
    own = document["heartbeat"]

    assert monitor.pop("check_group")
    assert own["config"].pop("hash")
    assert document == {
        "@timestamp": "2026-09-21T14:13:20.500Z",
        "agent": AGENT,
        "ecs": {"version": "8.0.0"},
        "event": {"dataset": "heartbeat"},
        "tags": ["edge"],
        "monitor": {
            "id": "heartbeat-1-2-3",
            "name": "berlin-1",
            "type": "heartbeat",
            "status": "up",
            "interval": 30,
            "timespan": {
                "gte": "2026-09-21T14:13:20.500Z",
                "lt": "2026-09-21T14:13:50.500Z",
            },
        },
        "heartbeat": own,
    }
    nothing = {"p50": {"us": 0}, "p99": {"us": 0}, "max": {"us": 0}}
    assert own == {
        "version": __version__,
        "uptime": {"ms": 500},
        "config": {},
        "monitors": 2,
        "endpoints": 3,
        "scheduler": {
            "due": 0,
            "running": 0,
            "waiting": 0,
            "missed": 0,
            "in_maintenance": 1,
            "lateness": nothing,
            "loop_lag": nothing,
        },
        "queue": {
            "waiting": 5,
            "acked": 18,
            "dropped": 4,
            "dead_letter": 2,
            "is_failing": False,
            "unavailable": ["kafka"],
        },
    }


async def test_place_of_the_process(tmp_path: Path, clock: FakeClock) -> None:
    """It runs from where its monitors do."""
    process = Self(
        tmp_path, clock, "heartbeat.run_from: {id: berlin, geo.name: Berlin}\n"
    )
    async with process.running():
        observer = process.document["observer"]

    assert observer == {"name": "berlin", "geo": {"name": "Berlin"}}


async def test_at_once_and_then_on_a_grid(tmp_path: Path, clock: FakeClock) -> None:
    """A restart does not move the ticks; each has an id of its own."""
    process = Self(tmp_path, clock)
    async with process.running():
        await clock.advance(120)
    moments = [record.timestamp for record in process.journal.records]

    assert moments[0] == START_NS
    assert [b - a for a, b in pairwise(moments[1:])] == [30 * 10**9] * 3
    assert len({record.routing.id for record in process.journal.records}) == 5


async def test_ticks_that_were_slept_through(tmp_path: Path, clock: FakeClock) -> None:
    """A machine that was suspended tells once, not for every tick it missed."""
    process = Self(tmp_path, clock)
    async with process.running():
        clock.jump(600)
        await clock.advance(0)
        count = len(process.journal.records)

    assert count == 2


class TestConfigHash:
    """What tells one configuration from another."""

    async def hashed(self, process: Self) -> str:
        """Return the hash of the next document."""
        async with process.running():
            return cast("str", process.document["heartbeat"]["config"]["hash"])

    async def test_is_the_same_for_the_same(
        self, tmp_path: Path, clock: FakeClock
    ) -> None:
        """Two processes of one configuration agree."""
        first, second = Self(tmp_path, clock), Self(tmp_path, clock)

        assert await self.hashed(first) == await self.hashed(second)

    @pytest.mark.parametrize("more", ["name: other\n", "output.console.pretty: true\n"])
    async def test_changes_with_an_option(
        self, tmp_path: Path, clock: FakeClock, more: str
    ) -> None:
        """Of the process or of an output."""
        first, second = Self(tmp_path, clock), Self(tmp_path, clock, more)

        assert await self.hashed(first) != await self.hashed(second)

    async def test_changes_with_a_reload(
        self, tmp_path: Path, clock: FakeClock
    ) -> None:
        """A monitor that came or went makes it another."""
        process = Self(tmp_path, clock)
        before = await self.hashed(process)
        roster: Any = process.parts.roster
        roster.digests["new"] = "c"
        roster.starts += 1

        assert await self.hashed(process) != before

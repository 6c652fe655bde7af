"""What the endpoint shows."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from heartbeat.delivery import Counters as Deliveries
from heartbeat.figures import Parts
from heartbeat.runner import Level
from heartbeat.scheduler import Scheduler
from heartbeat.views import views_of
from tests.support.probe import Probe, running

if TYPE_CHECKING:
    from heartbeat.reload import Reloader, Roster
    from heartbeat.store import Store
    from tests.support.clock import FakeClock

AGENT = {"id": "1-2-3", "ephemeral_id": "4-5-6", "name": "berlin-1"}


@pytest.fixture
def store() -> SimpleNamespace:
    """Return a store that can be written."""
    return SimpleNamespace(is_failing=False, appended=12)


@pytest.fixture
def parts(clock: FakeClock, store: SimpleNamespace) -> Parts:
    """Return the parts of a process with one output and two monitors."""
    worker: Any = SimpleNamespace(
        name="console", is_working=False, pending=4, counters=Deliveries(acked=9)
    )
    levels = (Level.UP, Level.DEGRADED, Level.UP)
    roster = SimpleNamespace(
        monitors=Counter(http=2),
        endpoints=Counter(http=3),
        monitor_starts=Counter(http=3, tcp=1),
        endpoint_starts=Counter(http=4, tcp=1),
        runners=[SimpleNamespace(level=level) for level in levels],
        skipped=1,
        filtered=2,
        starts=2,
        stops=0,
    )
    counters = SimpleNamespace(scans=5, reloads=1, errors=0, invalid=())
    return Parts(
        clock=clock,
        began=clock.monotonic(),
        agent=AGENT,
        scheduler=Scheduler(clock),
        store=cast("Store", store),
        workers=[worker],
        roster=cast("Roster", roster),
        reloader=cast("Reloader", SimpleNamespace(counters=counters)),
    )


class TestInfo:
    """`/`."""

    def test_who_it_is(self, parts: Parts) -> None:
        """It gives the ids that documents have."""
        info = views_of(parts).figures["/"]()

        assert (info["uuid"], info["ephemeral_id"]) == ("1-2-3", "4-5-6")


class TestState:
    """`/state`."""

    def test_monitors_by_type(self, parts: Parts) -> None:
        """Monitors and endpoints are counted, in all and for each type."""
        assert views_of(parts).figures["/state"]()["heartbeat"] == {
            "monitors": 2,
            "endpoints": 3,
            "levels": {"up": 2, "degraded": 1},
            "http": {"monitors": 2, "endpoints": 3},
        }


class TestStats:
    """`/stats`."""

    def test_outputs(self, parts: Parts) -> None:
        """Each output is told by itself, and all together as in the reference."""
        stats = views_of(parts).figures["/stats"]()
        own = stats["heartbeat"]["outputs"]["console"]

        assert (own["events"]["acked"], own["events"]["pending"]) == (9, 4)
        assert stats["libbeat"]["output"]["events"]["active"] == 4

    def test_pipeline(self, parts: Parts) -> None:
        """What is between checks and outputs, under the reference's names."""
        pipeline = views_of(parts).figures["/stats"]()["libbeat"]["pipeline"]

        assert pipeline == {
            "clients": 2,
            "events": {
                "total": 12,
                "published": 12,
                "active": 4,
                "filtered": 2,
                "failed": 0,
                "dropped": 0,
                "retry": 0,
            },
            "queue": {"acked": 9, "added": {"events": 12}, "filled": {"events": 4}},
        }

    def test_types(self, parts: Parts) -> None:
        """How many came and went, by type, those of which none is left included."""
        told = views_of(parts).figures["/stats"]()["heartbeat"]

        assert (told["http"], told["tcp"]) == (
            {
                "monitor_starts": 3,
                "monitor_stops": 1,
                "endpoint_starts": 4,
                "endpoint_stops": 1,
            },
            {
                "monitor_starts": 1,
                "monitor_stops": 1,
                "endpoint_starts": 1,
                "endpoint_stops": 1,
            },
        )

    async def test_schedule(self, parts: Parts, clock: FakeClock) -> None:
        """How well the schedule is kept is told for all jobs and each type."""
        parts.scheduler.add(Probe(clock, lasts=5.0).job())
        async with running(parts.scheduler):
            await clock.advance(11)
            schedule = views_of(parts).figures["/stats"]()["heartbeat"]["scheduler"]

        flow = {
            "due": 1,
            "missed": 0,
            "running": 1,
            "waiting": 0,
            "lateness": {"p50": {"us": 0}, "p99": {"us": 0}, "max": {"us": 0}},
        }
        assert schedule["types"] == {"http": flow}
        assert {name: schedule[name] for name in flow} == flow
        assert schedule["loop_lag"]["max"] == {"us": 0}
        assert schedule["jobs"] == {
            "active": 1,
            "missed_deadline": 0,
            "in_maintenance": 1,
        }

    def test_uptime(self, parts: Parts, clock: FakeClock) -> None:
        """It counts from the start of the process."""
        clock.jump(3)

        assert views_of(parts).figures["/stats"]()["beat"]["info"]["uptime"] == {
            "ms": 3000
        }


class TestReady:
    """`/ready`."""

    async def test_all_has_to_work(self, parts: Parts, store: SimpleNamespace) -> None:
        """Unlike for health an output that takes nothing counts."""
        store.is_failing = True

        assert views_of(parts).figures["/ready"]()["status"] == (
            "the store cannot be written: new documents are in memory only; no check"
            " has been scheduled yet, or all have been stopped; output console takes"
            " nothing"
        )

    async def test_while_all_works(self, parts: Parts) -> None:
        """Checks are begun and the output takes them."""
        cast("Any", parts.workers[0]).is_working = True
        async with running(parts.scheduler):
            status = views_of(parts).figures["/ready"]()["status"]

        assert status == "ok"


class TestHealth:
    """`/health`."""

    def test_an_output_that_is_down_is_no_illness(self, parts: Parts) -> None:
        """Its events wait; a restart would not help."""
        assert views_of(parts).figures["/health"]() == {
            "status": "ok",
            "outputs": {"console": {"available": False, "pending": 4}},
        }

    def test_a_store_that_cannot_be_written(
        self, parts: Parts, store: SimpleNamespace
    ) -> None:
        """Documents that are not kept would be lost with the process."""
        store.is_failing = True

        assert views_of(parts).figures["/health"]()["status"] == (
            "the store cannot be written: new documents are in memory only"
        )

    async def test_a_stuck_scheduler(self, parts: Parts, clock: FakeClock) -> None:
        """A schedule that begins nothing, though something is due, monitors nothing."""
        parts.scheduler.add(Probe(clock).job())
        async with running(parts.scheduler):
            clock.jump(75)
            status = views_of(parts).figures["/health"]()["status"]

        assert status == (
            "the scheduler is stuck: a check has been due for 65s and none has begun"
            " for 75s"
        )

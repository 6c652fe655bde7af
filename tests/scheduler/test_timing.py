"""What the scheduler says about how well the schedule is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.schedule import parse
from heartbeat.scheduler import Job, Quantiles, Scheduler
from tests.support.clock import START_NS
from tests.support.probe import Probe, running

if TYPE_CHECKING:
    from tests.support.clock import FakeClock


class TestFlow:
    """How runs get on."""

    async def test_running_and_waiting(self, clock: FakeClock) -> None:
        """A run counts as one or the other, in all and for its type."""
        scheduler = Scheduler(clock, type_limits={"http": 1})
        for n in range(3):
            scheduler.add(Probe(clock, lasts=4.0).job(f"job-{n}"))
        tcp = Probe(clock, lasts=4.0)
        scheduler.add(
            Job("tcp", "tcp", parse("@every 10s"), tcp, START_NS, START_NS),
        )

        async with running(scheduler):
            await clock.advance(11)
            timing = scheduler.timing()

        total, http = timing.total, timing.types["http"]
        assert (total.due, total.running, total.waiting) == (2, 2, 2)
        assert (http.due, http.running, http.waiting) == (1, 1, 2)

    async def test_a_pause_is_neither(self, clock: FakeClock) -> None:
        """A run between two attempts holds no place and waits for none."""
        probe = Probe(clock)
        probe.pauses = 5.0
        scheduler = Scheduler(clock, limit=1)
        scheduler.add(probe.job())

        async with running(scheduler):
            await clock.advance(11)
            total = scheduler.timing().total

        assert (total.due, total.running, total.waiting) == (1, 0, 0)

    async def test_missed_belongs_to_its_type(self, clock: FakeClock) -> None:
        """Ticks without a run of their own are missed."""
        scheduler = Scheduler(clock)
        scheduler.add(Probe(clock, lasts=25.0).job())

        async with running(scheduler):
            await clock.advance(36)
            timing = scheduler.timing()

        assert (timing.total.missed, timing.types["http"].missed) == (2, 2)

    async def test_lateness(self, clock: FakeClock) -> None:
        """Waiting for a limit is being late."""
        scheduler = Scheduler(clock, limit=1)
        for n in range(2):
            scheduler.add(Probe(clock, lasts=2.0).job(f"job-{n}"))

        async with running(scheduler):
            await clock.advance(13)
            lateness = scheduler.timing().total.lateness

        assert lateness == Quantiles(0, 2_000_000, 2_000_000)


class TestLoop:
    """Whether the loop keeps up."""

    async def test_lag_of_a_blocked_loop(self, clock: FakeClock) -> None:
        """A loop that was blocked serves the timer that much later."""
        scheduler = Scheduler(clock)
        scheduler.add(Probe(clock).job())

        async with running(scheduler):
            clock.jump(10.25)
            await clock.advance(0)
            lag = scheduler.timing().loop_lag

        assert lag.max_us == 250_000

    async def test_nothing_due_is_well(self, clock: FakeClock) -> None:
        """An idle schedule is not stuck, however long it is idle."""
        scheduler = Scheduler(clock)
        scheduler.add(Probe(clock).job(every="1h"))

        async with running(scheduler):
            await clock.advance(1000)
            timing = scheduler.timing()

        assert (timing.overdue, timing.idle, timing.is_stuck) == (0.0, 0.0, False)

    async def test_due_without_beginning_is_stuck(self, clock: FakeClock) -> None:
        """A timer that is not served for more than a minute is no schedule."""
        scheduler = Scheduler(clock)
        scheduler.add(Probe(clock).job())

        async with running(scheduler):
            clock.jump(71)
            timing = scheduler.timing()

        assert (timing.overdue, timing.idle, timing.is_stuck) == (61.0, 71.0, True)

    async def test_a_limit_that_moves_is_not_stuck(self, clock: FakeClock) -> None:
        """Runs wait long for a narrow limit, but they get on."""
        scheduler = Scheduler(clock, limit=1)
        for n in range(3):
            scheduler.add(Probe(clock, lasts=50.0).job(f"job-{n}", every="200s"))

        async with running(scheduler):
            await clock.advance(200 + 90)
            timing = scheduler.timing()

        assert (timing.overdue > 60.0, timing.is_stuck) == (True, False)

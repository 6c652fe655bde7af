"""When jobs are due."""

from __future__ import annotations

import logging
from datetime import UTC

import pytest

from heartbeat.schedule import parse
from heartbeat.scheduler import Job, Scheduler
from tests.support.clock import START_NS, FakeClock
from tests.support.probe import SECOND, CoarseClock, Probe, running


class TestTicks:
    """When a job runs."""

    async def test_runs_on_the_grid(self, clock: FakeClock, probe: Probe) -> None:
        """Every tick of the grid is a run, at its time."""
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="10s", phase_ns=START_NS + 3 * SECOND))

        async with running(scheduler):
            await clock.advance(30)

        assert probe.begun == [3.0, 13.0, 23.0]
        assert [tick.late for tick in probe.ticks] == [0.0, 0.0, 0.0]
        assert probe.ticks[1].scheduled_ns == START_NS + 13 * SECOND

    async def test_does_not_drift(self, clock: FakeClock) -> None:
        """A run that takes its time does not move the ones after it."""
        probe = Probe(clock, lasts=4.0)
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="10s"))

        async with running(scheduler):
            await clock.advance(40)

        assert probe.begun == [10.0, 20.0, 30.0, 40.0]

    async def test_phase_is_taken_from_the_id(self, clock: FakeClock) -> None:
        """Jobs without a phase of their own are spread over their interval."""
        probes = [Probe(clock) for _ in range(20)]
        scheduler = Scheduler(clock)
        for n, probe in enumerate(probes):
            scheduler.add(probe.job(f"job-{n}", phase_ns=None))

        async with running(scheduler):
            await clock.advance(10)

        assert [len(probe.begun) for probe in probes] == [1] * 20
        assert len({probe.ticks[0].scheduled_ns for probe in probes}) > 15

    async def test_restart_with_the_last_tick_just_run(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """The tick of the present interval has been run already."""
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="1h", last_tick_ns=START_NS))

        async with running(scheduler):
            await clock.advance(3600)

        assert probe.begun == [3600.0]

    async def test_restart_after_missed_ticks_runs_soon(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """What fell due while nobody was there is not left until the next tick."""
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="1h", last_tick_ns=START_NS - 7200 * SECOND))

        async with running(scheduler):
            await clock.advance(3600)

        assert probe.begun == [pytest.approx(0.049, abs=0.001), 3600.0]

    async def test_cron_runs_at_its_time(self, clock: FakeClock, probe: Probe) -> None:
        """A time of day is neither spread nor brought forward."""
        schedule = parse("* * * * *", UTC, now_ns=START_NS)
        scheduler = Scheduler(clock)
        scheduler.add(Job("cron", "http", schedule, probe))

        async with running(scheduler):
            await clock.advance(120)

        assert probe.begun == [40.0, 100.0]

    async def test_cron_without_an_end_ahead_rests(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """After its last moment a schedule does nothing."""
        schedule = parse("14 14 21 9 * 2026", UTC, now_ns=START_NS)
        scheduler = Scheduler(clock)
        scheduler.add(Job("cron", "http", schedule, probe))

        async with running(scheduler):
            await clock.advance(300)

        assert probe.begun == [40.0]

    async def test_timer_that_fires_early_runs_the_tick_once(self) -> None:
        """A tick begun a moment too soon is still one tick, and not late."""
        clock = CoarseClock()
        probe = Probe(clock)
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="10s"))

        async with running(scheduler):
            await clock.advance(25)

        assert [(t.scheduled_ns - START_NS, t.late) for t in probe.ticks] == [
            (10 * SECOND, 0.0),
            (20 * SECOND, 0.0),
        ]


class TestLateness:
    """What happens to ticks that are late."""

    async def test_long_run_collapses_ticks(self, clock: FakeClock) -> None:
        """A job never overlaps itself; the ticks it misses become one, at its end."""
        probe = Probe(clock, lasts=34.0)
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="10s"))

        async with running(scheduler):
            await clock.advance(45)

        assert probe.begun == [10.0, 44.0]
        assert probe.ticks[1].scheduled_ns == START_NS + 40 * SECOND
        assert probe.ticks[1].late == 4.0

    async def test_missed_are_counted(self, clock: FakeClock) -> None:
        """Two ticks without a run of their own and one run that began late."""
        probe = Probe(clock, lasts=34.0)
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="10s"))

        async with running(scheduler):
            await clock.advance(45)

            assert scheduler.counters().missed_deadline == 3

    async def test_intervals_of_a_second_are_not_missed(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """A short interval alone is no reason to report anything."""
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="1s"))

        async with running(scheduler):
            await clock.advance(5)

            assert scheduler.counters().missed_deadline == 0

    async def test_missed_are_reported(
        self, clock: FakeClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        """One line in fifteen seconds says how many, and none where there are none."""
        probe = Probe(clock, lasts=34.0)
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="10s"))

        with caplog.at_level(logging.WARNING):
            async with running(scheduler):
                await clock.advance(75)

        (message,) = caplog.messages
        assert message == (
            "3 tasks have missed their schedule deadlines by more than 1 second"
            " in the last 24s."
        )

    async def test_blocked_loop_makes_a_tick_late(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """Lateness is measured to when the run begins."""
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="10s"))

        async with running(scheduler):
            clock.jump(10.25)
            await clock.advance()

        assert probe.ticks[0].late == 0.25

    async def test_cron_collapses(self, clock: FakeClock) -> None:
        """Matches that pass during a run become one as well."""
        probe = Probe(clock, lasts=3.5)
        schedule = parse("* * * * * * *", UTC, now_ns=START_NS)
        scheduler = Scheduler(clock)
        scheduler.add(Job("cron", "http", schedule, probe))

        async with running(scheduler):
            await clock.advance(5)

        assert probe.begun == [1.0, 4.5]
        assert probe.ticks[1].scheduled_ns == START_NS + 4 * SECOND


class TestWallClock:
    """What a wall clock that is set does to the plan."""

    async def test_forward_step_runs_soon_and_goes_on_from_there(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """Ticks jumped over are not made up for one by one."""
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="1m"))

        async with running(scheduler):
            await clock.advance(60)
            clock.set_wall(3605)
            await clock.advance(60)

        after = [tick.scheduled_ns - START_NS for tick in probe.ticks[1:]]
        assert len(after) == 2
        assert after[1] == (3600 + 120) * SECOND
        assert probe.ticks[1].step == 3605.0
        assert probe.ticks[2].step == 0.0

    async def test_backward_step_begins_an_era(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """Ticks that come a second time can be told from the first time."""
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="10s"))

        async with running(scheduler):
            await clock.advance(20)
            clock.set_wall(-15)
            await clock.advance(20)

        runs = [(t.scheduled_ns - START_NS, t.era - START_NS) for t in probe.ticks]
        assert runs == [
            (10 * SECOND, -START_NS),
            (20 * SECOND, -START_NS),
            (pytest.approx(15.05 * SECOND, rel=0.001), 20 * SECOND),
            (20 * SECOND, 20 * SECOND),
        ]
        assert probe.ticks[2].step == -15.0

    async def test_backward_step_during_a_run(self, clock: FakeClock) -> None:
        """The run under way ends as it is; the next is planned by the new time."""
        probe = Probe(clock, lasts=5.0)
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="10s"))

        async with running(scheduler):
            await clock.advance(12)
            clock.set_wall(-3600)
            await clock.advance(20)

        assert [tick.era for tick in probe.ticks] == [
            0,
            START_NS + 10 * SECOND,
            START_NS + 10 * SECOND,
        ]

    @pytest.mark.parametrize("step", [3600.0, -3600.0])
    async def test_step_noticed_during_a_run(
        self, clock: FakeClock, step: float
    ) -> None:
        """The time jumped over during a run is none in which ticks were missed."""
        probe, other = Probe(clock, lasts=5.0), Probe(clock)
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="10s"))
        scheduler.add(other.job("other", every="2s"))

        async with running(scheduler):
            await clock.advance(11)
            clock.set_wall(step)
            await clock.advance(12)

            assert scheduler.counters().missed_deadline == 0

        assert [tick.step for tick in probe.ticks] == [0.0, step]

    async def test_corrections_below_a_second_are_followed(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """A time service at work changes neither ticks nor documents."""
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="10s"))

        async with running(scheduler):
            for _ in range(3):
                clock.set_wall(0.4)
                await clock.advance(10)

        assert [tick.scheduled_ns - START_NS for tick in probe.ticks] == [
            10 * SECOND,
            20 * SECOND,
            30 * SECOND,
        ]
        assert {tick.step for tick in probe.ticks} == {0.0}

    async def test_history_from_the_future_begins_an_era(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """The clock may have been set back between two processes."""
        scheduler = Scheduler(clock)
        last = START_NS + 3600 * SECOND
        scheduler.add(probe.job(every="10s", last_tick_ns=last))

        async with running(scheduler):
            await clock.advance(10)

        assert [tick.era for tick in probe.ticks] == [last, last]

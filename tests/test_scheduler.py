"""When jobs run, how many at once, and how they end."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from datetime import UTC
from typing import TYPE_CHECKING

import pytest

from heartbeat.schedule import parse
from heartbeat.scheduler import Counters, Job, Scheduler
from tests.support.clock import START_NS, FakeClock, FakeTimer, settle

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from heartbeat.schedule import Pause, Tick

SECOND = 1_000_000_000


class Probe:
    """Runs as a job: notes its ticks and takes as long as it is told."""

    def __init__(self, clock: FakeClock, *, lasts: float = 0.0) -> None:
        """Take `lasts` seconds, and that long again in a pause if `pauses`."""
        self.clock = clock
        self.lasts = lasts
        self.pauses = 0.0
        self.ticks: list[Tick] = []
        self.begun: list[float] = []
        self.ended = 0
        self.cut = 0

    async def __call__(self, tick: Tick, pause: Pause) -> None:
        """Run once."""
        self.ticks.append(tick)
        self.begun.append((self.clock.now() - START_NS) / SECOND)
        try:
            if self.pauses:
                await pause(self.pauses)
            if self.lasts:
                await self.clock.sleep_until(self.clock.monotonic() + self.lasts)
        except asyncio.CancelledError:
            self.cut += 1
            raise
        self.ended += 1

    def job(self, job_id: str = "web", every: str = "10s", **more: int) -> Job:
        """Return this as a job on a grid without a phase, unless given."""
        schedule = parse(f"@every {every}")
        phase_ns = more.pop("phase_ns", START_NS)
        return Job(job_id, "http", schedule, self, phase_ns=phase_ns, **more)


class CoarseClock(FakeClock):
    """Fires timers a little early, as loops do that count in milliseconds."""

    def call_at(self, when: float, callback: Callable[[], object]) -> FakeTimer:
        """Keep the call until shortly before `when`."""
        return super().call_at(when - 0.0003, callback)


class FollowedClock(FakeClock):
    """Calls `then` right behind every timer, before the loop gets a turn."""

    then: Callable[[], object] | None = None

    def call_at(self, when: float, callback: Callable[[], object]) -> FakeTimer:
        """Keep the call, and the one to follow it."""
        return super().call_at(when, lambda: (callback(), self.then and self.then()))


@asynccontextmanager
async def running(scheduler: Scheduler) -> AsyncGenerator[Scheduler]:
    """Run a scheduler for the length of a test."""
    task = asyncio.create_task(scheduler.run())
    try:
        await settle()
        yield scheduler
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def probe(clock: FakeClock) -> Probe:
    """Return a job body that takes no time."""
    return Probe(clock)


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
            scheduler.add(Job(f"job-{n}", "http", parse("@every 10s"), probe))

        async with running(scheduler):
            await clock.advance(10)

        assert [len(probe.begun) for probe in probes] == [1] * 20
        assert len({probe.ticks[0].scheduled_ns for probe in probes}) == 20

    async def test_new_job_of_a_long_interval_runs_soon(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """The first check comes within ten seconds, the next on the grid."""
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="1h"))

        async with running(scheduler):
            await clock.advance(3600)

        assert probe.begun == [pytest.approx(7.749, abs=0.001), 3600.0]

    async def test_grid_tick_before_the_soon_run_takes_its_place(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """A tick that comes sooner anyway is the first."""
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="1h", phase_ns=START_NS + SECOND))

        async with running(scheduler):
            await clock.advance(60)

        assert probe.begun == [1.0]

    async def test_restart_goes_on_with_the_next_tick(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """A job that ran recently is not run again for the restart."""
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="1h", last_tick_ns=START_NS - 600 * SECOND))

        async with running(scheduler):
            await clock.advance(3600)

        assert probe.begun == [pytest.approx(7.749, abs=0.001), 3600.0]

    async def test_restart_with_the_last_tick_just_run(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """The tick of the present interval has been run already."""
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="1h", last_tick_ns=START_NS))

        async with running(scheduler):
            await clock.advance(3600)

        assert probe.begun == [3600.0]

    async def test_without_spread_new_jobs_run_at_once(self, clock: FakeClock) -> None:
        """As in the reference: all together, and on from there."""
        probes = [Probe(clock), Probe(clock)]
        scheduler = Scheduler(clock, spread=False)
        for n, probe in enumerate(probes):
            scheduler.add(Job(f"job-{n}", "http", parse("@every 10s"), probe))

        async with running(scheduler):
            await clock.advance(20)

        assert [probe.begun for probe in probes] == [[0.0, 10.0, 20.0]] * 2

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

        after = [tick.scheduled_ns - START_NS for tick in probe.ticks[2:]]
        assert len(after) == 2
        assert after[1] == (3600 + 120) * SECOND
        assert probe.ticks[2].step == 3605.0
        assert probe.ticks[3].step == 0.0

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

        assert [tick.era for tick in probe.ticks] == [last]


class TestLimits:
    """How many run at once."""

    async def test_overall_limit(self, clock: FakeClock) -> None:
        """No more than the limit run at once; the rest follows in order."""
        probes = [Probe(clock, lasts=2.0) for _ in range(3)]
        scheduler = Scheduler(clock, limit=1)
        for n, probe in enumerate(probes):
            scheduler.add(probe.job(f"job-{n}", every="1h", phase_ns=0))

        await asyncio.gather(scheduler.run_once(), clock.advance(6))

        assert [probe.begun for probe in probes] == [[0.0], [2.0], [4.0]]

    async def test_type_limit(self, clock: FakeClock) -> None:
        """A type's limit holds for its jobs and no others."""
        limited = [Probe(clock, lasts=2.0) for _ in range(2)]
        free = Probe(clock, lasts=2.0)
        scheduler = Scheduler(clock, type_limits={"http": 1})
        for n, probe in enumerate(limited):
            scheduler.add(probe.job(f"job-{n}"))
        scheduler.add(Job("free", "tcp", parse("@every 10s"), free))

        await asyncio.gather(scheduler.run_once(), clock.advance(4))

        assert [p.begun for p in (*limited, free)] == [[0.0], [2.0], [0.0]]

    async def test_pause_lets_go_of_the_limits(self, clock: FakeClock) -> None:
        """While one run pauses, another takes its place."""
        pausing, other = Probe(clock, lasts=1.0), Probe(clock, lasts=3.0)
        pausing.pauses = 1.0
        scheduler = Scheduler(clock, limit=1, type_limits={"http": 1})
        scheduler.add(pausing.job("pausing"))
        scheduler.add(other.job("other"))

        await asyncio.gather(scheduler.run_once(), clock.advance(4))

        assert other.begun == [0.0]
        assert pausing.ended == 1

    async def test_pause_ends_when_there_is_room_again(self, clock: FakeClock) -> None:
        """A run that paused lines up behind those that came meanwhile."""
        pausing, other = Probe(clock, lasts=1.0), Probe(clock, lasts=3.0)
        pausing.pauses = 1.0
        scheduler = Scheduler(clock, limit=1)
        scheduler.add(pausing.job("pausing"))
        scheduler.add(other.job("other"))

        once = asyncio.create_task(scheduler.run_once())
        await clock.advance(3.5)

        assert (pausing.ended, other.ended) == (0, 1)
        await clock.advance(0.5)
        assert pausing.ended == 1
        await once

    async def test_counters(self, clock: FakeClock) -> None:
        """Active jobs include those that wait for a limit."""
        probes = [Probe(clock, lasts=2.0) for _ in range(3)]
        scheduler = Scheduler(clock, limit=2)
        for n, probe in enumerate(probes):
            scheduler.add(probe.job(f"job-{n}"))

        async with running(scheduler):
            await clock.advance(11)

            assert scheduler.counters() == Counters(3, 0, 2, 1)

    async def test_late_for_a_limit_is_late(self, clock: FakeClock) -> None:
        """Waiting for room counts as lateness, and moves nothing else."""
        probes = [Probe(clock, lasts=2.0) for _ in range(2)]
        scheduler = Scheduler(clock, limit=1)
        for n, probe in enumerate(probes):
            scheduler.add(probe.job(f"job-{n}"))

        async with running(scheduler):
            await clock.advance(23)

        assert [tick.late for tick in probes[1].ticks] == [2.0, 2.0]


class TestChanges:
    """Jobs that come, go and fail."""

    async def test_added_while_running(self, clock: FakeClock, probe: Probe) -> None:
        """A job added to a running scheduler is served like the others."""
        async with running(Scheduler(clock)) as scheduler:
            await clock.advance(1)
            scheduler.add(probe.job(every="10s"))
            await clock.advance(20)

        assert probe.begun == [10.0, 20.0]

    async def test_removed_before_its_tick(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """A removed job does not run again."""
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="10s"))

        async with running(scheduler):
            await clock.advance(10)
            scheduler.remove("web")
            await clock.advance(20)

        assert probe.begun == [10.0]

    async def test_removed_during_a_run(self, clock: FakeClock) -> None:
        """The run is cut and leaves its places."""
        probe = Probe(clock, lasts=5.0)
        scheduler = Scheduler(clock, limit=1)
        scheduler.add(probe.job(every="10s"))

        async with running(scheduler):
            await clock.advance(11)
            scheduler.remove("web")
            await settle()

            assert (probe.cut, scheduler.counters()) == (1, Counters(0, 0, 0, 0))

    async def test_removed_before_the_first_step_of_a_run(self) -> None:
        """A run cut before it has done anything leaves its places, too."""
        clock = FollowedClock()
        probe = Probe(clock)
        scheduler = Scheduler(clock, limit=1)
        scheduler.add(probe.job(every="10s"))

        async with running(scheduler):
            clock.then = lambda: scheduler.remove("web")
            await clock.advance(10)

            assert (probe.begun, scheduler.counters()) == ([], Counters(0, 0, 0, 0))

    @pytest.mark.parametrize(
        ("limit", "type_limit"), [(1, 0), (0, 1)], ids=["overall", "type"]
    )
    async def test_removed_while_waiting_for_a_limit(
        self, clock: FakeClock, limit: int, type_limit: int
    ) -> None:
        """A job in the queue leaves it."""
        first, second = Probe(clock, lasts=5.0), Probe(clock)
        scheduler = Scheduler(clock, limit=limit, type_limits={"http": type_limit})
        scheduler.add(first.job("first"))
        scheduler.add(second.job("second"))

        async with running(scheduler):
            await clock.advance(11)
            scheduler.remove("second")

            assert scheduler.counters() == Counters(1, 0, 1, 0)
            await clock.advance(5)
            assert scheduler.counters().jobs_active == 0

        assert second.begun == []

    async def test_removed_during_a_pause(self, clock: FakeClock) -> None:
        """A run cut while it waits for a limit again gives nothing back twice."""
        pausing, other = Probe(clock), Probe(clock, lasts=5.0)
        pausing.pauses = 1.0
        scheduler = Scheduler(clock, limit=1)
        scheduler.add(pausing.job("pausing"))
        scheduler.add(other.job("other"))

        async with running(scheduler):
            await clock.advance(12)
            scheduler.remove("pausing")
            await settle()

            assert scheduler.counters() == Counters(1, 0, 1, 0)

    async def test_room_given_to_a_run_that_is_cut(self, clock: FakeClock) -> None:
        """Room that comes in the same moment as the cut is passed on."""
        pausing, other = Probe(clock), Probe(clock, lasts=5.0)
        pausing.pauses = 1.0
        scheduler = Scheduler(clock, limit=1)
        scheduler.add(pausing.job("pausing"))
        scheduler.add(other.job("other"))

        async with running(scheduler):
            await clock.advance(12)
            scheduler.remove("other")
            scheduler.remove("pausing")
            await settle()

            assert scheduler.counters() == Counters(0, 0, 0, 0)

    async def test_same_id_replaces(self, clock: FakeClock) -> None:
        """The last job of an id wins."""
        first, second = Probe(clock), Probe(clock)
        scheduler = Scheduler(clock)
        scheduler.add(first.job("web"))
        scheduler.add(second.job("web"))

        async with running(scheduler):
            await clock.advance(10)

        assert (len(first.ticks), len(second.ticks)) == (0, 1)

    async def test_failing_job_stays_on_schedule(
        self, clock: FakeClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An exception ends a run and nothing else."""
        runs: list[int] = []

        async def fail(tick: Tick, _: Pause) -> None:
            runs.append(tick.scheduled_ns)
            raise ValueError("broken")

        scheduler = Scheduler(clock)
        phase_ns = START_NS
        scheduler.add(Job("web", "http", parse("@every 10s"), fail, phase_ns=phase_ns))

        async with running(scheduler):
            await clock.advance(20)

        assert len(runs) == 2
        assert caplog.messages == ["the job 'web' failed; it stays on schedule"] * 2

    async def test_many_at_once_are_started_in_portions(self, clock: FakeClock) -> None:
        """A crowd does not hold the loop, and nobody is forgotten."""
        probes = [Probe(clock) for _ in range(450)]
        scheduler = Scheduler(clock)
        for n, probe in enumerate(probes):
            scheduler.add(probe.job(f"job-{n}"))

        async with running(scheduler):
            await clock.advance(10)

        assert {len(probe.ticks) for probe in probes} == {1}


class TestRunOnce:
    """Running everything a single time."""

    async def test_every_job_runs_once_now(self, clock: FakeClock) -> None:
        """Cron jobs included, whatever their time."""
        probes = [Probe(clock), Probe(clock)]
        scheduler = Scheduler(clock)
        scheduler.add(probes[0].job("every", every="1h"))
        scheduler.add(Job("cron", "http", parse("0 0 1 1 *"), probes[1]))

        await scheduler.run_once()
        await clock.advance(7200)

        assert [probe.begun for probe in probes] == [[0.0], [0.0]]
        assert probes[0].ticks[0].scheduled_ns == START_NS

    async def test_without_jobs(self, clock: FakeClock) -> None:
        """Nothing to do is done at once."""
        await Scheduler(clock).run_once()


class TestStop:
    """How a scheduler comes to its end."""

    async def test_running_ones_finish(self, clock: FakeClock) -> None:
        """What is under way ends by itself, nothing new begins."""
        probe = Probe(clock, lasts=5.0)
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="10s"))
        run = asyncio.create_task(scheduler.run())
        await clock.advance(12)

        stop = asyncio.create_task(scheduler.stop(10))
        await clock.advance(60)
        await asyncio.gather(run, stop)

        assert (probe.begun, probe.ended, probe.cut) == ([10.0], 1, 0)

    async def test_running_ones_are_cut_in_the_end(self, clock: FakeClock) -> None:
        """What does not end in time is cancelled."""
        probe = Probe(clock, lasts=500.0)
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="10s"))
        run = asyncio.create_task(scheduler.run())
        await clock.advance(12)

        stop = asyncio.create_task(scheduler.stop(10))
        await clock.advance(9)
        assert probe.cut == 0
        await clock.advance(1)
        await asyncio.gather(run, stop)

        assert probe.cut == 1

    async def test_waiting_ones_do_not_begin(self, clock: FakeClock) -> None:
        """What waits for a limit is not under way."""
        probes = [Probe(clock, lasts=2.0) for _ in range(2)]
        scheduler = Scheduler(clock, limit=1)
        for n, probe in enumerate(probes):
            scheduler.add(probe.job(f"job-{n}"))
        run = asyncio.create_task(scheduler.run())
        await clock.advance(11)

        stop = asyncio.create_task(scheduler.stop(10))
        await clock.advance(10)
        await asyncio.gather(run, stop)

        assert [len(probe.begun) for probe in probes] == [1, 0]

    async def test_added_to_a_stopping_scheduler(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """A job that comes too late never runs."""
        slow = Probe(clock, lasts=5.0)
        scheduler = Scheduler(clock)
        scheduler.add(slow.job("slow"))
        run = asyncio.create_task(scheduler.run())
        await clock.advance(11)

        stop = asyncio.create_task(scheduler.stop(10))
        await settle()
        scheduler.add(probe.job())
        await clock.advance(20)
        await asyncio.gather(run, stop)

        assert probe.begun == []

    async def test_idle_scheduler_stops_at_once(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """Nothing is waited for where nothing runs, and no timer stays behind."""
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="10s"))
        run = asyncio.create_task(scheduler.run())
        await settle()

        await scheduler.stop(10)
        await run

        assert clock.timers == 0

    async def test_cancelled_scheduler_leaves_nothing_running(
        self, clock: FakeClock
    ) -> None:
        """Cancelling `run` cuts what runs and what pauses, and starts nothing."""
        probes = [Probe(clock, lasts=50.0) for _ in range(2)]
        scheduler = Scheduler(clock, limit=1)
        for n, probe in enumerate(probes):
            scheduler.add(probe.job(f"job-{n}"))

        async with running(scheduler):
            await clock.advance(11)

        assert [(len(p.begun), p.cut) for p in probes] == [(1, 1), (0, 0)]
        assert scheduler.counters().jobs_active == 0

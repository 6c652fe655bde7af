"""How jobs come and go, and how a scheduler ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from heartbeat.schedule import parse
from heartbeat.scheduler import Counters, Job, Running, Scheduler
from tests.support.clock import START_NS, FakeClock, settle
from tests.support.probe import FollowedClock, Probe, running

if TYPE_CHECKING:
    from heartbeat.schedule import Pause, Tick


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
        schedule = parse("@every 10s")
        scheduler.add(Job("web", "http", schedule, fail, START_NS, START_NS))

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

    async def test_those_due_within_a_rest_begin_together(
        self, clock: FakeClock
    ) -> None:
        """One that falls due right behind another waits for the next wake."""
        probes = [Probe(clock) for _ in range(3)]
        scheduler = Scheduler(clock)
        for place, after_ns in enumerate((0, 1_000_000, 3_000_000)):
            at_ns = START_NS + after_ns
            job = probes[place].job(f"job-{place}", phase_ns=at_ns, last_tick_ns=at_ns)
            scheduler.add(job)

        async with running(scheduler):
            await clock.advance(11)

        assert [probe.begun for probe in probes] == [[10.0], [10.004], [10.004]]


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


class TestUnderWay:
    """What runs at this moment."""

    async def test_runs_are_told_with_their_age(self, clock: FakeClock) -> None:
        """From the tick on; a job that rests is not among them."""
        scheduler = Scheduler(clock)
        scheduler.add(Probe(clock, lasts=5.0).job(every="10s"))

        async with running(scheduler):
            before = scheduler.running()
            await clock.advance(12)

            assert before == []
            assert scheduler.running() == [Running("web", "http", 2.0)]

    async def test_whether_jobs_are_begun(self, clock: FakeClock) -> None:
        """Not before `run`, nor after `stop`."""
        scheduler = Scheduler(clock)
        before = scheduler.is_running
        async with running(scheduler):
            meanwhile = scheduler.is_running

        assert (before, meanwhile, scheduler.is_running) == (False, True, False)

"""When jobs run for the first time."""

from __future__ import annotations

import pytest

from heartbeat.schedule import parse
from heartbeat.scheduler import Job, Scheduler
from heartbeat.scheduler.job import Entry, Tally
from heartbeat.scheduler.plan import Plan
from tests.support.clock import START_NS, FakeClock
from tests.support.probe import NEVER_RUN, SECOND, Probe, running


class TestFirstRuns:
    """When jobs run that have no history."""

    @pytest.mark.parametrize("every", ["1s", "1h"])
    async def test_a_single_job_runs_nearly_at_once(
        self, clock: FakeClock, probe: Probe, every: str
    ) -> None:
        """Whoever starts with one monitor sees something right away."""
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every=every, last_tick_ns=NEVER_RUN))

        async with running(scheduler):
            await clock.advance(0.05)

        assert len(probe.begun) == 1

    async def test_next_run_is_on_the_grid(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """However soon the first run was."""
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(every="1h", last_tick_ns=NEVER_RUN))

        async with running(scheduler):
            await clock.advance(3600)

        assert probe.begun[1:] == [3600.0]

    @pytest.mark.parametrize(
        ("jobs", "every", "window"), [(40, "1m", 2), (400, "1m", 10), (400, "4s", 4)]
    )
    async def test_several_are_spread(
        self, clock: FakeClock, jobs: int, every: str, window: float
    ) -> None:
        """Twenty in a second, but all within ten seconds and their interval."""
        probes = [Probe(clock) for _ in range(jobs)]
        scheduler = Scheduler(clock)
        for n, probe in enumerate(probes):
            scheduler.add(probe.job(f"job-{n}", every, last_tick_ns=NEVER_RUN))

        async with running(scheduler):
            await clock.advance(window)

        firsts = [probe.begun[0] for probe in probes]
        assert min(firsts) < window / 4
        assert max(firsts) > window / 2
        assert sum(first < window / 2 for first in firsts) == pytest.approx(
            jobs / 2, rel=0.4
        )

    async def test_grid_tick_before_it_takes_its_place(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """A tick that comes sooner anyway is the first."""
        scheduler = Scheduler(clock)
        phase_ns = START_NS + SECOND // 1000
        scheduler.add(probe.job(every="1h", phase_ns=phase_ns, last_tick_ns=NEVER_RUN))

        async with running(scheduler):
            await clock.advance(60)

        assert probe.begun == [0.001]

    async def test_job_added_later_does_not_wait_for_the_others(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """Many that run already do not make it wait."""
        scheduler = Scheduler(clock)
        for n in range(400):
            scheduler.add(Probe(clock).job(f"job-{n}"))

        async with running(scheduler):
            scheduler.add(probe.job(every="1h", last_tick_ns=NEVER_RUN))
            await clock.advance(0.05)

        assert len(probe.begun) == 1

    async def test_jobs_added_later_in_one_go_are_spread(
        self, clock: FakeClock
    ) -> None:
        """As many as at a start are spread as at a start."""
        probes = [Probe(clock) for _ in range(40)]

        async with running(Scheduler(clock)) as scheduler:
            for n, probe in enumerate(probes):
                job = probe.job(f"job-{n}", "1h", last_tick_ns=NEVER_RUN)
                scheduler.add(job, among=len(probes))
            await clock.advance(1)

        ran = sum(len(probe.begun) for probe in probes)
        assert 10 < ran < 30

    async def test_without_spread_they_run_at_once(self, clock: FakeClock) -> None:
        """As in the reference: all together, and on from there."""
        probes = [Probe(clock), Probe(clock)]
        scheduler = Scheduler(clock, spread=False)
        for n, probe in enumerate(probes):
            scheduler.add(Job(f"job-{n}", "http", parse("@every 10s"), probe))

        async with running(scheduler):
            await clock.advance(20)

        assert [probe.begun for probe in probes] == [[0.0, 10.0, 20.0]] * 2


class TestWithoutSpread:
    """Single jobs that begin at once."""

    async def test_runs_at_once_and_on_from_there(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """Whatever the others do."""
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(phase_ns=None, last_tick_ns=NEVER_RUN, spread=False))

        async with running(scheduler):
            await clock.advance(20)

        assert probe.begun == [0.0, 10.0, 20.0]

    async def test_successor_keeps_the_phase(
        self, clock: FakeClock, probe: Probe
    ) -> None:
        """A change of its monitor does not begin a new series."""
        last = START_NS - 3 * SECOND
        scheduler = Scheduler(clock)
        scheduler.add(probe.job(phase_ns=None, last_tick_ns=last, spread=False))

        async with running(scheduler):
            await clock.advance(20)

        assert probe.begun == [7.0, 17.0]


def test_very_many_take_longer(clock: FakeClock) -> None:
    """A thousand first runs a second are enough, however many there are to begin."""
    plan = Plan(clock, spread=True)
    entries = [entry_of(f"job-{number}", clock) for number in range(200)]
    for entry in entries:
        plan.add(entry, among=50_000)
    firsts = [(entry.due_ns - START_NS) / SECOND for entry in entries]

    assert 40 < max(firsts) <= 50
    assert sum(first < 25 for first in firsts) == pytest.approx(100, rel=0.3)


def entry_of(name: str, clock: FakeClock) -> Entry:
    """Return a job that is due once an hour and has never run."""
    job = Probe(clock).job(name, "1h", phase_ns=0, last_tick_ns=NEVER_RUN)
    return Entry(job, job.schedule.ticks(0), (), Tally(clock.monotonic()))

"""How many jobs run at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heartbeat.schedule import parse
from heartbeat.scheduler import Counters, Job, Scheduler
from tests.support.clock import FakeClock
from tests.support.probe import SECOND, Probe, running

if TYPE_CHECKING:
    from heartbeat.schedule import Pause, Tick


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

    async def test_host_limit(self, clock: FakeClock) -> None:
        """Each host has the limit for itself; jobs without a host have none."""
        probes = [Probe(clock, lasts=2.0) for _ in range(5)]
        scheduler = Scheduler(clock, host_limit=1)
        hosts = ("a", "a", "b", "", "")
        for n, (probe, host) in enumerate(zip(probes, hosts, strict=True)):
            scheduler.add(probe.job(f"job-{n}", host=host))

        await asyncio.gather(scheduler.run_once(), clock.advance(4))

        assert [p.begun for p in probes] == [[0.0], [2.0], [0.0], [0.0], [0.0]]

    async def test_waiting_for_a_host_takes_no_other_place(
        self, clock: FakeClock
    ) -> None:
        """Jobs of a slow host do not keep those of others from running."""
        probes = [Probe(clock, lasts=2.0) for _ in range(4)]
        scheduler = Scheduler(clock, limit=2, type_limits={"http": 2}, host_limit=1)
        for n, (probe, host) in enumerate(zip(probes, "aaab", strict=True)):
            scheduler.add(probe.job(f"job-{n}", host=host))

        await asyncio.gather(scheduler.run_once(), clock.advance(6))

        assert [p.begun for p in probes] == [[0.0], [2.0], [4.0], [0.0]]

    async def test_host_limit_holds_for_jobs_that_replace_others(
        self, clock: FakeClock
    ) -> None:
        """A host's limit is one as long as there is a job of it."""
        first, second = Probe(clock, lasts=50.0), Probe(clock)
        scheduler = Scheduler(clock, host_limit=1)
        scheduler.add(first.job("first", host="a"))

        async with running(scheduler):
            await clock.advance(9)
            scheduler.add(second.job("second", host="a"))
            await clock.advance(20)

        assert (first.begun, second.begun) == ([10.0], [])

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


@pytest.mark.slow
class TestFairness:
    """Nobody waits while another runs twice."""

    @given(
        st.lists(
            st.tuples(st.integers(1, 3), st.sampled_from([0.3, 1.0, 2.5])),
            min_size=2,
            max_size=8,
        ),
        st.integers(1, 3),
        st.sampled_from([0, 1, 2]),
    )
    @settings(max_examples=15, deadline=None)
    def test_first_come_first_served(
        self, jobs: list[tuple[int, float]], limit: int, type_limit: int
    ) -> None:
        """Whoever was due first begins first, however crowded it is."""
        begins = asyncio.run(self.crowd(jobs, limit, type_limit))

        for place, (job, due, begun) in enumerate(begins):
            others = [other for other, _, at in begins[:place] if due < at <= begun]
            assert max(Counter(others).values(), default=0) <= 1, (job, due, begun)

    @staticmethod
    async def crowd(
        jobs: list[tuple[int, float]], limit: int, type_limit: int
    ) -> list[tuple[str, float, float]]:
        """Run jobs of one type for a while; return who was due and began when.

        A job that ran through its next tick is due at its end, when it can run again.
        """
        clock = FakeClock(turns=8)
        scheduler = Scheduler(clock, limit=limit, type_limits={"http": type_limit})
        begins: list[tuple[str, float, float]] = []

        def job(name: str, every: int, lasts: float) -> Job:
            schedule = parse(f"@every {every}s")
            next_ns = clock.now()

            async def run(tick: Tick, pause: Pause) -> None:
                del tick, pause
                nonlocal next_ns
                begun_ns = clock.now()
                begins.append((name, next_ns / SECOND, begun_ns / SECOND))
                await clock.sleep_until(clock.monotonic() + lasts)
                tick_ns = schedule.ticks(0).next_after(begun_ns)
                next_ns = max(tick_ns, clock.now())

            return Job(name, "http", schedule, run, 0, clock.now())

        for number, (every, lasts) in enumerate(jobs):
            scheduler.add(job(f"job-{number}", every, lasts))
        async with running(scheduler):
            await clock.advance(30)
        return begins

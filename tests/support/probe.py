"""A scheduler under watch: jobs that note their runs, clocks with quirks.

Owns what tests of the scheduler have in common. Must not know what they assert.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from heartbeat.schedule import parse
from heartbeat.scheduler import Job, Scheduler
from tests.support.clock import START_NS, FakeClock, FakeTimer, settle

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from heartbeat.schedule import Pause, Tick

SECOND = 1_000_000_000
NEVER_RUN = 0
"""As the last tick of a job: it has no history."""


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

    def job(self, job_id: str = "web", every: str = "10s", **more: Any) -> Job:
        """Return this as a job with a tick at the start, which it has just run.

        Its runs are those of the grid; one with another history has a first run.
        """
        schedule = parse(f"@every {every}")
        usual: dict[str, Any] = {"phase_ns": START_NS, "last_tick_ns": START_NS}
        return Job(job_id, "http", schedule, self, **(usual | more))


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

"""A clock that stands still until a test moves it.

Owns time in tests: the wall clock, the monotonic clock and their timers. Must not know
what is tested.
"""

from __future__ import annotations

import asyncio
import heapq
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

START_NS = 1_790_000_000_000_000_000
"""2026-09-21T14:13:20Z, where a fake clock starts unless told otherwise."""

TURNS = 30
"""Loop turns after each timer: more than any chain of callbacks in heartbeat needs."""


def _nothing() -> None:
    """Be what a timer that was called off calls."""


class FakeTimer:
    """A call waiting for the clock to be moved to its moment."""

    __slots__ = ("callback", "cancelled", "when_ns")

    def __init__(self, when_ns: int, callback: Callable[[], object]) -> None:
        """Keep the moment, in monotonic nanoseconds, and what to call then."""
        self.when_ns = when_ns
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """Call it off, and let go of what was to be called, as the loop's timers do."""
        self.cancelled = True
        self.callback = _nothing


class FakeClock:
    """A `heartbeat.clock.Clock` moved by hand with `advance`.

    Both clocks are kept in whole nanoseconds, so no advance ever falls short of a timer
    by a rounding error.
    """

    def __init__(
        self, now_ns: int = START_NS, monotonic: float = 1000.0, turns: int = TURNS
    ) -> None:
        """Start at the given wall clock and monotonic moment.

        `turns` of the loop follow each timer: few make a long time pass quickly.
        """
        self._turns = turns
        self._now_ns = now_ns
        self._monotonic_ns = round(monotonic * 1e9)
        self._timers: list[tuple[int, int, FakeTimer]] = []
        self._order = count()

    def now(self) -> int:
        """Return the wall clock in nanoseconds since the epoch."""
        return self._now_ns

    def monotonic(self) -> float:
        """Return the monotonic clock in seconds."""
        return self._monotonic_ns / 1e9

    def call_at(self, when: float, callback: Callable[[], object]) -> FakeTimer:
        """Keep the call until the clock gets to `when`."""
        timer = FakeTimer(round(when * 1e9), callback)
        heapq.heappush(self._timers, (timer.when_ns, next(self._order), timer))
        return timer

    def call_about(self, when: float, callback: Callable[[], object]) -> FakeTimer:
        """Keep the call until exactly `when`: tests want to know when it comes."""
        return self.call_at(when, callback)

    async def sleep_until(self, when: float) -> None:
        """Return once a test has moved the clock to `when`."""
        if when <= self.monotonic():
            await settle(1)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.call_at(when, partial(_wake, woken))
        try:
            await woken
        finally:
            timer.cancel()

    @property
    def timers(self) -> int:
        """Return how many timers wait."""
        return sum(not timer.cancelled for _, _, timer in self._timers)

    async def advance(self, seconds: float = 0.0) -> None:
        """Move both clocks, running due timers in order, each at its own moment.

        The loop gets turns before, between and after them, so a timer armed on the way
        runs too if it falls due.
        """
        end_ns = self._monotonic_ns + round(seconds * 1e9)
        await settle(self._turns)
        while (timer := self._take_due(end_ns)) is not None:
            self._move_to(max(timer.when_ns, self._monotonic_ns))
            timer.callback()
            await settle(self._turns)
        self._move_to(end_ns)
        await settle(self._turns)

    def jump(self, seconds: float) -> None:
        """Run on without any timer being served, as if the loop had been blocked."""
        self._move_to(self._monotonic_ns + round(seconds * 1e9))

    def set_wall(self, seconds: float) -> None:
        """Step the wall clock alone, as a time service or an operator would."""
        self._now_ns += round(seconds * 1e9)

    def _move_to(self, monotonic_ns: int) -> None:
        self._now_ns += monotonic_ns - self._monotonic_ns
        self._monotonic_ns = monotonic_ns

    def _take_due(self, end_ns: int) -> FakeTimer | None:
        while self._timers and self._timers[0][0] <= end_ns:
            _, _, timer = heapq.heappop(self._timers)
            if not timer.cancelled:
                return timer
        return None


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)


async def settle(turns: int = TURNS) -> None:
    """Let everything that is ready to run on the loop run."""
    for _ in range(turns):
        await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop, not a time

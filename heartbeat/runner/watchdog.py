"""A bound for checks that do not keep to their deadline.

Owns the cut. Must not know what is bounded: a check answers for its own deadline, this
only keeps a faulty one from holding its place on the schedule for ever.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from heartbeat.errors import CheckFailed

if TYPE_CHECKING:
    from types import TracebackType

    from heartbeat.clock import Clock, Timer

SWEEP_SECONDS = 5.0
"""Between two looks at what is running; so much later than its bound a cut may come."""


class Watchdog:
    """Cuts what runs too long, with one timer for everything that runs.

    Not `asyncio.timeout`: a timer for each check would cost more than the rest of the
    bookkeeping, for something that should never happen.
    """

    __slots__ = ("_clock", "_guards", "_loop", "_timer")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._guards: set[_Guard] = set()
        self._timer: Timer | None = None

    def guard(self, seconds: float) -> _Guard:
        """Return a context that is left with `CheckFailed` when the time is over."""
        return _Guard(self, seconds)

    def enter(self, guard: _Guard) -> float:
        """Begin to look after a guard; return the present, monotonic."""
        self._guards.add(guard)
        now = self._clock.monotonic()
        if self._timer is None:
            self._timer = self._clock.call_at(now + SWEEP_SECONDS, self._sweep)
        return now

    def task(self) -> asyncio.Task[object] | None:
        """Return the task that runs; asking for the loop each time is what costs."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return asyncio.current_task(self._loop)

    def leave(self, guard: _Guard) -> None:
        """No longer look after a guard."""
        self._guards.discard(guard)

    def _sweep(self) -> None:
        self._timer = None
        now = self._clock.monotonic()
        for guard in self._guards:
            guard.cut_if_over(now)
        if self._guards:
            self._timer = self._clock.call_at(now + SWEEP_SECONDS, self._sweep)


class _Guard:
    """One bound: cancels its task, and tells that apart from anyone else's cancel."""

    __slots__ = ("_cancelling", "_dog", "_has_cut", "_seconds", "_task", "_until")

    def __init__(self, dog: Watchdog, seconds: float) -> None:
        self._dog = dog
        self._seconds = seconds
        self._has_cut = False
        self._until = 0.0
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0

    def cut_if_over(self, now: float) -> None:
        """Cancel the task if its time is over, once."""
        if now >= self._until and not self._has_cut and self._task is not None:
            self._has_cut = True
            self._cancelling = self._task.cancelling()
            self._task.cancel()

    def __enter__(self) -> Self:
        self._task = self._dog.task()
        self._until = self._dog.enter(self) + self._seconds
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._dog.leave(self)
        task, self._task = self._task, None
        if not self._has_cut or task is None:
            return
        is_ours_alone = task.uncancel() <= self._cancelling
        if is_ours_alone and kind is asyncio.CancelledError:
            raise CheckFailed.io(
                f"the check did not end within {self._seconds:g} seconds"
            ) from error

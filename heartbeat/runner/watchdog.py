"""A bound for checks that do not keep to their deadline.

Owns the cut. Must not know what is bounded: a check answers for its own deadline, this
only keeps a faulty one from holding its place on the schedule for ever.
"""

from __future__ import annotations

import asyncio
from math import ceil
from typing import TYPE_CHECKING, Self

from heartbeat.errors import CheckFailed

if TYPE_CHECKING:
    from types import TracebackType

    from heartbeat.clock import Clock, Timer

SWEEP_SECONDS = 5.0
"""Between two looks at what is running; a cut may come twice as much later than it is
due, for what has begun since when is counted in looks."""


class Watchdog:
    """Cuts what runs too long, with one timer for everything that runs.

    `sweeps` is how often it has looked; `loop` is kept, for to ask which one runs is
    what costs.

    Not `asyncio.timeout`: a timer for each check would cost more than the rest of the
    bookkeeping, for something that should never happen.
    """

    __slots__ = ("_clock", "_guards", "_timer", "loop", "sweeps")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guards: set[_Guard] = set()
        self._timer: Timer | None = None
        self.sweeps = 0
        self.loop: asyncio.AbstractEventLoop | None = None

    def guard(self, seconds: float) -> _Guard:
        """Return a context that is left with `CheckFailed` when the time is over."""
        return _Guard(self, seconds)

    def enter(self, guard: _Guard) -> None:
        """Begin to look after a guard."""
        self._guards.add(guard)
        if self._timer is None:
            self.loop = asyncio.get_running_loop()
            self._arm()

    def leave(self, guard: _Guard) -> None:
        """No longer look after a guard."""
        self._guards.discard(guard)

    def _sweep(self) -> None:
        self._timer = None
        self.sweeps += 1
        for guard in self._guards:
            guard.cut_if_over(self.sweeps)
        if self._guards:
            self._arm()

    def _arm(self) -> None:
        when = self._clock.monotonic() + SWEEP_SECONDS
        self._timer = self._clock.call_at(when, self._sweep)


class _Guard:
    """One bound: cancels its task, and tells that apart from anyone else's cancel."""

    __slots__ = ("_cancelling", "_dog", "_has_cut", "_seconds", "_task", "_until")

    def __init__(self, dog: Watchdog, seconds: float) -> None:
        self._dog = dog
        self._seconds = seconds
        self._has_cut = False
        self._until = 0
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0

    def cut_if_over(self, sweeps: int) -> None:
        """Cancel the task if its time is over, once."""
        if sweeps >= self._until and not self._has_cut and self._task is not None:
            self._has_cut = True
            self._cancelling = self._task.cancelling()
            self._task.cancel()

    def __enter__(self) -> Self:
        dog = self._dog
        dog.enter(self)
        self._task = asyncio.current_task(dog.loop)
        self._until = dog.sweeps + ceil(self._seconds / SWEEP_SECONDS) + 1
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

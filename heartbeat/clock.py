"""What time it is, and when to wake up.

The only module that reads a clock or arms a timer. Durations and deadlines are
monotonic seconds; the wall clock (nanoseconds since the epoch) only stamps events and
drives cron. Everything that needs time takes a `Clock`, so that tests can move it.
Must not know what is waited for.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Timer(Protocol):
    """A call that is due later and can be called off."""

    def cancel(self) -> None:
        """Call it off; harmless when it already ran."""


class Clock(Protocol):
    """The source of time for everything in heartbeat."""

    def now(self) -> int:
        """Return the wall clock: nanoseconds since the Unix epoch, UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds on a clock that never jumps; only differences count."""
        ...

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Call `callback` on the running loop at the monotonic moment `when`."""
        ...

    async def sleep_until(self, when: float) -> None:
        """Return at the monotonic moment `when`, at once if it has passed."""
        ...


class SystemClock:
    """The clock of the machine and the timers of the running event loop."""

    __slots__ = ()

    def now(self) -> int:
        """Return nanoseconds since the Unix epoch."""
        return time.time_ns()

    def monotonic(self) -> float:
        """Return seconds of the system's monotonic clock."""
        return time.monotonic()

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Arm a timer of the running loop.

        The delay is computed here: uvloop keeps a cached millisecond clock of its own,
        so handing it an absolute moment of ours would make it spin or oversleep.
        """
        delay = when - time.monotonic()
        return asyncio.get_running_loop().call_later(max(delay, 0.0), callback)

    async def sleep_until(self, when: float) -> None:
        """Sleep until `when`."""
        await asyncio.sleep(max(when - time.monotonic(), 0.0))


class Deadline:
    """The moment by which a check must be over.

    A check waits for the network through `wait`; when the moment comes, that wait ends
    with `TimeoutError`, and so does every later one. One timer serves the whole check.
    It starts to count with `start`, which the check calls once it knows whom to talk
    to: the name lookup before has a limit of its own, because a slow name server says
    nothing about the target.
    """

    __slots__ = ("_clock", "_expires_at", "_timer", "_waiter", "expired", "seconds")

    def __init__(self, clock: Clock, seconds: float) -> None:
        """Allow `seconds` from the moment `start` is called."""
        self._clock = clock
        self._timer: Timer | None = None
        self._waiter: asyncio.Future[Any] | None = None
        self._expires_at: float | None = None
        self.seconds = seconds
        self.expired = False

    def start(self) -> None:
        """Begin to count; a second call changes nothing."""
        if self._expires_at is None:
            self._expires_at = self._clock.monotonic() + self.seconds
            self._timer = self._clock.call_at(self._expires_at, self._expire)

    def remaining(self) -> float:
        """Return the seconds left, never below zero; all of them before `start`."""
        if self._expires_at is None:
            return self.seconds
        return max(self._expires_at - self._clock.monotonic(), 0.0)

    async def wait(self, future: asyncio.Future[T]) -> T:
        """Return the future's result, or raise `TimeoutError` at the deadline.

        A plain future, not a task. It is ended with that error, so whoever would
        complete it must check `done()` first. Only one wait at a time.
        """
        if self.expired and not future.done():
            future.cancel()
            raise TimeoutError
        self._waiter = future
        try:
            return await future
        finally:
            self._waiter = None
            # An error's traceback holds this frame, and the future holds the error.
            del future

    def cancel(self) -> None:
        """Call the deadline off: the check is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self.expired = True
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_exception(TimeoutError())

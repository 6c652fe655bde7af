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

SLACK = 0.05
"""Seconds that a call may be late that is made by the sweep."""

ROUNDING = 1e-6
"""What a moment may be off by after it was multiplied and divided."""

SHORT = 1.0
"""What is due in fewer seconds is called exactly."""

LONGEST_LOSS = 30.0
"""Seconds: no loop leaves an answer unattended for longer."""


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

    def call_about(self, when: float, callback: Callable[[], object]) -> Timer:
        """Call `callback` at `when`, or up to `SLACK` seconds later if that is long.

        For what is nearly always called off, such as deadlines.
        """
        ...

    async def sleep_until(self, when: float) -> None:
        """Return at the monotonic moment `when`, at once if it has passed."""
        ...


class SystemClock:
    """The clock of the machine and the timers of the running event loop."""

    __slots__ = ("_sweep",)

    def __init__(self) -> None:
        """Arm nothing yet."""
        self._sweep = Sweep(self)

    # The functions themselves, without a frame around each of ten calls a check.
    now = staticmethod(time.time_ns)
    monotonic = staticmethod(time.monotonic)

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Arm a timer of the running loop.

        The delay is computed here: uvloop keeps a cached millisecond clock of its own,
        so handing it an absolute moment of ours would make it spin or oversleep.
        """
        delay = when - time.monotonic()
        return asyncio.get_running_loop().call_later(max(delay, 0.0), callback)

    def call_about(self, when: float, callback: Callable[[], object]) -> Timer:
        """Leave it to the sweep, which has one timer for all, unless it is soon."""
        if when - time.monotonic() < SHORT:
            return self.call_at(when, callback)
        return self._sweep.add(when, callback)

    async def sleep_until(self, when: float) -> None:
        """Sleep until `when`."""
        await asyncio.sleep(max(when - time.monotonic(), 0.0))


class Sweep:
    """Calls that may come a little late, by one timer of the loop for all of them.

    A timer of the loop for each check costs more than the rest of its bookkeeping, and
    nearly every one of them is called off. Calls lie in buckets of `SLACK` seconds. The
    timer is for the first bucket that has calls; when it comes that one is mostly empty
    by now, and the timer moves on.
    """

    __slots__ = ("_armed_for", "_buckets", "_clock", "_timer")

    def __init__(self, clock: Clock) -> None:
        """Use the timers of this clock."""
        self._clock = clock
        self._buckets: dict[int, set[_Call]] = {}
        self._timer: Timer | None = None
        self._armed_for = 0

    def add(self, when: float, callback: Callable[[], object]) -> Timer:
        """Call `callback` once its bucket is over."""
        place = int(when / SLACK)
        bucket = self._buckets.get(place)
        if bucket is None:
            bucket = self._buckets[place] = set()
        call = _Call(callback, bucket)
        bucket.add(call)
        if self._timer is None or place < self._armed_for:
            self._arm(place)
        return call

    def _arm(self, place: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._armed_for = place
        self._timer = self._clock.call_at((place + 1) * SLACK, self._look)

    def _look(self) -> None:
        """Make the calls of buckets that are over, and forget those without calls."""
        self._timer = None
        present = (self._clock.monotonic() + ROUNDING) / SLACK
        for place in sorted(self._buckets):
            bucket = self._buckets[place]
            if place + 1 <= present:
                while bucket:
                    bucket.pop().callback()
            if not bucket:
                del self._buckets[place]
        if self._buckets and self._timer is None:
            self._arm(min(self._buckets))


class _Call:
    """A call in a bucket."""

    __slots__ = ("_bucket", "callback")

    def __init__(self, callback: Callable[[], object], bucket: set[_Call]) -> None:
        self.callback = callback
        self._bucket = bucket

    def cancel(self) -> None:
        """Call it off; harmless when it already ran."""
        self._bucket.discard(self)


class Deadline:
    """The moment by which a check must be over.

    A check waits for the network through `wait`; when the moment comes, that wait ends
    with `TimeoutError`, and so does every later one. One timer serves the whole check.
    It starts to count with `start`, which the check calls once it knows whom to talk
    to: the name lookup before has a limit of its own, because a slow name server says
    nothing about the target.

    `lost` are the seconds in which an answer was there and the loop was busy with other
    checks. Who measures how long something takes does so with `now`, which leaves them
    out: they say nothing about the target either.
    """

    __slots__ = (
        "_clock",
        "_expires_at",
        "_timer",
        "_waiter",
        "expired",
        "lost",
        "seconds",
    )

    def __init__(self, clock: Clock, seconds: float) -> None:
        """Allow `seconds` from the moment `start` is called."""
        self._clock = clock
        self._timer: Timer | None = None
        self._waiter: asyncio.Future[Any] | None = None
        self._expires_at: float | None = None
        self.seconds = seconds
        self.expired = False
        self.lost = 0.0

    def now(self) -> float:
        """Return monotonic seconds without what was lost; only differences count."""
        return self._clock.monotonic() - self.lost

    def arrived(self, stamp_ns: int, asked: float) -> None:
        """Take note that what was waited for since `asked` came at that wall clock.

        A stamp from too long ago, or from the future, says that a clock was set, and
        nothing about us; 0 stands for none.
        """
        late = (self._clock.now() - stamp_ns) / 1e9
        if 0.0 < late < LONGEST_LOSS:
            self.lose(min(late, self.now() - asked))

    def lose(self, seconds: float) -> None:
        """Leave some seconds out of what is measured."""
        self.lost += seconds

    def start(self) -> None:
        """Begin to count; a second call changes nothing."""
        if self._expires_at is None:
            self._expires_at = self._clock.monotonic() + self.seconds
            self._timer = self._clock.call_about(self._expires_at, self._expire)

    def remaining(self) -> float:
        """Return the seconds left, never below zero; all of them before `start`."""
        if self._expires_at is None:
            return self.seconds
        return max(self._expires_at - self._clock.monotonic(), 0.0)

    def wait(self, future: asyncio.Future[T]) -> asyncio.Future[T]:
        """Return the future, which ends with `TimeoutError` at the deadline.

        A plain future, not a task; to be awaited at once. Whoever would complete it
        must check `done()` first. Only one wait at a time. Raises `TimeoutError` if
        the moment has passed.
        """
        if self.expired and not future.done():
            future.cancel()
            raise TimeoutError
        self._waiter = future
        return future

    def cancel(self) -> None:
        """Call the deadline off: the check is over."""
        self._waiter = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self.expired = True
        # Its error will lead back here by the traceback: this must not lead to it.
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(TimeoutError())

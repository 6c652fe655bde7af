"""Moments on which a monitor is due, and the even grid of an interval.

Owns the values that travel with a run, the protocols and the grid arithmetic. Must
not know any notation.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol, TypeAlias

from heartbeat.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

NEVER = 2**63 - 1
"""The answer of a schedule that has no moment left; lies in the year 2262."""

STEP_NS = 50_000_000
"""Phases are multiples of this. A check that finds the process awake costs half of one
that has to wake it; more than 20 times a second there is no need to."""


class Schedule(Protocol):
    """What an operator wrote about when a monitor is due."""

    @property
    def interval(self) -> float | None:
        """The seconds between two moments, None where they are not evenly spaced."""
        ...

    def next_after(self, timestamp_ns: int) -> int:
        """Return the first moment strictly after the given one, or `NEVER`.

        Both are nanoseconds since the epoch.
        """
        ...

    def ticks(self, phase_ns: int) -> Ticks:
        """Return the ticks; an interval has them `phase_ns` after its multiples."""
        ...


class Ticks(Protocol):
    """The moments themselves, once an interval has got its place on the time line."""

    def next_after(self, timestamp_ns: int) -> int:
        """Return the first tick strictly after the given moment, or `NEVER`."""
        ...

    def collapse(self, due_ns: int, now_ns: int) -> tuple[int, int]:
        """Return the last tick up to now, and how many from `due_ns` on precede it.

        `due_ns` is a tick itself and not in the future.
        """
        ...


@frozen
class Tick:
    """One run of a job.

    `scheduled_ns` is the tick it stands for, `late` the seconds it began after that.
    `era` is 0 until the wall clock is set back; then it tells the ticks that come a
    second time from those of the first. `step` is by how many seconds the wall clock
    was set since the run before, 0.0 nearly always.
    """

    scheduled_ns: int
    late: float = 0.0
    era: int = 0
    step: float = 0.0


Pause: TypeAlias = "Callable[[float], Awaitable[None]]"
"""Waits for some seconds within a run; what the limits count is let go meanwhile."""


@dataclass(frozen=True, slots=True)
class Every:
    """A fixed interval, counted from whatever moment is asked about."""

    interval_ns: int

    @property
    def interval(self) -> float:
        """Return the interval in seconds."""
        return self.interval_ns / 1e9

    def next_after(self, timestamp_ns: int) -> int:
        """Return the moment one interval later."""
        return timestamp_ns + self.interval_ns

    def ticks(self, phase_ns: int) -> Grid:
        """Return the grid of this interval with the given phase."""
        return Grid(phase_ns % self.interval_ns, self.interval_ns)


@dataclass(frozen=True, slots=True)
class Grid:
    """Tick n = phase + n x interval, for every whole n.

    Anchored at the epoch and not at the start of the process, so ticks survive restarts
    and two nodes agree on them without talking.
    """

    phase_ns: int
    interval_ns: int

    def next_after(self, timestamp_ns: int) -> int:
        """Return the first tick strictly after the given moment."""
        passed = (timestamp_ns - self.phase_ns) // self.interval_ns
        return self.phase_ns + (passed + 1) * self.interval_ns

    def collapse(self, due_ns: int, now_ns: int) -> tuple[int, int]:
        """Return the last tick up to now, and how many from `due_ns` on precede it."""
        skipped = max(now_ns - due_ns, 0) // self.interval_ns
        return due_ns + skipped * self.interval_ns, skipped


@dataclass(frozen=True, slots=True)
class Shifted:
    """A schedule of times of day, each moment later by a fixed span.

    What many monitors do at midnight is thereby spread over some minutes, and each one
    does it at the same time every day.
    """

    schedule: Schedule
    offset_ns: int

    @property
    def interval(self) -> float | None:
        """Return that of the schedule."""
        return self.schedule.interval

    def next_after(self, timestamp_ns: int) -> int:
        """Return the first moment strictly after the given one, or `NEVER`."""
        moment_ns = self.schedule.next_after(timestamp_ns - self.offset_ns)
        return min(moment_ns + self.offset_ns, NEVER)

    def ticks(self, phase_ns: int) -> Ticks:
        """Return itself: the shift is in place of a phase."""
        del phase_ns
        return self

    def collapse(self, due_ns: int, now_ns: int) -> tuple[int, int]:
        """Return the last tick up to now, and how many from `due_ns` on precede it."""
        ticks, offset_ns = self.schedule.ticks(0), self.offset_ns
        last_ns, skipped = ticks.collapse(due_ns - offset_ns, now_ns - offset_ns)
        return last_ns + offset_ns, skipped


def phase(job_id: str, interval_ns: int) -> int:
    """Return where in the interval a job has its ticks: a stable hash of its id.

    A multiple of `STEP_NS` unless the interval is no longer, so that ticks of many jobs
    fall together.
    """
    digest = blake2b(job_id.encode("utf-8", "surrogateescape"), digest_size=8).digest()
    place_ns = int.from_bytes(digest, "big") % interval_ns
    return place_ns if interval_ns <= STEP_NS else place_ns // STEP_NS * STEP_NS

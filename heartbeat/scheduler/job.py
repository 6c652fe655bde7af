"""What the scheduler runs, and what it knows about every run.

Owns the values between the scheduler and its jobs. Must not know how they are run.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from heartbeat.scheduler.delays import Delays

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from heartbeat.schedule import Pause, Schedule, Tick, Ticks
    from heartbeat.scheduler.gate import Gate

IDLE = -1
"""As `due_ns` of an entry: it waits for no tick, because it runs or is removed."""


Run: TypeAlias = "Callable[[Tick, Pause], Awaitable[None]]"


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be run on schedule.

    `type` and `host` select limits it counts for, an empty host none. `phase_ns` places
    its ticks, None leaves that to a hash of the id; without `spread` they begin at
    once. `last_tick_ns` is the last tick an earlier process ran.
    """

    id: str
    type: str
    schedule: Schedule
    run: Run
    phase_ns: int | None = None
    last_tick_ns: int | None = None
    host: str = ""
    spread: bool = True


@dataclass(frozen=True, slots=True)
class Running:
    """A run under way, and for how many seconds its tick is past."""

    id: str
    type: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Counters:
    """What the scheduler has to say about itself, under its names in `/stats`.

    Jobs are active from their tick to their end, limits waited for included. Missed are
    runs that began more than a second late, and ticks that had no run of their own.
    """

    jobs_active: int
    missed_deadline: int
    tasks_active: int
    tasks_waiting: int


class Tally:
    """What is counted for each type of job, with every run."""

    __slots__ = ("due", "lateness", "missed")

    def __init__(self, now: float) -> None:
        """Begin with nothing at a monotonic moment."""
        self.due = 0
        self.missed = 0
        self.lateness = Delays(now)


class Entry:
    """A job in the scheduler, and where it stands.

    `due_ns` is the tick it waits for, `tick_ns` the one that fell due last, `last_ns`
    when the last run began. `held` counts the limits it has passed, in their order;
    `admitted` is called when it has passed all, from when on it `is_admitted`. `tally`
    is that of its type.
    """

    __slots__ = (
        "admitted",
        "due_ns",
        "era",
        "gates",
        "held",
        "interval_ns",
        "is_admitted",
        "is_pausing",
        "is_removed",
        "job",
        "last_ns",
        "step_ns",
        "tally",
        "task",
        "tick_ns",
        "ticks",
    )

    def __init__(
        self, job: Job, ticks: Ticks, gates: tuple[Gate[Entry], ...], tally: Tally
    ) -> None:
        self.job = job
        self.tally = tally
        self.ticks = ticks
        self.gates = gates
        self.admitted: Callable[[Entry], object]
        self.interval_ns = _nanoseconds(job.schedule.interval or 0.0)
        self.last_ns = job.last_tick_ns or 0
        self.due_ns = IDLE
        self.tick_ns = 0
        self.era = 0
        self.step_ns = 0
        self.held = 0
        self.is_admitted = False
        self.is_pausing = False
        self.is_removed = False
        self.task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        """Return whether a run is under way, past all limits."""
        return self.task is not None and self.is_admitted

    @property
    def is_waiting(self) -> bool:
        """Return whether the run of an active job waits for a limit."""
        return not self.is_admitted and not self.is_pausing

    @property
    def is_held_up(self) -> bool:
        """Return whether the run of an active job has not begun, because it waits."""
        return self.task is None


@lru_cache(maxsize=1024)
def _nanoseconds(seconds: float) -> int:
    """Return an interval as one number, the same for all jobs that have it."""
    return round(seconds * 1e9)

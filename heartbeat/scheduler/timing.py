"""How well the schedule is kept, read off the jobs and what was counted for them.

Owns those figures. Must not change anything: it only looks.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from heartbeat.scheduler.delays import quantiles_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from heartbeat.scheduler.delays import Delays, Quantiles
    from heartbeat.scheduler.job import Entry, Tally
    from heartbeat.scheduler.plan import Plan

STUCK_SECONDS = 60.0
"""A schedule that begins nothing for so long, although something is due, is stuck."""


@dataclass(frozen=True, slots=True)
class Flow:
    """How the runs of some jobs get on.

    `due` counts the runs that fell due since the start, `missed` as in `Counters`.
    `running` are those under way, `waiting` those that wait for a limit.
    """

    due: int
    missed: int
    running: int
    waiting: int
    lateness: Quantiles


@dataclass(frozen=True, slots=True)
class Timing:
    """How well the schedule is kept.

    `loop_lag` is how late the loop served the scheduler's timer. `overdue` is for how
    many seconds the oldest run that has not begun is due, `idle` how long ago a run
    began, both 0.0 where nothing is due.
    """

    total: Flow
    types: Mapping[str, Flow]
    loop_lag: Quantiles
    overdue: float
    idle: float

    @property
    def is_stuck(self) -> bool:
        """Return whether something is due for long and nothing at all begins.

        Runs that wait for a limit while others pass it are late, but not stuck.
        """
        return min(self.overdue, self.idle) > STUCK_SECONDS


def timing_of(
    tallies: Mapping[str, Tally], entries: Collection[Entry], lag: Delays, plan: Plan
) -> Timing:
    """Return the figures of all jobs and of those of each type.

    `entries` are those that are active.
    """
    running = Counter(entry.job.type for entry in entries if entry.is_running)
    waiting = Counter(entry.job.type for entry in entries if entry.is_waiting)
    overdue, idle = plan.arrears(entries)
    return Timing(
        total=Flow(
            due=sum(tally.due for tally in tallies.values()),
            missed=plan.missed,
            running=running.total(),
            waiting=waiting.total(),
            lateness=quantiles_of([tally.lateness for tally in tallies.values()]),
        ),
        types={
            name: Flow(
                due=tally.due,
                missed=tally.missed,
                running=running[name],
                waiting=waiting[name],
                lateness=quantiles_of([tally.lateness]),
            )
            for name, tally in tallies.items()
        },
        loop_lag=quantiles_of([lag]),
        overdue=overdue,
        idle=idle,
    )

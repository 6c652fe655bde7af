"""When every job runs: one heap, one timer, one task for each run under way.

Owns the plan, the limits and the tasks. Must not know what a job does.
"""

from __future__ import annotations

from heartbeat.scheduler.delays import Quantiles
from heartbeat.scheduler.job import Counters, Job, Run, Running
from heartbeat.scheduler.scheduler import Scheduler
from heartbeat.scheduler.timing import Flow, Timing

__all__ = [
    "Counters",
    "Flow",
    "Job",
    "Quantiles",
    "Run",
    "Running",
    "Scheduler",
    "Timing",
]

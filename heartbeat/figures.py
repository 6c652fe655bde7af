"""What this process counts and measures of itself, under the names of `/stats`.

Owns the names of the figures, which are the reference's where it has them, and what
counts as being unwell. Must not
know how they are counted, nor who reads them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heartbeat import COMPATIBLE_VERSION, process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from heartbeat.clock import Clock
    from heartbeat.delivery import Worker
    from heartbeat.reload import Reloader, Roster
    from heartbeat.scheduler import Flow, Quantiles, Scheduler
    from heartbeat.store import Store


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a process that have figures.

    `agent` holds the members of `agent` in documents, `began` is the monotonic moment
    at which the process began, `cluster_uuid` that of `monitoring`, `worker` the name
    of this process among several.
    """

    clock: Clock
    began: float
    agent: Mapping[str, str]
    scheduler: Scheduler
    store: Store
    workers: Sequence[Worker]
    roster: Roster
    reloader: Reloader
    cluster_uuid: str = ""
    worker: str = ""


def stats(parts: Parts) -> dict[str, Any]:
    """Return what `/stats` and the log of metrics tell."""
    info: dict[str, Any] = {
        "ephemeral_id": parts.agent["ephemeral_id"],
        "name": "heartbeat",
        "version": COMPATIBLE_VERSION,
    }
    usage = process.usage(parts.clock.monotonic() - parts.began)
    info["uptime"] = usage.pop("uptime")
    return {
        "beat": {**usage, "runtime": {"goroutines": _tasks()}, "info": info},
        "heartbeat": {
            "scheduler": _schedule(parts),
            "outputs": {worker.name: _delivery(worker) for worker in parts.workers},
            **_types(parts.roster),
        },
        "libbeat": {
            "config": _config(parts),
            "output": _output(parts.workers),
            "pipeline": _pipeline(parts),
        },
        "system": process.system(),
    }


def _tasks() -> int:
    """Return how many tasks there are; none where no loop runs."""
    try:
        return len(asyncio.all_tasks())
    except RuntimeError:
        return 0


def _schedule(parts: Parts) -> dict[str, Any]:
    """Return the reference's figures, and how well the schedule is kept."""
    counters, timing = parts.scheduler.counters(), parts.scheduler.timing()
    return {
        "jobs": {
            "active": counters.jobs_active,
            "missed_deadline": counters.missed_deadline,
            "in_maintenance": parts.roster.skipped,
        },
        "tasks": {
            "active": counters.tasks_active,
            "waiting": counters.tasks_waiting,
        },
        "loop_lag": _quantiles(timing.loop_lag),
        **_flow(timing.total),
        "types": {name: _flow(flow) for name, flow in timing.types.items()},
    }


def _flow(flow: Flow) -> dict[str, Any]:
    return {
        "due": flow.due,
        "missed": flow.missed,
        "running": flow.running,
        "waiting": flow.waiting,
        "lateness": _quantiles(flow.lateness),
    }


def _quantiles(delays: Quantiles) -> dict[str, Any]:
    return {
        "p50": {"us": delays.p50_us},
        "p99": {"us": delays.p99_us},
        "max": {"us": delays.max_us},
    }


def _config(parts: Parts) -> dict[str, Any]:
    """Return the reference's figures, and how much could not be used."""
    counters, roster = parts.reloader.counters, parts.roster
    return {
        "scans": counters.scans,
        "reloads": counters.reloads,
        "errors": counters.errors,
        "invalid_files": list(counters.invalid),
        "module": {
            "starts": roster.starts,
            "stops": roster.stops,
            "running": roster.monitors.total(),
        },
    }


def _types(roster: Roster) -> dict[str, Any]:
    """Return the reference's figures of each type of monitor."""
    return {
        kind: {
            "monitor_starts": count,
            "monitor_stops": count - roster.monitors[kind],
            "endpoint_starts": roster.endpoint_starts[kind],
            "endpoint_stops": roster.endpoint_starts[kind] - roster.endpoints[kind],
        }
        for kind, count in roster.monitor_starts.items()
    }


def _pipeline(parts: Parts) -> dict[str, Any]:
    """Return the reference's figures of what is between checks and outputs: our store.

    An event waits as long as any output lacks it, so the furthest behind counts.
    """
    taken, workers = parts.store.appended, parts.workers
    waiting = max((worker.pending for worker in workers), default=0)
    counters = [worker.counters for worker in workers]
    return {
        "clients": parts.roster.monitors.total(),
        "events": {
            "total": taken,
            "published": taken,
            "active": waiting,
            "filtered": parts.roster.filtered,
            "failed": 0,
            "dropped": sum(one.dropped for one in counters),
            "retry": sum(one.retry for one in counters),
        },
        "queue": {
            "acked": sum(one.acked for one in counters),
            "added": {"events": taken},
            "filled": {"events": waiting},
        },
    }


def _delivery(worker: Worker) -> dict[str, Any]:
    """Return the figures of one output; several may be on, unlike in the reference."""
    counters = worker.counters
    return {
        "events": {
            "total": counters.total,
            "acked": counters.acked,
            "failed": counters.failed,
            "dropped": counters.dropped,
            "duplicates": counters.duplicates,
            "dead_letter": counters.dead_letter,
            "batches": counters.batches,
            "pending": worker.pending,
        },
        "available": worker.is_working,
    }


def _output(workers: Sequence[Worker]) -> dict[str, Any]:
    """Return the reference's figures: those of all outputs added up."""
    events: Counter[str] = Counter()
    for worker in workers:
        events.update(_delivery(worker)["events"])
    events["active"] = events.pop("pending")
    return {"type": ",".join(worker.name for worker in workers), "events": events}


def state(parts: Parts) -> dict[str, Any]:
    """Return what `/state` and documents about this process tell."""
    monitors, endpoints = parts.roster.monitors, parts.roster.endpoints
    by_type = {
        name: {"monitors": count, "endpoints": endpoints[name]}
        for name, count in monitors.items()
    }
    return {
        "beat": {"name": parts.agent["name"]},
        "host": process.host_facts(),
        "management": {"enabled": False},
        "service": {
            "id": parts.agent["id"],
            "name": "heartbeat",
            "version": COMPATIBLE_VERSION,
        },
        "output": {"name": ",".join(worker.name for worker in parts.workers)},
        "monitoring": {"cluster_uuid": parts.cluster_uuid},
        "heartbeat": {
            "monitors": monitors.total(),
            "endpoints": endpoints.total(),
            "levels": Counter(runner.level.value for runner in parts.roster.runners),
            **by_type,
        },
    }


def ailing(parts: Parts) -> str:
    """Return what is wrong, in words; empty if nothing is."""
    return "; ".join(ailments(parts))


def ailments(parts: Parts) -> Iterator[str]:
    """Yield what is wrong, in words."""
    if parts.store.is_failing:
        yield "the store cannot be written: new documents are in memory only"
    timing = parts.scheduler.timing()
    if timing.is_stuck:
        yield (
            f"the scheduler is stuck: a check has been due for {timing.overdue:.0f}s"
            f" and none has begun for {timing.idle:.0f}s"
        )

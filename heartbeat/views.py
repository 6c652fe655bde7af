"""What the endpoint shows of this process: `/`, `/state`, `/stats`, `/health`.

Owns the names of the figures, which are the reference's where it has them. Must not
know how they are counted or served.
"""

from __future__ import annotations

import os
import platform
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heartbeat import COMPATIBLE_VERSION, __version__, process
from heartbeat.endpoint import Views

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from heartbeat.clock import Clock
    from heartbeat.delivery import Worker
    from heartbeat.reload import Reloader, Roster
    from heartbeat.scheduler import Scheduler


@dataclass(frozen=True, slots=True)
class Subject:
    """What there is to be shown.

    `agent` holds the members of `agent` in documents.
    """

    clock: Clock
    agent: Mapping[str, str]
    scheduler: Scheduler
    workers: Sequence[Worker]
    roster: Roster
    reloader: Reloader


def views_of(subject: Subject) -> Views:
    """Return the views of a process that begins now."""
    began = subject.clock.monotonic()
    return Views(
        info=lambda: _info(subject.agent),
        state=lambda: _state(subject),
        stats=lambda: _stats(subject, subject.clock.monotonic() - began),
        health=lambda: _health(subject),
    )


def _info(agent: Mapping[str, str]) -> dict[str, Any]:
    return {
        "beat": "heartbeat",
        "name": agent["name"],
        "hostname": process.hostname(),
        "uuid": agent["id"],
        "ephemeral_id": agent["ephemeral_id"],
        "version": COMPATIBLE_VERSION,
        "build": {"original": f"heartbeat {__version__}"},
        "binary_arch": platform.machine(),
        "elastic_licensed": False,
        "uid": str(os.getuid()),
        "gid": str(os.getgid()),
    }


def _state(subject: Subject) -> dict[str, Any]:
    monitors, endpoints = subject.roster.monitors, subject.roster.endpoints
    by_type = {
        name: {"monitors": count, "endpoints": endpoints[name]}
        for name, count in monitors.items()
    }
    return {
        "beat": {"name": subject.agent["name"]},
        "host": process.host_facts(),
        "management": {"enabled": False},
        "service": {
            "id": subject.agent["id"],
            "name": "heartbeat",
            "version": COMPATIBLE_VERSION,
        },
        "output": {"name": ",".join(worker.name for worker in subject.workers)},
        "heartbeat": {
            "monitors": monitors.total(),
            "endpoints": endpoints.total(),
            **by_type,
        },
    }


def _stats(subject: Subject, uptime: float) -> dict[str, Any]:
    counters = subject.scheduler.counters()
    info = {
        "ephemeral_id": subject.agent["ephemeral_id"],
        "name": "heartbeat",
        "version": COMPATIBLE_VERSION,
    }
    usage = process.usage(uptime)
    return {
        "beat": {**usage, "info": {**info, "uptime": usage.pop("uptime")}},
        "heartbeat": {
            "scheduler": {
                "jobs": {
                    "active": counters.jobs_active,
                    "missed_deadline": counters.missed_deadline,
                    "in_maintenance": subject.roster.skipped,
                },
                "tasks": {
                    "active": counters.tasks_active,
                    "waiting": counters.tasks_waiting,
                },
            },
            "outputs": {worker.name: _delivery(worker) for worker in subject.workers},
        },
        "libbeat": {"config": _config(subject), "output": _output(subject.workers)},
        "system": process.system(),
    }


def _config(subject: Subject) -> dict[str, Any]:
    """Return the reference's figures, and how much could not be used."""
    counters, roster = subject.reloader.counters, subject.roster
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


def _health(subject: Subject) -> dict[str, Any]:
    """Return whether checks are running.

    An output that is down is told but does not make the process unwell: its events
    wait, and a restart would not bring it back.
    """
    outputs = {
        worker.name: {"available": worker.is_working, "pending": worker.pending}
        for worker in subject.workers
    }
    return {"status": "ok", "outputs": outputs}

"""What the endpoint shows of this process: `/`, `/state`, `/stats`, `/health`.

Owns who and how well it is; its figures are those of `figures`. Must not know how they
are served.
"""

from __future__ import annotations

import os
import platform
from collections import Counter
from typing import TYPE_CHECKING, Any

from heartbeat import COMPATIBLE_VERSION, __version__, process
from heartbeat.endpoint import Views
from heartbeat.figures import stats

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from heartbeat.figures import Parts


def views_of(parts: Parts) -> Views:
    """Return the views of a process."""
    return Views(
        info=lambda: _info(parts.agent),
        state=lambda: _state(parts),
        stats=lambda: stats(parts),
        health=lambda: _health(parts),
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


def _state(parts: Parts) -> dict[str, Any]:
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
        "heartbeat": {
            "monitors": monitors.total(),
            "endpoints": endpoints.total(),
            "levels": Counter(runner.level.value for runner in parts.roster.runners),
            **by_type,
        },
    }


def _health(parts: Parts) -> dict[str, Any]:
    """Return whether checks are running and their documents are kept.

    An output that is down is told but does not make the process unwell: its events
    wait, and a restart would not bring it back.
    """
    outputs = {
        worker.name: {"available": worker.is_working, "pending": worker.pending}
        for worker in parts.workers
    }
    return {"status": "; ".join(_ailments(parts)) or "ok", "outputs": outputs}


def _ailments(parts: Parts) -> Iterator[str]:
    """Yield what is wrong, in words."""
    if parts.store.is_failing:
        yield "the store cannot be written: new documents are in memory only"
    timing = parts.scheduler.timing()
    if timing.is_stuck:
        yield (
            f"the scheduler is stuck: a check has been due for {timing.overdue:.0f}s"
            f" and none has begun for {timing.idle:.0f}s"
        )

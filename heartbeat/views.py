"""What the endpoint shows of this process, path by path.

Owns who and how well it is; its figures are those of `figures`, its monitors those of
`overview`. Must not know how they are served.
"""

from __future__ import annotations

import asyncio
import os
import platform
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from heartbeat import COMPATIBLE_VERSION, __version__, process
from heartbeat.figures import ailing, ailments, state, stats
from heartbeat.overview import inputs, overview
from heartbeat.shown import WELL, Views

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.buffer import Buffer
    from heartbeat.figures import Parts
    from heartbeat.prometheus import Prometheus
    from heartbeat.shown import Exposition


MAX_MONITORS = 10_000

REFUSED = {
    "/debug/pprof": (
        "profiles of a Go process; send SIGUSR1 to log what is running, or look at the"
        " process with py-spy"
    ),
    "/debug/state-inspector": "is not kept; /monitors and /stats tell the state",
}
"""Paths that the reference serves, if told to, and why we do not."""


def views_of(
    parts: Parts, *, max_monitors: int = MAX_MONITORS, buffer: Buffer | None = None
) -> Views:
    """Return the views of a process; `/metrics` has that many endpoints singly."""
    kept = {} if buffer is None else {"/buffer": buffer.kept}
    roster, clock = parts.roster, parts.clock
    return Views(
        figures={
            "/": lambda: info(parts.agent),
            "/state": lambda: state(parts),
            "/stats": lambda: stats(parts),
            "/dataset": lambda: None,
            "/health": lambda: _health(parts),
            "/ready": lambda: _ready(parts),
            **kept,
        },
        listings={
            "/monitors": partial(overview, roster, clock),
            "/inputs": partial(inputs, roster, clock),
        },
        expositions={"/metrics": _Metrics(parts, max_monitors).page},
        refused=REFUSED,
    )


class _Metrics:
    """The page for Prometheus, for those who ask for it.

    Its library costs 70 ms to import: at the first scrape, in a thread.
    """

    def __init__(self, parts: Parts, max_monitors: int) -> None:
        self._parts = parts
        self._max_monitors = max_monitors
        self._page: Prometheus | None = None

    async def page(self) -> Exposition:
        if self._page is None:
            await asyncio.to_thread(import_module, "heartbeat.prometheus")
            from heartbeat.prometheus import Prometheus  # noqa: PLC0415 - as above

            self._page = Prometheus(self._parts, self._max_monitors)
        return await self._page.page()


def info(agent: Mapping[str, str]) -> dict[str, Any]:
    """Return who this process is."""
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
        "username": process.username(os.getuid()),
        "gid": str(os.getgid()),
    }


def _health(parts: Parts) -> dict[str, Any]:
    """Return whether checks are running and their documents are kept.

    An output that is down is told but does not make the process unwell: its events
    wait, and a restart would not bring it back.
    """
    return {
        "status": ailing(parts) or WELL,
        "outputs": _outputs(parts),
    }


def _ready(parts: Parts) -> dict[str, Any]:
    """Return whether all that was configured works: checks, store and every output.

    For whoever replaces one process by another: a wrong password for an output shows
    here, before the old process is gone.
    """
    lacking = list(ailments(parts))
    if not parts.scheduler.is_running:
        lacking.append("no check has been scheduled yet, or all have been stopped")
    lacking += [
        f"output {worker.name} takes nothing"
        for worker in parts.workers
        if not worker.is_working
    ]
    return {"status": "; ".join(lacking) or WELL, "outputs": _outputs(parts)}


def _outputs(parts: Parts) -> dict[str, Any]:
    return {
        worker.name: {"available": worker.is_working, "pending": worker.pending}
        for worker in parts.workers
    }

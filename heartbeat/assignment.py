"""What one worker of several is to do, as its supervisor tells it.

Owns the environment variable that carries it, and what becomes of the settings: a
worker runs on the same configuration as a process alone, narrowed to its share, so
little else has to know that there are several. Must not know how processes are started.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from heartbeat.config.models import DiskQueueOptions
from heartbeat.partition import NOTHING, Share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from heartbeat.config.endpoint import EndpointOptions
    from heartbeat.config.load import Settings
    from heartbeat.config.models import (
        HeartbeatOptions,
        LoggingOptions,
        QueueOptions,
    )
    from heartbeat.config.spec import MonitorSpec

VARIABLE: Final = "HEARTBEAT_WORKER"
GUARD: Final = "console.lock"


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a worker is told.

    `name` is that of its folder in the data directory, empty for that directory itself;
    `agent_id` the identity of the installation; `descriptor` its side of the channel to
    the supervisor. A worker whose share is nothing delivers what a store holds.
    """

    name: str
    share: Share
    agent_id: str
    descriptor: int

    @property
    def title(self) -> str:
        """Return what it is called in the log."""
        return self.name or "worker"

    @property
    def drains(self) -> bool:
        """Return whether it only delivers what a store holds, and ends."""
        return self.share == NOTHING

    @property
    def is_first(self) -> bool:
        """Return whether it does what is to be done by one of all."""
        return not self.drains and self.share.index == 0

    def encoded(self) -> str:
        """Return it as the value of the environment variable."""
        return orjson.dumps(asdict(self)).decode()


def assignment_of(environment: Mapping[str, str]) -> Assignment | None:
    """Return what a supervisor has told this process; None if there is none."""
    text = environment.get(VARIABLE)
    if text is None:
        return None
    members: dict[str, Any] = orjson.loads(text)
    share = Share(**members.pop("share"))
    return Assignment(share=share, **members)


def narrowed(settings: Settings, assignment: Assignment) -> Settings:
    """Return the settings of a worker out of those of all together.

    Its share of the monitors and of every limit; places of its own for data and logs.
    """
    share = assignment.share
    options = settings.options
    data = str(Path(settings.paths.data, assignment.name))
    source = settings.source
    return replace(
        settings,
        options=options.model_copy(
            update={
                "heartbeat": _scheduling(options.heartbeat, share),
                "http": _endpoint(options.http, share),
                "queue": _queue(options.queue, assignment),
                "logging": _log(options.logging, assignment),
            }
        ),
        paths=settings.paths.model_copy(update={"data": data}),
        monitors=_owned(settings.monitors, share),
        files=replace(settings.files, monitors=_owned(settings.files.monitors, share)),
        source=replace(source, share=share) if source is not None else None,
    )


def _owned(monitors: Iterable[MonitorSpec], share: Share) -> tuple[MonitorSpec, ...]:
    return tuple(spec for spec in monitors if share.owns(spec.id))


def _scheduling(options: HeartbeatOptions, share: Share) -> HeartbeatOptions:
    scheduler = options.scheduler
    own = {
        "limit": share.of(scheduler.limit),
        "per_host_limit": share.of(scheduler.per_host_limit),
    }
    jobs = {
        name: job.model_copy(update={"limit": share.of(job.limit)})
        for name, job in options.jobs.items()
    }
    return options.model_copy(
        update={"scheduler": scheduler.model_copy(update=own), "jobs": jobs}
    )


def _endpoint(options: EndpointOptions, share: Share) -> EndpointOptions:
    most = share.of(options.metrics.max_monitors)
    metrics = options.metrics.model_copy(update={"max_monitors": most})
    return options.model_copy(update={"metrics": metrics})


def _queue(options: QueueOptions, assignment: Assignment) -> QueueOptions:
    own: dict[str, Any] = {}
    share = assignment.share
    if options.mem is not None:
        events = share.of(options.mem.events)
        own["mem"] = options.mem.model_copy(update={"events": events})
    # With the default there is no section; its size is to be shared all the same.
    disk = options.disk or DiskQueueOptions()
    path = disk.path and str(Path(disk.path, assignment.name))
    own["disk"] = disk.model_copy(
        update={"max_size": share.of(disk.max_size), "path": path}
    )
    return options.model_copy(update=own)


def _log(options: LoggingOptions, assignment: Assignment) -> LoggingOptions:
    name = f"{options.files.name}-{assignment.title}"
    files = options.files.model_copy(update={"name": name})
    return options.model_copy(update={"files": files})

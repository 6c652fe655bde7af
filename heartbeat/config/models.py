"""The options of the whole process, apart from monitors and outputs.

Owns their names, defaults and descriptions, from which documentation is made. Must not
know who reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from heartbeat.config.endpoint import EndpointOptions
from heartbeat.config.monitoring import MonitoringOptions
from heartbeat.config.place import place_of
from heartbeat.config.setup import SetupOptions
from heartbeat.config.types import (
    Actions,
    ByteSize,
    Count,
    Duration,
    Fields,
    Flag,
    Integer,
    Listed,
    Options,
    Text,
    Words,
)

LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
PRECISIONS = {"millisecond": 3, "microsecond": 6, "nanosecond": 9}
OVERFLOWS = ("drop_oldest", "drop_newest", "block")
MAX_KEPT_FILES = 1024
MAX_WORKERS = 128
AUTO = "auto"


def _level(text: str) -> str:
    if text.lower() not in LOG_LEVELS:
        raise ValueError(f"invalid level '{text}', use one of {', '.join(LOG_LEVELS)}")
    return text.lower()


def _precision(text: str) -> str:
    if text not in PRECISIONS:
        words = ", ".join(PRECISIONS)
        raise ValueError(f"invalid timestamp precision {text}, use one of {words}")
    return text


def _overflow(text: str) -> str:
    if text not in OVERFLOWS:
        raise ValueError(f"unknown policy '{text}', use one of {', '.join(OVERFLOWS)}")
    return text


def _workers(text: str) -> str:
    if text != AUTO and not (text.isdecimal() and 1 <= int(text) <= MAX_WORKERS):
        raise ValueError(f"write a number from 1 to {MAX_WORKERS}, or {AUTO}")
    return text


Workers: TypeAlias = Annotated[Text, AfterValidator(_workers)]
"""How many processes share the monitors."""


def _zone(text: str) -> str:
    if text not in {"", "Local"}:
        try:
            ZoneInfo(text)
        except (ZoneInfoNotFoundError, OSError, ValueError):
            raise ValueError(f"unknown time zone {text}") from None
    return text


class LocationOptions(Options):
    """`run_from`: where checks run from."""

    id: Text = Field(
        default="", description="Name of the location, becomes observer.name."
    )
    geo: Annotated[Fields, AfterValidator(place_of)] = Field(
        default={}, description="Its place, becomes observer.geo."
    )


class ReloadOptions(Options):
    """`heartbeat.config.monitors.reload`."""

    enabled: Flag = Field(
        default=False, description="Watch the files and follow changes."
    )
    period: Duration = Field(
        default=10.0, ge=0.1, description="Time between two looks."
    )


class MonitorFilesOptions(Options):
    """`heartbeat.config.monitors`: monitors in files of their own."""

    enabled: Flag = Field(
        default=True, description="false makes the section count as absent."
    )
    path: Text = Field(
        default="", description="Glob of the files; from path.config on."
    )
    reload: ReloadOptions = Field(
        default=ReloadOptions(), description="Following changes."
    )


class ExternalOptions(Options):
    """`heartbeat.config`: what is configured in other files."""

    monitors: MonitorFilesOptions | None = Field(
        default=None, description="Monitors in files of their own."
    )


class SchedulerOptions(Options):
    """`heartbeat.scheduler`."""

    limit: Count = Field(default=0, description="Most checks at once; 0 for no limit.")
    per_host_limit: Count = Field(
        default=0, description="Most checks of one host at once; 0 for any."
    )
    location: Annotated[Text, AfterValidator(_zone)] = Field(
        default="",
        description="Time zone cron schedules are read in; empty for the system's.",
    )
    spread: Flag = Field(
        default=True, description="Spread checks evenly over their interval."
    )


class JobOptions(Options):
    """`heartbeat.jobs.<type>`."""

    limit: Count = Field(
        default=0, description="Most checks of the type at once; 0 for any."
    )


class SelfMonitorOptions(Options):
    """`heartbeat.self_monitor`: documents of heartbeat about itself."""

    enabled: Flag = Field(
        default=False, description="Write documents about the process itself."
    )
    period: Duration = Field(
        default=30.0, ge=1, description="Time between two such documents."
    )


class HeartbeatOptions(Options):
    """`heartbeat`: the monitor side of the process."""

    elsewhere: ClassVar[frozenset[str]] = frozenset({"monitors"})

    config: ExternalOptions = Field(
        default=ExternalOptions(), description="What is configured in other files."
    )
    run_once: Flag = Field(
        default=False, description="Run every monitor once, then exit."
    )
    publish_timeout: Duration = Field(
        default=0.0,
        ge=0,
        description="With run_once: longest wait for outputs; 0 for any.",
    )
    shutdown_timeout: Duration = Field(
        default=5.0, ge=0, description="Longest wait for outputs at the end."
    )
    scheduler: SchedulerOptions = Field(
        default=SchedulerOptions(), description="When checks run and how many at once."
    )
    jobs: Mapping[str, JobOptions] = Field(
        default={}, description="Limits by monitor type."
    )
    workers: Workers = Field(
        default="1",
        description=(
            "Processes that share the monitors; auto for one on each processor."
        ),
    )
    load_states: Flag = Field(
        default=True,
        description=(
            "Take up states from Elasticsearch, if that is an output and the data"
            " directory has none."
        ),
    )
    self_monitor: SelfMonitorOptions = Field(
        default=SelfMonitorOptions(),
        description="Documents of heartbeat about itself.",
    )
    run_from: LocationOptions | None = Field(
        default=None,
        description="Where the monitors run from, unless they say otherwise.",
    )


class PathOptions(Options):
    """`path`: the directories of the process."""

    home: Text = Field(default="", description="The base of the others.")
    config: Text = Field(
        default="", description="Where relative configuration files are."
    )
    data: Text = Field(default="", description="Queue, states and identity.")
    logs: Text = Field(default="", description="Log files.")


class KeystoreOptions(Options):
    """`keystore`: the file of secrets that `heartbeat keystore` manages."""

    path: Text = Field(
        default="",
        description="The file, from path.data on; heartbeat.keystore by default.",
    )


class LogFileOptions(Options):
    """`logging.files`."""

    path: Text = Field(default="", description="Directory; path.logs by default.")
    name: Text = Field(default="heartbeat", description="Begin of the file names.")
    rotateeverybytes: ByteSize = Field(
        default=10 * 1024 * 1024, gt=0, description="Size at which a new file is begun."
    )
    keepfiles: Count = Field(
        default=7, le=MAX_KEPT_FILES, description="Files kept beside the current one."
    )
    permissions: Count = Field(default=0o600, description="Mode of the files.")
    interval: Duration = Field(
        default=0.0, ge=0, description="Age of a new file; 0 for any."
    )
    rotateonstartup: Flag = Field(
        default=True, description="Begin a new file at start."
    )


class LogMetricsOptions(Options):
    """`logging.metrics`: a line in the log with what has been counted."""

    enabled: Flag = Field(default=True, description="Log the figures of /stats.")
    period: Duration = Field(
        default=30.0, ge=1, description="Time between two such lines."
    )


class LoggingOptions(Options):
    """`logging`; None stands for what the `--environment` flag implies."""

    level: Annotated[
        Text, AfterValidator(_level), Words(LOG_LEVELS, is_any_case=True)
    ] = Field(default="info", description="debug, info, warning, error or critical.")
    selectors: Listed[Text] = Field(
        default=(), description="Loggers that write at debug level; * for all."
    )
    to_stderr: Flag | None = Field(default=None, description="Write to standard error.")
    to_files: Flag | None = Field(default=None, description="Write to files.")
    files: LogFileOptions = Field(default=LogFileOptions(), description="The files.")
    with_fields: Fields = Field(default={}, description="Members added to every line.")
    metrics: LogMetricsOptions = Field(
        default=LogMetricsOptions(), description="A line with what has been counted."
    )


class MemoryQueueOptions(Options):
    """`queue.mem`: events wait in memory and end with the process."""

    enabled: Flag = Field(
        default=True, description="false makes the section count as absent."
    )
    events: Integer = Field(default=3200, ge=32, description="Most events waiting.")


class DiskQueueOptions(Options):
    """`queue.disk`: events wait on disk and outlive the process; the default."""

    enabled: Flag = Field(
        default=True, description="false makes the section count as absent."
    )
    path: Text = Field(default="", description="Directory; path.data by default.")
    max_size: ByteSize = Field(
        default=1024**3, description="Most bytes waiting; 0 for no limit."
    )
    overflow: Annotated[Text, AfterValidator(_overflow), Words(OVERFLOWS)] = Field(
        default="drop_oldest",
        description=(
            "What gives way when that is reached: drop_oldest or drop_newest events, or"
            " block checks until there is room."
        ),
    )


class QueueOptions(Options):
    """`queue`: where events wait until every output has taken them."""

    mem: MemoryQueueOptions | None = Field(default=None, description="Wait in memory.")
    disk: DiskQueueOptions | None = Field(default=None, description="Wait on disk.")


class TimestampOptions(Options):
    """`timestamp`."""

    precision: Annotated[Text, AfterValidator(_precision), Words(tuple(PRECISIONS))] = (
        Field(
            default="millisecond", description="millisecond, microsecond or nanosecond."
        )
    )


class ProcessOptions(Options):
    """The top level of a configuration, apart from monitors and outputs."""

    elsewhere: ClassVar[frozenset[str]] = frozenset({"output", "cloud"})

    name: Text = Field(
        default="", description="Name of this instance; the host's by default."
    )
    tags: Listed[Text] = Field(default=(), description="Tags of every event.")
    fields: Fields = Field(default={}, description="Members of every event.")
    fields_under_root: Flag = Field(
        default=False, description="Put the fields at the top of the event."
    )
    processors: Actions = Field(
        default=(), description="Changes to every event, in their order."
    )
    path: PathOptions = Field(default=PathOptions(), description="Directories.")
    keystore: KeystoreOptions = Field(
        default=KeystoreOptions(), description="The file of secrets."
    )
    heartbeat: HeartbeatOptions = Field(
        default=HeartbeatOptions(), description="The monitor side of the process."
    )
    http: EndpointOptions = Field(
        default=EndpointOptions(), description="The HTTP endpoint."
    )
    monitoring: MonitoringOptions = Field(
        default=MonitoringOptions(),
        description="Documents about this process for Elasticsearch.",
    )
    logging: LoggingOptions = Field(default=LoggingOptions(), description="The log.")
    queue: QueueOptions = Field(
        default=QueueOptions(), description="Where events wait."
    )
    timestamp: TimestampOptions = Field(
        default=TimestampOptions(), description="Precision of time in events."
    )
    workers: Workers | None = Field(
        default=None, description="The same as heartbeat.workers."
    )
    setup: SetupOptions = Field(
        default=SetupOptions(),
        description="What is put into Elasticsearch and Kibana before documents come.",
    )

    @model_validator(mode="after")
    def _one_number(self) -> Self:
        if self.workers and "workers" in self.heartbeat.model_fields_set:
            raise ValueError("workers and heartbeat.workers are the same: write one")
        return self

    @property
    def wanted_workers(self) -> str:
        """Return how many processes are to share the monitors, as written."""
        return self.workers or self.heartbeat.workers

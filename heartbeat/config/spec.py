"""What the configuration says about one monitor, as the rest of heartbeat sees it.

Owns the values handed from the configuration to monitor types, scheduler and runner.
Must not know how they were written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.config.section import Section
    from heartbeat.schedule import Schedule, Window


@dataclass(frozen=True, slots=True)
class Location:
    """Where a monitor runs from: `observer.name` and `observer.geo`."""

    id: str
    geo: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DataStream:
    """The data stream a monitor's documents go to."""

    type: str
    dataset: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Confirm:
    """When a change of status is believed.

    After `down` failed runs in a row, or after `failures` among the last `of` if that
    is not 0; after `up` good runs in a row. In between runs follow each other after
    `interval` seconds, 0.0 for no sooner than scheduled.
    """

    down: int = 1
    up: int = 1
    interval: float = 0.0
    failures: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class Flapping:
    """When a target counts as flapping: from `high` percent of changes, until `low`."""

    low: int = 25
    high: int = 50


@dataclass(frozen=True, slots=True)
class MonitorSpec:
    """One monitor: the options every type has, and the section for those of its own.

    `type` is as written, `plugin` the name it stands for. `timeout` is in seconds, 0.0
    where it is not written; a monitor type has its own default. `retry_delay` is in
    seconds, too. `digest` changes with any option and is equal for equal sections.
    `degraded` has the longest time of each phase, in seconds, that has a threshold.
    """

    id: str
    name: str
    type: str
    plugin: str
    schedule: Schedule
    options: Section
    timeout: float = 0.0
    max_attempts: int = 1
    tags: tuple[str, ...] = ()
    fields: Mapping[str, Any] | None = None
    fields_under_root: bool = False
    keep_null: bool = False
    service_name: str = ""
    origin: str = ""
    location: Location | None = None
    pipeline: str = ""
    index: str = ""
    data_stream: DataStream | None = None
    digest: str = ""
    maintenance: tuple[Window, ...] = ()
    spread: bool = True
    retry_delay: float = 1.0
    confirm: Confirm | None = None
    flapping: Flapping | None = None
    degraded: Mapping[str, float] | None = None

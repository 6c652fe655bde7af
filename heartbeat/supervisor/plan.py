"""How many workers there are to be, and what the supervisor has to know of the rest.

Owns the decision whether there is to be a supervisor at all. Must not know processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from heartbeat import process
from heartbeat.assembly import queue_of
from heartbeat.config.models import AUTO
from heartbeat.handover import leftovers, name_of
from heartbeat.partition import NOTHING, Share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.config.endpoint import EndpointOptions
    from heartbeat.config.load import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """What the supervisor is to do.

    `shares` by the names of workers; those with a share of nothing empty a store. It
    keeps no settings: there may be many monitors in them, and none are its own.
    """

    data: Path
    shares: Mapping[str, Share]
    http: EndpointOptions
    name: str
    cluster_uuid: str
    shutdown_timeout: float
    is_once: bool

    @property
    def is_for_one(self) -> bool:
        """Return whether one process can do it all, without a supervisor."""
        return list(self.shares) == [""]


def plan_of(settings: Settings, *, hostname: str, is_once: bool) -> Plan:
    """Return what there is to do for these settings."""
    options = settings.options
    count = workers_of(options.wanted_workers)
    shares = {"": Share(0, 1)}
    if count > 1:
        shares = {name_of(index): Share(index, count) for index in range(count)}
    place, _ = queue_of(settings)
    if place is not None:
        shares |= dict.fromkeys(leftovers(place, shares), NOTHING)
    return Plan(
        data=Path(settings.paths.data),
        shares=shares,
        http=options.http,
        name=options.name or hostname,
        cluster_uuid=options.monitoring.cluster_uuid,
        shutdown_timeout=options.heartbeat.shutdown_timeout,
        is_once=is_once,
    )


def workers_of(wanted: str) -> int:
    """Return how many workers an option stands for."""
    return process.usable_processors() if wanted == AUTO else int(wanted)

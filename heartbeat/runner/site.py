"""What all runners of a process share.

Owns nothing but the bundle, and what a runner asks of the place its documents go to.
Must not know what a runner does with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from heartbeat.runner.identity import TimeIds
from heartbeat.runner.watchdog import Watchdog

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from heartbeat.clock import Clock
    from heartbeat.event import Record
    from heartbeat.runner.identity import Identity


class Journal(Protocol):
    """Where documents and states go; `heartbeat.store.Store` is one."""

    def append(self, records: Sequence[Record], states: Mapping[str, bytes]) -> None:
        """Keep the records and the states they imply, all or nothing."""

    async def room(self) -> None:
        """Return when there is room for more."""


@dataclass(slots=True)
class Counts:
    """What runners did that no document tells."""

    skipped: int = 0
    """Runs that fell into a maintenance window."""


@dataclass(slots=True)
class Patience:
    """How long outcomes are kept unjudged, because past states are being asked for."""

    until: float = 0.0
    """The monotonic moment at which they are judged in any case."""


@dataclass(frozen=True, slots=True)
class Site:
    """What all runners of a process share."""

    clock: Clock
    journal: Journal
    identity: Identity
    ids: TimeIds
    watchdog: Watchdog
    counts: Counts = field(default_factory=Counts)
    patience: Patience = field(default_factory=Patience)

    @classmethod
    def of(cls, clock: Clock, journal: Journal, identity: Identity) -> Site:
        """Return a site with a watchdog and a source of ids of its own."""
        return cls(clock, journal, identity, TimeIds(clock), Watchdog(clock))

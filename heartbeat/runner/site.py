"""What all runners of a process share.

Owns nothing but the bundle, and what a runner asks of the place its documents go to.
Must not know what a runner does with it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from heartbeat.announce import Kinds
from heartbeat.processors.chain import Chain
from heartbeat.runner.identity import TimeIds
from heartbeat.runner.processing import Processing
from heartbeat.runner.watchdog import Watchdog

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from heartbeat.clock import Clock
    from heartbeat.event import Record
    from heartbeat.runner.identity import Identity

log = logging.getLogger(__name__)


class Journal(Protocol):
    """Where documents and states go; `heartbeat.store.Store` is one."""

    def append(self, records: Sequence[Record], states: Mapping[str, bytes]) -> None:
        """Keep the records and the states they imply, all or nothing."""

    @property
    def is_full(self) -> bool:
        """Say whether checks have to wait for `room`."""
        ...

    async def room(self) -> None:
        """Return when there is room for more."""


@dataclass(slots=True)
class Counts:
    """What runners did that no document tells."""

    skipped: int = 0
    """Runs that fell into a maintenance window."""

    filtered: int = 0
    """Documents that processors dropped, or lost."""


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
    losses: Kinds
    processors: Chain = field(default_factory=Chain)
    counts: Counts = field(default_factory=Counts)
    patience: Patience = field(default_factory=Patience)

    @classmethod
    def of(
        cls,
        clock: Clock,
        journal: Journal,
        identity: Identity,
        processors: Chain | None = None,
    ) -> Site:
        """Return a site with a watchdog and a source of ids of its own.

        `processors` are those of the process, which all documents go through.
        """
        return cls(
            clock,
            journal,
            identity,
            TimeIds(clock),
            Watchdog(clock),
            Kinds(clock, _say),
            processors or Chain(),
        )

    def processing(self, own: Chain) -> Processing | None:
        """Return what the documents of a monitor go through, None if nothing."""
        if not own and not self.processors:
            return None
        return Processing(own, self.processors, self.counts, self.losses)


def _say(form: str, count: int, words: str) -> None:
    """Log what happened to events; how many times, if more than once."""
    log.error(form, words if count == 1 else f"{words} ({count} events)")

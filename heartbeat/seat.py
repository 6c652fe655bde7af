"""What differs between a process alone and one worker of several.

Owns the differences, all of them: who speaks to the service manager and serves the
endpoint, who holds the data directory, which stores are looked into, what files are
called. Must not know how workers are started or what a monitor is.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from heartbeat import datadir, handover
from heartbeat.assignment import GUARD
from heartbeat.notify import ServiceManager
from heartbeat.outputs.base import OutputContext
from heartbeat.partition import WHOLE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AsyncExitStack
    from pathlib import Path

    from heartbeat.assignment import Assignment
    from heartbeat.clock import Clock
    from heartbeat.net import Network
    from heartbeat.shown import Views
    from heartbeat.store import Store
    from heartbeat.supervised import Superior

log = logging.getLogger(__name__)


class Seat:
    """The place of a process: alone, or a worker with an assignment.

    `manager` is whom it tells how it is; `superior` is None for a process alone.
    """

    def __init__(
        self,
        clock: Clock,
        assignment: Assignment | None = None,
        superior: Superior | None = None,
    ) -> None:
        """Be alone, or a worker with an assignment and a supervisor."""
        self._clock = clock
        self.assignment = assignment
        self.superior = superior
        self.manager = superior or ServiceManager(os.environ, clock)

    @property
    def is_alone(self) -> bool:
        """Return whether there is no supervisor."""
        return self.assignment is None

    @property
    def is_first(self) -> bool:
        """Return whether this process does what one of all has to do."""
        return self.assignment is None or self.assignment.is_first

    @property
    def drains(self) -> bool:
        """Return whether this process only delivers what its store holds."""
        return self.assignment is not None and self.assignment.drains

    @property
    def name(self) -> str:
        """Return the name among several workers, empty for a process alone."""
        return self.assignment.name if self.assignment else ""

    async def open(self, stack: AsyncExitStack) -> None:
        """Begin to talk to the supervisor, if there is one, until the stack closes."""
        if self.superior is not None:
            await self.superior.open()
            stack.callback(self.superior.close)

    async def serve(self) -> None:
        """Answer the supervisor until cancelled; a process alone has nothing to do."""
        if self.superior is not None:
            await self.superior.serve()

    def shows(self, views: Views) -> bool:
        """Leave the views to the supervisor to show; return whether there is one."""
        if self.superior is None:
            return False
        self.superior.views = views
        return True

    def identity(self, data: Path, stack: AsyncExitStack) -> str:
        """Return who this installation is; a process alone holds the directory."""
        if self.assignment is not None:
            return self.assignment.agent_id
        return stack.enter_context(datadir.opened(data, self._clock)).id

    def named(self, beat: Mapping[str, Any]) -> dict[str, str]:
        """Return how a worker is told from the others where each has figures."""
        if not self.name:
            return {}
        own = uuid5(UUID(beat["uuid"]), self.name)
        return {"name": f"{beat['name']}/{self.name}", "uuid": str(own)}

    def output_context(self, network: Network, data: Path) -> OutputContext:
        """Return what outputs are built with; `data` is this process's folder."""
        if self.assignment is None:
            return OutputContext(network)
        shared = data.parent if self.name else data
        suffix = f"-{self.name}" if self.name else ""
        return OutputContext(network, suffix, shared / GUARD)

    def states(self, store: Store, place: Path | None) -> dict[str, bytes]:
        """Return what is known of the monitors, by this store and by those beside it.

        What another knows is kept in this one from now on.
        """
        known = store.states()
        if place is None:
            return known
        share = self.assignment.share if self.assignment else WHOLE
        taken = handover.newer_states(place, self.name, known, share)
        if taken:
            log.info("%d states are taken up from other stores", len(taken))
            store.append([], taken)
        return known | taken

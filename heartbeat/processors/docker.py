"""The containers of a Docker daemon.

Owns the questions to its API and which containers there are. Must not know events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from heartbeat.processors.api import follow
from heartbeat.processors.known import Known, labels_of
from heartbeat.processors.readiness import Readiness

if TYPE_CHECKING:
    from heartbeat.clock import Clock
    from heartbeat.event import Fields
    from heartbeat.processors.api import Api, Place

SHORT: Final = 12
"""Characters of a short id."""

_STARTED: Final = frozenset({"start", "rename", "update"})
_ENDED: Final = frozenset({"die", "destroy"})


@dataclass(frozen=True, slots=True)
class Manner:
    """How containers are known.

    `keep` are the seconds for which they are known after their end, `pause` those
    before a daemon that failed is asked again; `dedot` says how labels are written.
    """

    keep: float = 60.0
    pause: float = 10.0
    dedot: bool = True


class Containers:
    """The containers that run, by their ids and short ids."""

    def __init__(self, place: Place, clock: Clock, manner: Manner) -> None:
        """Ask nothing yet."""
        self._place = place
        self._clock = clock
        self._manner = manner
        self._known = Known(clock, manner.keep)
        self._short = Known(clock, manner.keep)
        self.readiness = Readiness(clock)

    async def run(self) -> None:
        """Follow the daemon."""
        name, pause = "add_docker_metadata", self._manner.pause
        await follow(name, self._place, self._clock, self._follow, pause)

    def find(self, identity: str, *, short: bool = False) -> Fields | None:
        """Return the facts of a container, by its id or, if wanted, its short id."""
        found = self._known.get(identity)
        if found is None and short:
            found = self._short.get(identity[:SHORT])
        return found

    async def _follow(self, api: Api) -> None:
        since = str(self._clock.now() // 1_000_000_000)
        listed = await api.json("/containers/json")
        for container in listed:
            self._put(container)
        identities = [container["Id"] for container in listed]
        for known in (self._known, self._short):
            known.end_others(identities)
        self.readiness.reach()
        filters = orjson.dumps({"type": ["container"]}).decode()
        parameters = {"since": since, "filters": filters}
        async for event in api.stream("/events", parameters):
            await self._note(api, event)

    async def _note(self, api: Api, event: Any) -> None:
        action = event.get("Action") or event.get("status")
        identity = event.get("id") or event.get("Actor", {}).get("ID")
        if action in _ENDED:
            self._known.end(identity)
            self._short.end(identity)
        elif action in _STARTED:
            filters = orjson.dumps({"id": [identity]}).decode()
            for container in await api.json(
                "/containers/json", parameters={"filters": filters}
            ):
                self._put(container)

    def _put(self, container: Any) -> None:
        identity = container["Id"]
        names = container.get("Names") or [""]
        facts: Fields = {
            "id": identity,
            "name": names[0].removeprefix("/"),
            "image": {"name": container.get("Image", "")},
        }
        labels = labels_of(container.get("Labels"), dedot=self._manner.dedot)
        if labels:
            facts["labels"] = labels
        self._known.put(identity, {identity: facts})
        self._short.put(identity, {identity[:SHORT]: facts})

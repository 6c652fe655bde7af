"""How things stand with a running heartbeat, asked through its endpoint.

Owns what is asked for, in which order, and the words for an endpoint that does not
answer. Must not know how the answers are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from heartbeat.endpoint import UNIX
from heartbeat.errors import Unanswered, system_text
from heartbeat.overview import MAX_LIMIT
from heartbeat.processors.api import FAILURES, Api, Place, words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from heartbeat.event import Fields

PATIENCE: Final = 5.0
"""Seconds that an answer may take."""

WORST_FIRST: Final = ("down", "degraded", "unknown", "maintenance", "up")
"""The levels in the order in which somebody on call wants to see them."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How things stand: `/stats`, and of `/monitors` as many as were wanted.

    `levels` counts all endpoints by level; `matched` is how many there are of those
    that were asked for, None for all of them.
    """

    stats: Mapping[str, Any]
    levels: Mapping[str, int]
    matched: int | None
    monitors: list[Fields]

    @property
    def total(self) -> int:
        """Return how many endpoints there are."""
        return sum(self.levels.values())


class Instance:
    """One running heartbeat; to be closed."""

    def __init__(self, url: str) -> None:
        """Take where its endpoint is: a URL, host:port or `unix:///path`."""
        self.place = place_of(url)
        self._api = Api(self.place)

    async def look(self, limit: int, statuses: Collection[str] = ()) -> Snapshot:
        """Return how things stand, with the worst `limit` monitors, worst first.

        With `statuses` only those. Raises `Unanswered`.
        """
        try:
            stats = await self._api.json("/stats")
            matched: int | None = None
            if statuses:
                page = await self._page(min(limit, MAX_LIMIT), ",".join(statuses))
                matched, monitors = page["matched"], page["monitors"]
            else:
                page, monitors = await self._worst(limit)
            return Snapshot(stats, page["levels"], matched, _in_order(monitors))
        except FAILURES as error:
            raise Unanswered(_told(self.place, error)) from error

    async def close(self) -> None:
        """End the connection."""
        await self._api.close()

    async def _worst(self, limit: int) -> tuple[Fields, list[Fields]]:
        """Return the last page, and monitors of all levels, the worst come first.

        Asked for level by level: among ten thousand nobody wants to page for what is
        down.
        """
        page = await self._page(0, "")
        found: dict[str, Fields] = {}
        for level in WORST_FIRST:
            room = limit - len(found)
            if room > 0 and page["levels"].get(level):
                page = await self._page(min(room, MAX_LIMIT), level)
                found |= {one["key"]: one for one in page["monitors"]}
        return page, list(found.values())[:limit]

    async def _page(self, limit: int, statuses: str) -> Fields:
        asked = {"limit": str(limit), "status": statuses}
        page: Fields = await self._api.json("/monitors", parameters=asked)
        return page


def place_of(url: str) -> Place:
    """Return the place of an endpoint."""
    if url.startswith(UNIX):
        path = url.removeprefix(UNIX)
        return Place("http://localhost", socket=path, patience=PATIENCE)
    written = url if "://" in url else f"http://{url}"
    return Place(written.rstrip("/"), patience=PATIENCE)


def _in_order(monitors: list[Fields]) -> list[Fields]:
    """Return the worst first; of equals what changed last."""
    recent = sorted(monitors, key=lambda one: one["since"] or "", reverse=True)
    return sorted(recent, key=lambda one: WORST_FIRST.index(one["level"]))


def _told(place: Place, error: BaseException) -> str:
    """Return what is wrong and what may be done about it."""
    if isinstance(error, aiohttp.ClientResponseError | ValueError | LookupError):
        return f"{place} is no endpoint of heartbeat: {words(error)}"
    cause = words(error)
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = system_text(error.os_error)
    elif isinstance(error, TimeoutError):
        cause = "no answer in time"
    return (
        f"no heartbeat answers at {place}: {cause}. Is it running, with"
        " 'http.enabled: true'? --url says where its endpoint is"
    )

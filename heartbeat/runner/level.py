"""How well a target is: up, degraded, down, unknown or in maintenance.

Owns these words and which phases of a check may take too long. Must not know how the
phases came into the document.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from heartbeat.event import Fields

TOTAL: Final = "total"
"""The phase that is the whole attempt, which only its last document tells."""

_PLACES: Final = {
    TOTAL: ("monitor", "duration", "us"),
    "resolve": ("resolve", "rtt", "us"),
    "connect": ("tcp", "rtt", "connect", "us"),
    "tls": ("tls", "rtt", "handshake", "us"),
    "response": ("http", "rtt", "response_header", "us"),
    "ping": ("icmp", "rtt", "us"),
}
"""Where the document has the time of each phase, by the name of its threshold."""


class Level(StrEnum):
    """How well a target is, as far as that is known."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"
    """It was not looked at yet, or the monitor cannot look."""
    MAINTENANCE = "maintenance"
    """It is not looked at now; no document is made meanwhile."""


def slow_phases(fields: Fields, thresholds: Mapping[str, float]) -> Iterator[str]:
    """Yield the phases that took longer than their thresholds, in seconds."""
    for phase, seconds in thresholds.items():
        if _microseconds(fields, _PLACES[phase]) > seconds * 1e6:
            yield phase


def level_note(level: Level, slow: Collection[str]) -> Fields:
    """Return what a document says of the level; of a degraded one, why."""
    if level is Level.DEGRADED:
        return {"level": level.value, "slow": sorted(slow)}
    return {"level": level.value}


def _microseconds(fields: Fields, place: tuple[str, ...]) -> int:
    """Return a time from the document, 0 where there was no such phase."""
    value: Any = fields
    for name in place:
        if not isinstance(value, dict):
            return 0
        value = cast("Fields", value).get(name)
    return value if isinstance(value, int) else 0

"""The `index` and `pipeline` options: names that may hold the version and a date.

Owns what may stand in such a name. Must not know which events get it.
"""

from __future__ import annotations

from heartbeat import COMPATIBLE_VERSION
from heartbeat.formats import FormatString
from heartbeat.outputs.base import BEAT

SECOND = 1_000_000_000

DEFAULT = f"{BEAT}-{COMPATIBLE_VERSION}"
"""The data stream of events whose monitor names no other."""

KNOWN = {"agent.version": COMPATIBLE_VERSION, "beat.version": COMPATIBLE_VERSION}


class EventName:
    """A name that is the same for all events of one second."""

    __slots__ = ("_format", "_static", "is_static")

    def __init__(self, text: str) -> None:
        """Fill in the version; raises `ValueError` for what events do not decide."""
        self._format = FormatString(text, KNOWN)
        self._static = self._format.at(0).lower()
        self.is_static = self._format.static is not None

    def at(self, second: int) -> str:
        """Return the name for events of this second since the epoch, lower case."""
        if self.is_static:
            return self._static
        return self._format.at(second * SECOND).lower()

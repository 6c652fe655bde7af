"""The `index` and `pipeline` options: names that may hold the version and a date.

Owns what may stand in such a name. Must not know which events get it.
"""

from __future__ import annotations

import time

from heartbeat import COMPATIBLE_VERSION
from heartbeat.outputs.base import BEAT
from heartbeat.outputs.dates import format_dates

SECOND = 1_000_000_000

DEFAULT = f"{BEAT}-{COMPATIBLE_VERSION}"
"""The data stream of events whose monitor names no other."""

VERSIONS = ("%{[agent.version]}", "%{[beat.version]}")


class EventName:
    """A name that is the same for all events of one second."""

    __slots__ = ("_text", "is_static")

    def __init__(self, text: str) -> None:
        """Fill in the version; raises `ValueError` for what events do not decide."""
        for token in VERSIONS:
            text = text.replace(token, COMPATIBLE_VERSION)
        self._text = text.lower()
        self.is_static = "%{" not in text
        if not self.is_static:
            self._text = text
            self.at(0)

    def at(self, second: int) -> str:
        """Return the name for events of this second since the epoch, lower case."""
        if self.is_static:
            return self._text
        return format_dates(self._text, time.gmtime(second)).lower()

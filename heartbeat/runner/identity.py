"""Names: of this process in every document, of a run, of each endpoint of a monitor.

Owns the ids the contract prescribes. Must not know checks or documents.
"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from heartbeat.clock import Clock

_FNV_OFFSET = 0xCBF29CE484222325
_FNV_PRIME = 0x100000001B3
_64_BITS = 2**64 - 1

_GREGORIAN = 0x01B21DD213814000
"""From the start of the Gregorian calendar to the epoch, in steps of 100 ns."""

_MULTICAST = 1 << 40
"""The bit that tells a random node from the address of a network card."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the process as a whole puts into every document.

    `agent` holds the members of `agent`; `tags` and `fields` are the global ones.
    `common` is the part that all documents share.
    """

    agent: Mapping[str, Any]
    ecs_version: str = "8.0.0"
    tags: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    fields_under_root: bool = False
    common: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        """Make the common part once, for ten thousand monitors."""
        ecs = {"version": self.ecs_version}
        common = {"agent": dict(self.agent), "ecs": ecs}
        object.__setattr__(self, "common", common)


class TimeIds:
    """Makes time-based UUIDs (version 1) of one random node, in ascending order."""

    __slots__ = ("_clock", "_last", "_tail")

    def __init__(self, clock: Clock) -> None:
        sequence = 0x8000 | secrets.randbits(14)
        node = secrets.randbits(48) | _MULTICAST
        self._clock = clock
        self._last = 0
        self._tail = f"{sequence:04x}-{node:012x}"

    def next(self) -> str:
        """Return an id no other call has returned."""
        moment = max(self._clock.now() // 100 + _GREGORIAN, self._last + 1)
        self._last = moment
        digits = f"{moment:015x}"
        return f"{digits[7:]}-{digits[3:7]}-1{digits[:3]}-{self._tail}"


@dataclass(frozen=True, slots=True)
class Names:
    """What one endpoint of a monitor is called.

    `monitor_id` stands in documents. `key` is unique within the process even where
    documents cannot tell two endpoints apart, such as URLs differing in the password.
    """

    monitor_id: str
    key: str


def names_of(monitor_id: str, urls: Sequence[str | None]) -> list[Names]:
    """Return the names of a monitor's endpoints, given each one's `url.full`."""
    if len(urls) == 1:
        return [Names(monitor_id, monitor_id)]
    seen: Counter[str] = Counter()
    names: list[Names] = []
    for url in urls:
        own = f"{monitor_id}-{_fnv1(url or 'n/a'):x}"
        seen[own] += 1
        key = own if seen[own] == 1 else f"{own}#{seen[own]}"
        names.append(Names(own, key))
    return names


def _fnv1(text: str) -> int:
    value = _FNV_OFFSET
    for byte in text.encode("utf-8", "surrogateescape"):
        value = (value * _FNV_PRIME & _64_BITS) ^ byte
    return value

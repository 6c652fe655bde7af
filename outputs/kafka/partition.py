"""Which partition of a topic a message goes to.

Owns the ways to choose and their arithmetic, which is the reference's. Must not know
how partitions are found or messages are sent.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from heartbeat.formats import shortest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from heartbeat.outputs.fields import RecordFields

FNV_OFFSET, FNV_PRIME = 0x811C9DC5, 0x01000193
BITS_32 = 0xFFFF_FFFF
POSITIVE = 0x7FFF_FFFF
"""The hash without its sign."""

Lookup: TypeAlias = Callable[[str], Any]


class Unhashable(Exception):  # noqa: N818 - a verdict on an event, not a fault
    """An event lacks what its partition is to be computed from."""


class Partitioner(Protocol):
    """Chooses one of the partitions."""

    def __call__(
        self, partitions: Sequence[int], key: bytes | None, fields: RecordFields, /
    ) -> int:
        """Return one of `partitions`, which are in order; raises `Unhashable`."""
        ...


class Spread:
    """A partition for a group of events, then the next one."""

    def __init__(self, group: int, random: Random, *, in_turn: bool) -> None:
        """Begin anywhere; `in_turn` goes on with the next, not with any."""
        self._group = group
        self._random = random
        self._in_turn = in_turn
        self._left = 0
        self._place = random.randrange(POSITIVE)

    def __call__(
        self,
        partitions: Sequence[int],
        _key: bytes | None = None,
        _fields: RecordFields | None = None,
    ) -> int:
        """Return the partition of the present group."""
        if not self._left:
            self._left = self._group
            self._place = (
                self._place + 1 if self._in_turn else self._random.randrange(POSITIVE)
            )
        self._left -= 1
        return partitions[self._place % len(partitions)]


class Hash:
    """The same partition for the same key, or for the same values of fields."""

    def __init__(
        self, paths: Sequence[str], random: Random, *, falls_back: bool
    ) -> None:
        """Hash the key without paths; fall back to any partition, or refuse."""
        self._paths = paths
        self._spread = Spread(1, random, in_turn=False)
        self._falls_back = falls_back

    def __call__(
        self, partitions: Sequence[int], key: bytes | None, fields: RecordFields
    ) -> int:
        """Return the partition for the event."""
        if not self._paths:
            return self._of(partitions, key) if key else self._spread(partitions)
        try:
            data = b"".join(_hashed(path, fields) for path in self._paths)
        except Unhashable:
            if self._falls_back:
                return self._spread(partitions)
            raise
        return self._of(partitions, data)

    def _of(self, partitions: Sequence[int], data: bytes) -> int:
        return partitions[(fnv1a(data) & POSITIVE) % len(partitions)]


def fnv1a(data: bytes) -> int:
    """Return the hash of 32 bits by Fowler, Noll and Vo."""
    value = FNV_OFFSET
    for byte in data:
        value = (value ^ byte) * FNV_PRIME & BITS_32
    return value


def _hashed(path: str, fields: RecordFields) -> bytes:
    """Return a field as it is hashed: texts, numbers of 64 bits, short floats."""
    match fields(path):
        case bool() as flag:
            return bytes((flag,))
        case str() as text:
            return text.encode("utf-8", "surrogatepass")
        case int() as number:
            return struct.pack("<Q", number & 0xFFFF_FFFF_FFFF_FFFF)
        case float() as number:
            return shortest(number, single=True).encode()
        case _:
            raise Unhashable(f"the partition depends on {path}, which is missing")

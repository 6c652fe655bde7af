"""The records of the last moments, kept in memory so that nobody reads them back.

Owns the bound. Must not know who still needs a record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heartbeat.event import Record

OVERHEAD = 300
"""Bytes that a record takes in memory beside its body, about."""


class Window:
    """Records with consecutive sequences, from `first` on; the oldest go first.

    Those up to `visible` may be handed out, later ones are still being written.
    """

    __slots__ = ("_next", "_records", "first", "size", "visible")

    def __init__(self, first: int) -> None:
        """Begin empty; the first record to come has the sequence `first`."""
        self.first = self._next = first
        self.visible = first - 1
        self.size = 0
        self._records: dict[int, Record] = {}

    def add(self, record: Record) -> None:
        """Keep the record that follows the last one."""
        self._records[record.sequence] = record
        self._next = record.sequence + 1
        self.size += len(record.body) + OVERHEAD

    def get(self, sequence: int) -> Record | None:
        """Return the record, None if it is not here."""
        return self._records.get(sequence)

    def drop_through(self, last: int) -> None:
        """Let go of everything up to `last`."""
        for sequence in range(self.first, min(last + 1, self._next)):
            self._drop(sequence)

    def trim(self, size: int, last: int) -> None:
        """Let go of the oldest until `size` bytes are left, of none after `last`."""
        while self.size > size and self.first <= last:
            self._drop(self.first)

    def _drop(self, sequence: int) -> None:
        record = self._records.pop(sequence)
        self.size -= len(record.body) + OVERHEAD
        self.first = sequence + 1

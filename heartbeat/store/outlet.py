"""The store as one output sees it: taking records in order and settling them.

Owns the waiting, the reading ahead and the count of what the output lost. Must not know
when or how records are written.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from heartbeat.announce import Tally

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from heartbeat.clock import Clock
    from heartbeat.event import Record
    from heartbeat.store.cursor import Cursor
    from heartbeat.store.database import Slice
    from heartbeat.store.window import Window

log = logging.getLogger(__name__)


class Outlet:
    """Hands one output its records, from memory if they are there, else from the disk.

    `dirty` says that the cursor has moved since it was last written, `unwritten` how
    many of the `dropped` were lost since then.
    """

    def __init__(self, name: str, cursor: Cursor, window: Window, clock: Clock) -> None:
        """Begin with nothing read ahead."""
        self.name = name
        self.cursor = cursor
        self.dirty = False
        self.dropped = self.unwritten = 0
        self._window = window
        self._overflow = Tally(clock, self._announce)
        self._ahead: list[Record] = []
        self._news = asyncio.Event()
        self._lock = asyncio.Lock()

    async def take(
        self, limit: int, read: Callable[[int, int], Awaitable[Slice]]
    ) -> list[Record]:
        """Return the next records, waiting for the first; `read` gets at the disk.

        One taker at a time: the others stand in line, and none is woken for nothing.
        """
        cursor = self.cursor
        async with self._lock:
            while True:
                records = cursor.take_returned(limit)
                records += self._fresh(limit - len(records))
                if records:
                    return records
                if cursor.position <= self._window.visible:
                    position = cursor.position
                    self._read(position, await read(position, limit))
                else:
                    self._news.clear()
                    await self._news.wait()

    def settle(self, sequences: Iterable[int]) -> None:
        """Note records as delivered or given up."""
        self.cursor.settle(sequences)
        self.dirty = True

    def give_back(self, sequences: Iterable[int]) -> None:
        """Let records be taken again."""
        self.cursor.give_back(sequences)
        self._news.set()

    def notice(self) -> None:
        """Hear that there may be something to take."""
        self._news.set()

    def overflow(self, count: int) -> None:
        """Count records that the store had no room for."""
        if count:
            self._count(count)
            self._overflow.add(count)

    def overflow_through(self, last: int) -> None:
        """Give up records up to `last`, which had to make room."""
        if last > self.cursor.watermark:
            self.overflow(self.cursor.lose_through(last))
            self.dirty = True

    def close(self) -> None:
        """Announce what was not announced yet."""
        self._overflow.close()

    def _fresh(self, limit: int) -> list[Record]:
        """Hand out what is in memory and was never handed out."""
        cursor, window = self.cursor, self._window
        records: list[Record] = []
        while len(records) < limit and cursor.position <= window.visible:
            record = window.get(cursor.position) or self._next_ahead()
            if record is None:
                break
            if cursor.hand_out(record):
                records.append(record)
        return records

    def _next_ahead(self) -> Record | None:
        """Return the next record that was read from the disk."""
        while self._ahead:
            record = self._ahead.pop()
            if record.sequence > self.cursor.position:
                self._lose_unreadable(record.sequence - 1)
            if record.sequence >= self.cursor.position:
                return record
        return None

    def _read(self, position: int, part: Slice) -> None:
        """Keep what came from the disk, unless the cursor has moved meanwhile."""
        if self.cursor.position != position:
            return
        self._ahead = part.records[::-1]
        if not part.records:
            self._lose_unreadable(max(part.through, self._window.first - 1))

    def _lose_unreadable(self, last: int) -> None:
        """Step over records that are neither in memory nor whole on the disk."""
        lost = self.cursor.lose_through(last)
        self.dirty = True
        if lost:
            self._count(lost)
            log.error(
                "output '%s': %d events are damaged in the store and cannot be"
                " delivered",
                self.name,
                lost,
            )

    def _count(self, lost: int) -> None:
        self.dropped += lost
        self.unwritten += lost
        self.dirty = True

    def _announce(self, count: int) -> None:
        log.error(
            "output '%s': %d events were dropped: the store has no room for more;"
            " see queue.disk.max_size or queue.mem.events",
            self.name,
            count,
        )

"""The store as the event loop sees it: append, take, settle; nothing here blocks.

Owns the sequence and what is on its way to the disk. The rest lies beside: `database`
has the SQL, `committer` the rhythm and the thread, `outlet` the view of one output.

A record has its sequence from `append` on. Outputs see it when its commit is done, or
has failed: a disk that takes nothing must not stop delivery, so records are then kept
in memory and delivered from there while the commit is tried again.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Self

from heartbeat.announce import Outage
from heartbeat.errors import StoreError
from heartbeat.event import Record, milliseconds
from heartbeat.store.codec import Damaged
from heartbeat.store.committer import Committer
from heartbeat.store.cursor import Cursor
from heartbeat.store.database import (
    CHUNK_RECORDS,
    Database,
    Group,
    Loaded,
    Outcome,
)
from heartbeat.store.files import Files
from heartbeat.store.outlet import Outlet
from heartbeat.store.window import OVERHEAD, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from heartbeat.clock import Clock

log = logging.getLogger(__name__)


class Overflow(StrEnum):
    """What gives way when the store is full."""

    DROP_OLDEST = "drop_oldest"
    DROP_NEWEST = "drop_newest"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """How much the store keeps.

    `max_bytes` of undelivered events on the disk, compressed, and `max_events` for each
    output, both 0 for no limit; `memory_bytes` of recent ones in memory, and as much
    again while the disk fails.
    """

    max_bytes: int = 1024**3
    max_events: int = 0
    memory_bytes: int = 32 * 1024**2
    overflow: Overflow = Overflow.DROP_OLDEST


class Store:
    """Keeps records until every output has settled them, and the states they imply."""

    def __init__(
        self, committer: Committer, loaded: Loaded, limits: StoreLimits, files: Files
    ) -> None:
        """Take over an open database; use `open`."""
        self._committer = committer
        self._clock = committer.clock
        self._limits = limits
        self._files = files
        self._loaded_states = loaded.states
        self._next = self._first = loaded.last_sequence + 1
        self._saved = loaded.last_sequence
        self._size = loaded.size
        self._window = Window(self._next)
        self._outlets = {
            name: Outlet(name, Cursor(mark, settled), self._window, self._clock)
            for name, (mark, settled) in loaded.cursors.items()
        }
        self._outage = Outage(self._clock)
        self._pending: list[Record] = []
        self._pending_bytes = 0
        self._pending_states: dict[str, bytes] = {}
        self._strained = limits.overflow is Overflow.DROP_NEWEST
        self._room = asyncio.Event()
        self._room.set()
        committer.serve(self)

    @classmethod
    def open(
        cls,
        path: Path | None,
        *,
        outputs: Sequence[str],
        clock: Clock,
        limits: StoreLimits | None = None,
    ) -> Self:
        """Open or create the store; without a path it lives and dies in memory.

        Blocks; to be called before the loop is busy. A damaged file is renamed and a
        new one begun. Raises `StoreLocked` and `StoreError`.
        """
        files = Files(path)
        files.lock()
        committer = Committer(clock)
        try:
            loaded = _load(committer, files, tuple(outputs))
        except StoreError as error:
            committer.stop()
            files.unlock()
            raise StoreError(f"store {files}: {error}") from error
        for output, count in loaded.abandoned.items():
            log.warning(
                "store %s: %d events that wait for the output '%s' are given up: it is"
                " not configured any more",
                files,
                count,
                output,
            )
        return cls(committer, loaded, limits or StoreLimits(), files)

    def states(self) -> dict[str, bytes]:
        """Return the state of every monitor as it was committed before `open`.

        They are handed over: a second call returns nothing.
        """
        loaded, self._loaded_states = self._loaded_states, {}
        return loaded

    def append(self, records: Sequence[Record], states: Mapping[str, bytes]) -> None:
        """Keep the records and the states they imply, in one transaction.

        Returns at once; a state is one line of bytes and replaces the monitor's last.
        """
        self._pending_states.update(states)
        if self._strained and self._refuses():
            for outlet in self._outlets.values():
                outlet.overflow(len(records))
        elif self._outlets:
            for record in records:
                self._add(record)
        self._committer.poke(urgent=len(self._pending) >= CHUNK_RECORDS)

    @property
    def is_full(self) -> bool:
        """Say whether checks have to wait: the store is full, its policy to block."""
        return not self._room.is_set()

    async def room(self) -> None:
        """Wait until the store is not full, if its policy is to block."""
        await self._room.wait()

    async def flush(self) -> None:
        """Return when all that was appended is committed.

        Raises `StoreError` if the disk does not take it now.
        """
        await self._committer.flush()

    async def take(self, output: str, limit: int) -> list[Record]:
        """Return the next records for an output, at least one, at most `limit`.

        They are in flight until settled or given back.
        """
        return await self._outlets[output].take(limit, self._committer.read)

    def settle(self, output: str, sequences: Iterable[int]) -> None:
        """Note records as delivered or given up, in any order."""
        self._outlets[output].settle(sequences)
        self._window.drop_through(self._floor())
        self._committer.poke()

    def give_back(self, output: str, sequences: Iterable[int]) -> None:
        """Return records in flight, to be taken again."""
        self._outlets[output].give_back(sequences)

    def pending(self, output: str) -> int:
        """Return how many records the output has neither delivered nor given up."""
        return self._outlets[output].cursor.unsettled(self._next - 1)

    @property
    def appended(self) -> int:
        """Return how many records were taken since `open`."""
        return self._next - self._first

    @property
    def is_failing(self) -> bool:
        """Say whether the last commit failed: the disk takes nothing."""
        return self._outage.lasts

    def dropped(self, output: str) -> int:
        """Return how many records were lost to the output since `open`."""
        return self._outlets[output].dropped

    async def close(self) -> None:
        """Commit what is left and let go of the file."""
        try:
            await self.flush()
        except StoreError as error:
            log.error(  # noqa: TRY400 - for the operator, who has no use for a trace
                "store %s: %s; the last %d events were not kept",
                self._files,
                error,
                len(self._pending),
            )
        for outlet in self._outlets.values():
            outlet.close()
        await self._committer.close()
        self._files.unlock()

    # What the committer asks and tells.

    def has_work(self) -> bool:
        """Say whether there is anything to commit."""
        return bool(
            self._pending
            or self._pending_states
            or any(outlet.dirty for outlet in self._outlets.values())
        )

    def take_group(self) -> Group:
        """Hand over everything that there is to commit."""
        floor = self._floor()
        drops = self._limits.overflow is Overflow.DROP_OLDEST
        group = Group(
            records=[record for record in self._pending if record.sequence > floor],
            states=self._pending_states,
            cursors={
                name: outlet.cursor.encoded()
                for name, outlet in self._outlets.items()
                if outlet.dirty
            },
            dropped={
                name: outlet.unwritten
                for name, outlet in self._outlets.items()
                if outlet.unwritten
            },
            settled_through=floor,
            max_bytes=self._limits.max_bytes if drops else 0,
        )
        self._pending, self._pending_states = [], {}
        self._pending_bytes = 0
        for outlet in self._outlets.values():
            outlet.dirty = False
            outlet.unwritten = 0
        return group

    def committed(self, group: Group, outcome: Outcome) -> None:
        """Make the group's records visible to the outputs."""
        self._size = outcome.size
        if group.records:
            self._saved = group.records[-1].sequence
            self._show(self._saved)
        self._make_room(outcome.dropped_through)
        self._window.drop_through(self._floor())
        self._window.trim(self._limits.memory_bytes, self._saved)
        self._note_room()
        lasted = self._outage.worked()
        if lasted is not None:
            self._strained = self._limits.overflow is Overflow.DROP_NEWEST
            log.warning("store %s: can be written again after %s", self._files, lasted)

    def not_committed(self, group: Group, error: StoreError) -> None:
        """Keep the group for the next attempt, and let its records be delivered."""
        self._strained = True
        self._pending = [*group.records, *self._pending]
        self._pending_bytes = sum(len(r.body) + OVERHEAD for r in self._pending)
        self._pending_states = {**group.states, **self._pending_states}
        for name in group.cursors:
            self._outlets[name].dirty = True
        for name, count in group.dropped.items():
            self._outlets[name].unwritten += count
        if group.records:
            self._show(group.records[-1].sequence)
        self._note_room()
        prefix = self._outage.failed()
        if prefix is not None:
            log.error(
                "store %s: %scannot be written: %s; events stay in memory (up to %d"
                " MiB) and are delivered from there",
                self._files,
                prefix,
                error,
                self._limits.memory_bytes // 1024**2,
            )

    def _add(self, record: Record) -> None:
        sequence = self._next
        self._next = sequence + 1
        numbered = Record(record.body, record.routing, record.timestamp, sequence)
        self._pending.append(numbered)
        self._pending_bytes += len(record.body) + OVERHEAD
        self._window.add(numbered)

    def _make_room(self, dropped_through: int) -> None:
        """Give up what the disk dropped, and the oldest of more events than allowed."""
        limits = self._limits
        if limits.max_events and limits.overflow is Overflow.DROP_OLDEST:
            too_old = self._next - 1 - limits.max_events
            dropped_through = max(dropped_through, too_old)
        for outlet in self._outlets.values() if dropped_through > 0 else ():
            outlet.overflow_through(dropped_through)

    def _refuses(self) -> bool:
        """Say whether an event finds no room, as it may in strained circumstances."""
        if self._outage.lasts and self._pending_bytes >= self._limits.memory_bytes:
            return True
        return self._limits.overflow is Overflow.DROP_NEWEST and self._full()

    def _full(self) -> bool:
        limits = self._limits
        if limits.max_bytes and self._size + self._pending_bytes >= limits.max_bytes:
            return True
        waiting = self._next - 1 - self._floor()
        return bool(limits.max_events) and waiting >= limits.max_events

    def _note_room(self) -> None:
        if self._limits.overflow is Overflow.BLOCK and self._full():
            self._room.clear()
        else:
            self._room.set()

    def _show(self, last: int) -> None:
        self._window.visible = max(self._window.visible, last)
        for outlet in self._outlets.values():
            outlet.notice()

    def _floor(self) -> int:
        """Return what every output has settled."""
        outlets = self._outlets.values()
        return min((o.cursor.watermark for o in outlets), default=self._saved)


def _load(committer: Committer, files: Files, outputs: tuple[str, ...]) -> Loaded:
    """Open the database and read what it knows, from a fresh file if it is damaged."""

    def connect() -> Loaded:
        files.create()
        database = committer.open(partial(Database, files.path))
        return committer.call(partial(database.load, outputs))

    try:
        return connect()
    except Damaged as error:
        committer.abandon()
        stamp = milliseconds(committer.clock.now()).replace(":", "")
        log.error(  # noqa: TRY400 - for the operator, who has no use for a trace
            "store %s is damaged (%s): it is renamed to %s and a new one begun; events"
            " that it still held are not delivered",
            files,
            error,
            files.move_aside(stamp),
        )
        return connect()

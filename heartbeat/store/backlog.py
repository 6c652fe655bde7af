"""What waits in a store, for an operator who looks at it from another process.

Owns reading beside a running heartbeat and giving events up by hand while none runs.
Must not know the event loop or who asks.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from heartbeat.errors import StoreError, StoreLocked
from heartbeat.store.codec import unpack_records, unpack_states
from heartbeat.store.database import MIGRATIONS, Database, Group, translated
from heartbeat.store.files import COMPANIONS, Files

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from heartbeat.event import Record

AT_ONCE = 2_000
"""Records that are read in one go: a longer read would keep the log of a running
heartbeat from being written back."""

END = (
    "SELECT max(coalesce((SELECT max(last_seq) FROM chunks), 0),"
    " coalesce((SELECT max(watermark) FROM cursors), 0))"
)
CHUNKS = (
    "SELECT first_seq, last_seq, lines FROM chunks"
    " WHERE last_seq > ? ORDER BY first_seq"
)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for one output.

    `oldest` is when the oldest event was made, in nanoseconds since the epoch, None if
    none waits; `size` the bytes of the chunks that hold them, which outputs share;
    `dropped` how many the output has ever lost because the store was full or damaged.
    """

    output: str
    pending: int
    oldest: int | None
    size: int
    dropped: int


@dataclass(frozen=True, slots=True)
class _Place:
    """How far an output is: as in `cursor`."""

    output: str
    watermark: int
    settled: frozenset[int]
    dropped: int

    def pending(self, end: int) -> int:
        return end - self.watermark - len(self.settled)


class Reader:
    """A store that is only read, whoever else writes it meanwhile; use `opened`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Read through a connection."""
        self._run = connection.execute

    def backlogs(self) -> list[Backlog]:
        """Return what waits for each output, by name."""
        with translated():
            end = self.end()
            return [self._backlog(place, end) for place in self.places()]

    def pending(self, output: str, limit: int) -> Iterator[Record]:
        """Yield at most `limit` of the events that wait for an output, oldest first.

        Raises `StoreError` for an output the store does not know, and for damage.
        """
        place = next((p for p in self.places() if p.output == output), None)
        if place is None:
            known = ", ".join(p.output for p in self.places()) or "none"
            raise StoreError(f"no output '{output}' in the store; it knows: {known}")
        position = place.watermark
        while limit > 0:
            found, position = self._slice(position)
            waiting = [r for r in found if r.sequence not in place.settled]
            yield from waiting[:limit]
            limit -= len(waiting)
            if not found:
                return

    def places(self) -> list[_Place]:
        """Return how far each output is."""
        with translated():
            return [
                _Place(output, watermark, frozenset(orjson.loads(settled)), dropped)
                for output, watermark, settled, dropped in self._run(
                    "SELECT output, watermark, settled, dropped FROM cursors"
                    " ORDER BY output"
                )
            ]

    def end(self) -> int:
        """Return the sequence of the last record there ever was."""
        with translated():
            number: int = self._run(END).fetchone()[0]
        return number

    def _backlog(self, place: _Place, end: int) -> Backlog:
        oldest = next(self.pending(place.output, 1), None)
        size: int = self._run(
            "SELECT coalesce(sum(length(lines)), 0) FROM chunks WHERE last_seq > ?",
            (place.watermark,),
        ).fetchone()[0]
        return Backlog(
            place.output,
            place.pending(end),
            oldest.timestamp if oldest else None,
            size if oldest else 0,
            place.dropped,
        )

    def _slice(self, position: int) -> tuple[list[Record], int]:
        """Return some records behind a position, and the position behind them."""
        found: list[Record] = []
        with translated(), closing(self._run(CHUNKS, (position,))) as rows:
            for first, last, lines in rows:
                chunk = unpack_records(lines, first)
                found += [record for record in chunk if record.sequence > position]
                position = last
                if len(found) >= AT_ONCE:
                    break
        return found, position


@contextmanager
def opened(path: Path) -> Generator[Reader]:
    """Open a store to read it; raises `StoreError` if it cannot be read."""
    try:
        with closing(_connected(path)) as connection:
            with translated():
                _check(connection)
            yield Reader(connection)
    except StoreError as error:
        raise StoreError(f"store {path}: {error}") from error


def states_in(path: Path) -> dict[str, bytes]:
    """Return the state of every monitor that a store knows.

    All versions of the schema have kept them alike. Raises `StoreError` if they cannot
    be read.
    """
    try:
        with closing(_connected(path)) as connection, translated():
            run = connection.execute
            # Both tables as of one moment: states move from one into the other.
            run("BEGIN")
            found: dict[str, bytes] = dict(run("SELECT monitor, state FROM states"))
            for (entry,) in run("SELECT states FROM journal ORDER BY entry"):
                found |= unpack_states(entry)
            return found
    except StoreError as error:
        raise StoreError(f"store {path}: {error}") from error


def give_up(path: Path, outputs: Sequence[str]) -> dict[str, int]:
    """Give up what waits for the outputs; return how much that was, by output.

    Raises `StoreLocked` while heartbeat runs.
    """
    with (
        held(path),
        closing(Database(path)) as database,
        opened(path) as reader,
    ):
        end, places = reader.end(), reader.places()
        left = {p.output: p.watermark for p in places} | dict.fromkeys(outputs, end)
        cursors = dict.fromkeys(outputs, (end, "[]"))
        database.commit(Group(cursors=cursors, settled_through=min(left.values())))
        return {p.output: p.pending(end) for p in places if p.output in outputs}


@contextmanager
def held(path: Path) -> Generator[None]:
    """Hold a store as its owner does; raises `StoreLocked` while heartbeat runs."""
    files = Files(path)
    try:
        files.lock()
    except StoreLocked as error:
        text = f"store {path} is in use: stop heartbeat before you give events up"
        raise StoreLocked(text) from error
    try:
        yield
    finally:
        files.unlock()


def bytes_on_disk(path: Path) -> int:
    """Return what all files of a store take; 0 if there are none."""
    files = (path.with_name(path.name + suffix) for suffix in COMPANIONS)
    return sum(file.stat().st_size for file in files if file.exists())


def _connected(path: Path) -> sqlite3.Connection:
    with translated():
        # A log that is left over has to be read too, which the plain mode does.
        return sqlite3.connect(f"file:{path.absolute()}?mode=ro", uri=True)


def _check(connection: sqlite3.Connection) -> None:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != len(MIGRATIONS):
        raise StoreError(
            f"was written by another version of heartbeat (schema {version}, this one"
            f" reads {len(MIGRATIONS)}); start this version once"
        )

"""The store's file: one SQLite database, used by one thread.

Owns the schema, its migrations and every SQL statement that writes, except for those
about states of monitors, which lie in `states`; `backlog` only looks. Must not know the
event loop or why something is kept. WAL, because a commit is then one sequential write
and readers (`heartbeat queue`) never block it. `synchronous = NORMAL`: a commit is
handed to the operating system, so a killed process loses nothing of it. A loss of power
can take the last commits back, what the system had not written by itself, but always
whole ones, newest first: the file stays sound, and events, cursors and states agree.
FULL would cost a sync for each commit, several a second on disks that wear or turn.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from heartbeat.errors import StoreError
from heartbeat.store.codec import Damaged, pack_records, unpack_records
from heartbeat.store.states import States

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence
    from pathlib import Path

    from heartbeat.event import Record

MIGRATIONS = (
    """
    CREATE TABLE chunks (
        first_seq INTEGER PRIMARY KEY,
        last_seq INTEGER NOT NULL,
        lines BLOB NOT NULL
    );
    CREATE TABLE cursors (
        output TEXT PRIMARY KEY,
        watermark INTEGER NOT NULL,
        settled TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE states (monitor TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE journal (entry INTEGER PRIMARY KEY, states BLOB NOT NULL);
    """,
    "ALTER TABLE cursors ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0;",
)
"""Scripts from each schema version to the next; version 0 is an empty file."""

CHUNK_RECORDS = 500
SHRINK_ABOVE = 16 * 1024 * 1024
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What an earlier process left behind.

    `cursors` holds the watermark and what is settled beyond it for each output;
    `abandoned` how many records wait for outputs that are gone; `size` the bytes in
    chunks.
    """

    states: dict[str, bytes]
    cursors: Mapping[str, tuple[int, list[int]]]
    last_sequence: int
    size: int
    abandoned: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Group:
    """Everything that one commit writes.

    `dropped` counts what outputs lost since the last commit. `settled_through` is what
    every output has passed: chunks up to there are deleted. `max_bytes` is what
    chunks may take before the oldest go, 0 for no limit.
    """

    records: Sequence[Record] = ()
    states: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    cursors: Mapping[str, tuple[int, str]] = field(
        default_factory=dict[str, tuple[int, str]]
    )
    dropped: Mapping[str, int] = field(default_factory=dict[str, int])
    settled_through: int = 0
    max_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a commit led to: bytes in chunks, and the last record dropped or 0."""

    size: int
    dropped_through: int = 0


@dataclass(frozen=True, slots=True)
class Slice:
    """Records read back; everything up to `through` that is missing is lost."""

    records: list[Record]
    through: int


class Database:
    """An open database; every method blocks and belongs to the thread that opened it.

    Raises `Damaged` for a broken file and `StoreError` for one it cannot use.
    """

    def __init__(self, path: Path | None) -> None:
        """Open or create the file, check it if it was not closed, and migrate it."""
        self._size = 0
        self._found: dict[str, bytes] = {}
        unclean = path is not None and _holds(path.with_name(path.name + "-wal"))
        with translated():
            self._connection = sqlite3.connect(
                ":memory:" if path is None else path, isolation_level=None
            )
        try:
            with translated():
                self._prepare(check=unclean)
        except StoreError:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file; a clean close leaves it without a write-ahead log."""
        with translated():
            self._connection.close()

    def load(self, outputs: tuple[str, ...]) -> Loaded:
        """Register the outputs and return everything a new start needs.

        A new output begins at the current end; one that is not named is forgotten.
        """
        run = self._connection.execute
        with translated(), self._transaction():
            end: int = run(
                "SELECT max(coalesce((SELECT max(last_seq) FROM chunks), 0),"
                " coalesce((SELECT max(watermark) FROM cursors), 0))"
            ).fetchone()[0]
            cursors = {
                name: (mark, orjson.loads(settled))
                for name, mark, settled in run(
                    "SELECT output, watermark, settled FROM cursors"
                )
            }
            forgotten = {name: cursors.pop(name) for name in set(cursors) - {*outputs}}
            for name in forgotten:
                run("DELETE FROM cursors WHERE output = ?", (name,))
            for name in {*outputs} - set(cursors):
                cursors[name] = (end, [])
                run("INSERT INTO cursors VALUES (?, ?, '[]', 0)", (name, end))
            waiting = {
                name: end - mark - len(settled)
                for name, (mark, settled) in forgotten.items()
            }
            states, self._found = self._found, {}
            return Loaded(
                states=states,
                cursors=cursors,
                last_sequence=end,
                size=self._size,
                abandoned={name: count for name, count in waiting.items() if count},
            )

    def commit(self, group: Group) -> Outcome:
        """Write everything or nothing."""
        with translated(), self._transaction():
            size = self._size
            for start in range(0, len(group.records), CHUNK_RECORDS):
                size += self._insert(group.records[start : start + CHUNK_RECORDS])
            change = self._states.write(group.states) if group.states else None
            self._write_cursors(group)
            size -= self._delete_through(group.settled_through)
            dropped_through = 0
            if group.max_bytes and size > group.max_bytes:
                dropped_through = self._oldest_over(size - group.max_bytes)
                size -= self._delete_through(dropped_through)
        self._size = size
        if change is not None:
            self._states.accept(change)
        return Outcome(size, dropped_through)

    def read(self, position: int, limit: int) -> Slice:
        """Return at least `limit` records from `position` on, or all there are.

        A damaged chunk is skipped: its records are missing from the slice.
        """
        records: list[Record] = []
        through = position - 1
        with translated():
            rows = self._connection.execute(
                "SELECT first_seq, last_seq, lines FROM chunks WHERE first_seq >="
                " coalesce((SELECT max(first_seq) FROM chunks WHERE first_seq <= ?), 0)"
                " ORDER BY first_seq",
                (position,),
            )
            for first, last, lines in rows:
                try:
                    chunk = unpack_records(lines, first)
                except Damaged:
                    chunk = []
                records += [record for record in chunk if record.sequence >= position]
                through = max(through, last)
                if len(records) >= limit:
                    break
        return Slice(records, through)

    def _prepare(self, *, check: bool) -> None:
        run = self._connection.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")
        run("PRAGMA journal_size_limit = 16777216")
        if check and run("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise Damaged("the integrity check failed")
        self._migrate()
        self._shrink()
        total = "SELECT coalesce(sum(length(lines)), 0) FROM chunks"
        self._size = run(total).fetchone()[0]
        self._states = States(self._connection)
        self._found = self._states.load()

    def _migrate(self) -> None:
        version: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(MIGRATIONS):
            raise StoreError(
                f"was written by a newer heartbeat (schema {version}, this one knows"
                f" {len(MIGRATIONS)}); start that version or use another path.data"
            )
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            self._connection.executescript(
                f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;"
            )

    def _shrink(self) -> None:
        """Give disk space back after a long backlog was worked off."""
        pages, free, page = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        if free * page > SHRINK_ABOVE and free * 2 > pages:
            self._connection.execute("VACUUM")

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _insert(self, records: Sequence[Record]) -> int:
        lines = pack_records(records)
        self._connection.execute(
            "INSERT INTO chunks VALUES (?, ?, ?)",
            (records[0].sequence, records[-1].sequence, lines),
        )
        return len(lines)

    def _write_cursors(self, group: Group) -> None:
        self._connection.executemany(
            "INSERT INTO cursors VALUES (?, ?, ?, 0) ON CONFLICT (output) DO UPDATE"
            " SET watermark = excluded.watermark, settled = excluded.settled",
            [(output, *place) for output, place in group.cursors.items()],
        )
        self._connection.executemany(
            "UPDATE cursors SET dropped = dropped + ? WHERE output = ?",
            [(count, output) for output, count in group.dropped.items()],
        )

    def _delete_through(self, last: int) -> int:
        """Delete chunks that end at or before `last`; return their bytes."""
        span = (last, last)
        where = "FROM chunks WHERE first_seq <= ? AND last_seq <= ?"
        freed: int = self._connection.execute(
            f"SELECT coalesce(sum(length(lines)), 0) {where}",
            span,
        ).fetchone()[0]
        if freed:
            self._connection.execute(f"DELETE {where}", span)
        return freed

    def _oldest_over(self, excess: int) -> int:
        """Return the end of the oldest chunks that together free `excess` bytes."""
        chunks: Iterable[tuple[int, int]] = self._connection.execute(
            "SELECT last_seq, length(lines) FROM chunks ORDER BY first_seq"
        )
        return next(end for end, size in chunks if (excess := excess - size) <= 0)


def _holds(log: Path) -> bool:
    """Say whether a write-ahead log was left over; a reader leaves an empty one."""
    return log.exists() and log.stat().st_size > 0


@contextmanager
def translated() -> Generator[None]:
    """Raise the database's errors as ours."""
    try:
        yield
    except orjson.JSONDecodeError as error:
        raise Damaged(f"the place of an output is damaged: {error}") from error
    except sqlite3.Error as error:
        code: Any = getattr(error, "sqlite_errorcode", None)
        if code is not None and code & 0xFF in DAMAGED:
            raise Damaged(str(error)) from error
        raise StoreError(str(error)) from error

"""What a commit wrote is there after the process is gone, all of it or nothing."""

from __future__ import annotations

import sqlite3
from random import Random
from typing import TYPE_CHECKING

import pytest

from heartbeat.errors import StoreError
from heartbeat.event import Record
from heartbeat.store import database as module
from heartbeat.store.codec import Damaged, pack_records
from heartbeat.store.database import Database, Group, Loaded
from tests.support.records import numbered

# A test may make the database fail from within.
# pyright: reportPrivateUsage=false

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


NOISE = Random(1)  # noqa: S311 - bytes that gzip cannot make smaller


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    """Return an open database that knows one output."""
    opened = Database(path)
    opened.load(("out",))
    yield opened
    opened.close()


def reopened(path: Path, *outputs: str) -> Loaded:
    """Return what a new start finds."""
    database = Database(path)
    loaded = database.load(outputs or ("out",))
    database.close()
    return loaded


def test_a_new_file_is_empty(path: Path) -> None:
    """The first start finds no records, no states and outputs at the beginning."""
    loaded = reopened(path)

    assert loaded == Loaded({}, {"out": (0, [])}, 0, 0, {})


def test_a_commit_is_read_back(database: Database) -> None:
    """Records come back from a position on, with their sequences."""
    database.commit(Group(numbered(1, 3)))
    database.commit(Group(numbered(4, 6)))

    part = database.read(2, 3)

    assert (part.records, part.through) == (numbered(2, 6), 6)


def test_reading_stops_at_the_limit(database: Database) -> None:
    """Whole chunks are read until there is enough."""
    database.commit(Group(numbered(1, 3)))
    database.commit(Group(numbered(4, 6)))

    assert database.read(1, 3).records == numbered(1, 3)


def test_large_groups_become_several_chunks(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chunk stays small enough to be read at once."""
    monkeypatch.setattr(module, "CHUNK_RECORDS", 2)
    database.commit(Group(numbered(1, 5)))

    assert database.read(1, 1).records == numbered(1, 2)


def test_records_states_and_cursors_agree(database: Database, path: Path) -> None:
    """Everything of a commit is there at the next start."""
    group = Group(numbered(1, 3), {"m": b"up"}, {"out": (1, "[3]")})
    outcome = database.commit(group)

    loaded = reopened(path)

    assert loaded == Loaded({"m": b"up"}, {"out": (1, [3])}, 3, outcome.size, {})


def test_a_failed_commit_leaves_nothing(database: Database, path: Path) -> None:
    """When one part cannot be written, no part is."""
    database.commit(Group(numbered(1, 3)))
    size = database.commit(Group()).size

    with pytest.raises(StoreError, match="UNIQUE"):
        database.commit(Group(numbered(1, 1), {"m": b"up"}))

    assert database.commit(Group()).size == size
    assert reopened(path).states == {}


def test_a_full_disk_leaves_the_file_usable(database: Database, path: Path) -> None:
    """When there is no room the commit fails, and the next one can succeed."""
    with sqlite3.connect(path) as reader:
        pages = reader.execute("PRAGMA page_count").fetchone()[0]
    reader.close()
    limit = database._connection.execute("PRAGMA max_page_count").fetchone()[0]
    noise = [
        Record(NOISE.randbytes(9000).replace(b"\n", b""), one.routing, 1, one.sequence)
        for one in numbered(1, 9)
    ]
    database._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="full"):
        database.commit(Group(noise, {"m": b"up"}))
    database._connection.execute(f"PRAGMA max_page_count = {limit}")
    database.commit(Group(numbered(1, 2)))

    assert database.read(1, 9).records == numbered(1, 2)
    assert reopened(path).states == {}


def test_a_read_only_file_may_become_writable(database: Database, path: Path) -> None:
    """As after a disk was mounted anew: nothing is half done, then all works."""
    database._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="readonly"):
        database.commit(Group(numbered(1, 2), {"m": b"up"}))
    database._connection.execute("PRAGMA query_only = OFF")
    database.commit(Group(numbered(1, 2)))

    assert database.read(1, 9).records == numbered(1, 2)
    assert reopened(path).states == {}


def test_a_failure_that_ends_the_transaction_is_reported(database: Database) -> None:
    """SQLite takes some failed transactions back by itself."""
    database._connection.execute(
        "CREATE TRIGGER stop BEFORE INSERT ON journal"
        " BEGIN SELECT RAISE(ROLLBACK, 'stop'); END"
    )
    with pytest.raises(StoreError, match="stop"):
        database.commit(Group(numbered(1, 2), {"m": b"up"}))

    assert database.read(1, 9).records == []


def test_a_damaged_cursor_is_noticed(database: Database, path: Path) -> None:
    """What is settled beyond the watermark is JSON or nothing."""
    with sqlite3.connect(path) as writer:
        writer.execute("UPDATE cursors SET settled = '[1'")
    writer.close()

    with pytest.raises(Damaged, match="place of an output is damaged"):
        database.load(("out",))


def test_chunks_that_all_have_settled_are_deleted(database: Database) -> None:
    """Only chunks that end within what is settled go."""
    database.commit(Group(numbered(1, 3)))
    size = database.commit(Group(numbered(4, 6))).size

    outcome = database.commit(Group(settled_through=5))

    assert outcome.size < size
    assert database.read(1, 10).records == numbered(4, 6)


def test_the_oldest_chunks_make_room(database: Database) -> None:
    """Chunks over the limit go, oldest first, and the end of them is told."""
    size = database.commit(Group(numbered(1, 3))).size
    database.commit(Group(numbered(4, 6)))

    outcome = database.commit(Group(numbered(7, 9), max_bytes=int(size * 1.5)))

    assert outcome.dropped_through == 6
    assert database.read(1, 10).records == numbered(7, 9)


def test_the_last_state_wins(database: Database, path: Path) -> None:
    """A monitor's later state replaces its earlier one."""
    database.commit(Group(states={"a": b"1", "b": b"1"}))
    database.commit(Group(states={"a": b"2"}))

    assert reopened(path).states == {"a": b"2", "b": b"1"}


def test_a_new_output_begins_at_the_end(database: Database, path: Path) -> None:
    """An output that was just configured is not sent the past."""
    database.commit(Group(numbered(1, 3)))

    assert reopened(path, "out", "new").cursors["new"] == (3, [])


def test_an_output_that_is_gone_is_reported(database: Database, path: Path) -> None:
    """What waited for an output that is not configured any more is counted."""
    database.commit(Group(numbered(1, 3), cursors={"out": (0, "[2]")}))

    loaded = reopened(path, "new")

    assert (loaded.abandoned, loaded.cursors) == ({"out": 2}, {"new": (3, [])})


def test_sequences_go_on_after_everything_is_delivered(
    database: Database, path: Path
) -> None:
    """An empty store still knows the last sequence it gave."""
    database.commit(Group(numbered(1, 3)))
    database.commit(Group(cursors={"out": (3, "[]")}, settled_through=3))

    assert reopened(path).last_sequence == 3


def test_a_damaged_chunk_is_skipped(database: Database, path: Path) -> None:
    """The records around a damaged chunk are still read."""
    for first in (1, 4, 7):
        database.commit(Group(numbered(first, first + 2)))
    with sqlite3.connect(path) as writer:
        writer.execute("UPDATE chunks SET lines = x'00' WHERE first_seq = 4")
    writer.close()

    part = database.read(1, 10)

    assert (part.records, part.through) == (numbered(1, 3) + numbered(7, 9), 9)


def test_a_file_that_is_no_database_is_damaged(path: Path) -> None:
    """Anything but SQLite is recognised."""
    path.write_bytes(b"no database " * 100)

    with pytest.raises(Damaged, match="not a database"):
        Database(path)


def test_a_crash_is_followed_by_a_check(path: Path) -> None:
    """A file that was not closed is checked before it is trusted."""
    opened = Database(path)
    opened.commit(Group(numbered(1, 50)))
    opened.close()
    content = bytearray(path.read_bytes())
    content[-4096:] = b"x" * 4096
    path.write_bytes(content)
    path.with_name("store.db-wal").write_bytes(b"left over")

    with pytest.raises(Damaged, match="integrity check failed"):
        Database(path)


@pytest.mark.parametrize("version", range(len(module.MIGRATIONS)))
def test_an_older_schema_is_brought_up_to_date(path: Path, version: int) -> None:
    """Whatever an older heartbeat left is still there."""
    with sqlite3.connect(path) as writer:
        for script in module.MIGRATIONS[:version]:
            writer.executescript(script)
        if version:
            lines = pack_records(numbered(1, 2))
            writer.execute("INSERT INTO chunks VALUES (1, 2, ?)", (lines,))
            writer.execute(
                "INSERT INTO cursors (output, watermark, settled)"
                " VALUES ('out', 1, '[]')"
            )
        writer.execute(f"PRAGMA user_version = {version}")
    writer.close()

    database = Database(path)
    loaded = database.load(("out",))
    kept = database.read(1, 9).records
    database.close()

    assert loaded.cursors == {"out": (1 if version else 0, [])}
    assert kept == (numbered(1, 2) if version else [])


def test_a_newer_schema_is_refused(path: Path) -> None:
    """A file of a later version is left alone."""
    Database(path).close()
    with sqlite3.connect(path) as writer:
        writer.execute("PRAGMA user_version = 99")
    writer.close()

    with pytest.raises(StoreError, match="newer heartbeat"):
        Database(path)


def test_disk_space_is_given_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that once held a backlog shrinks at the next start."""
    monkeypatch.setattr(module, "SHRINK_ABOVE", 1 << 14)
    opened = Database(path)
    opened.load(("out",))
    noisy = [
        Record(NOISE.randbytes(999).replace(b"\n", b""), one.routing, 1, one.sequence)
        for one in numbered(1, 99)
    ]
    opened.commit(Group(noisy))
    opened.commit(Group(settled_through=99))
    opened.close()
    before = path.stat().st_size

    reopened(path)

    assert path.stat().st_size < before


def test_an_impossible_place_is_refused(tmp_path: Path) -> None:
    """A folder that is not there is an error of the store."""
    with pytest.raises(StoreError, match="unable to open"):
        Database(tmp_path / "missing" / "store.db")


def test_memory_is_a_database_too() -> None:
    """Without a path everything works, in memory."""
    opened = Database(None)
    opened.load(("out",))
    opened.commit(Group(numbered(1, 2)))
    part = opened.read(1, 5)
    opened.close()

    assert part.records == numbered(1, 2)

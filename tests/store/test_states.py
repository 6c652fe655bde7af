"""The states of monitors in the store's file."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from heartbeat.errors import StoreError
from heartbeat.store import states as module
from heartbeat.store.database import Database, Group

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MOST = 4


@pytest.fixture(autouse=True)
def short_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the journal keep four states, however many monitors there are."""
    monkeypatch.setattr(module, "AT_LEAST", MOST)
    monkeypatch.setattr(module, "FACTOR", 0)


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    """Return an open database."""
    opened = Database(path)
    yield opened
    opened.close()


def found(path: Path) -> Mapping[str, bytes]:
    """Return the states that a new start finds."""
    with closing(Database(path)) as database:
        return database.load(()).states


def rows(path: Path) -> list[str]:
    """Return whose states are rows."""
    with closing(sqlite3.connect(path)) as reader:
        query = "SELECT monitor FROM states ORDER BY monitor"
        return [name for (name,) in reader.execute(query)]


def entries(path: Path) -> int:
    """Return how many entries the journal has."""
    with closing(sqlite3.connect(path)) as reader:
        count: int = reader.execute("SELECT count(*) FROM journal").fetchone()[0]
        return count


def test_a_long_journal_is_cut(database: Database, path: Path) -> None:
    """It does not grow without end, and the last state of each is still known."""
    for number in range(20):
        database.commit(Group(states={"a": b"%d" % number, "b": b"x"}))

    assert entries(path) == MOST / 2
    assert found(path) == {"a": b"19", "b": b"x"}


def test_who_runs_again_and_again_costs_no_row(database: Database, path: Path) -> None:
    """An entry goes unread when all of its monitors have a later one."""
    for number in range(20):
        database.commit(Group(states={"a": b"%d" % number}))

    assert rows(path) == []


def test_who_is_not_heard_of_becomes_a_row(database: Database, path: Path) -> None:
    """The last word of a monitor outlives the entry it was in."""
    database.commit(Group(states={"slow": b"kept", "fast": b"0"}))
    for number in range(9):
        database.commit(Group(states={"fast": b"%d" % number}))

    assert rows(path) == ["slow"]
    assert found(path) == {"slow": b"kept", "fast": b"8"}


def test_a_row_gives_way_to_a_later_entry(database: Database, path: Path) -> None:
    """A monitor that comes back after a long time is known as it is now."""
    database.commit(Group(states={"slow": b"old"}))
    for number in range(9):
        database.commit(Group(states={"fast": b"%d" % number}))
    database.commit(Group(states={"slow": b"new"}))

    assert rows(path) == ["slow"]
    assert found(path)["slow"] == b"new"


def test_the_entry_being_written_counts_as_later(
    database: Database, path: Path
) -> None:
    """What replaces a state at this very moment saves its row, too."""
    database.commit(Group(states={"a": b"1", "b": b"1"}))
    database.commit(Group(states={"c": b"1", "d": b"1"}))
    database.commit(Group(states={"a": b"2", "b": b"2"}))

    assert rows(path) == []
    assert found(path) == {"a": b"2", "b": b"2", "c": b"1", "d": b"1"}


def test_a_new_start_goes_on_where_the_last_one_was(path: Path) -> None:
    """What is the last word of whom is known from the journal itself."""
    for number in range(20):
        with closing(Database(path)) as database:
            states = {"fast": b"%d" % number} | ({} if number else {"slow": b"kept"})
            database.commit(Group(states=states))

    assert rows(path) == ["slow"]
    assert entries(path) == MOST
    assert found(path) == {"slow": b"kept", "fast": b"19"}


def test_the_limit_grows_with_the_monitors(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many monitors keep as many entries each as few do."""
    monkeypatch.setattr(module, "FACTOR", 3)
    names = [f"m{number}" for number in range(5)]
    for _ in range(10):
        for name in names:
            database.commit(Group(states={name: b"x"}))

    assert entries(path) == 3 * len(names)


def test_a_commit_that_fails_retires_nothing(database: Database, path: Path) -> None:
    """All of it is taken back, and the next one does what this one did not."""
    database.commit(Group(states={"slow": b"kept", "fast": b"0"}))
    database.commit(Group(states={"fast": b"1", "other": b"1"}))
    database._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="readonly"):
        database.commit(Group(states={"fast": b"2"}))
    database._connection.execute("PRAGMA query_only = OFF")

    assert found(path) == {"slow": b"kept", "fast": b"1", "other": b"1"}
    database.commit(Group(states={"fast": b"2"}))
    assert rows(path) == ["slow"]
    assert found(path) == {"slow": b"kept", "fast": b"2", "other": b"1"}


def test_a_failure_behind_the_journal_takes_it_back(
    database: Database, path: Path
) -> None:
    """Entries that the transaction has deleted already are there again."""
    database.commit(Group(states={"slow": b"kept", "fast": b"0"}))
    database.commit(Group(states={"fast": b"1", "other": b"1"}))
    database._connection.execute(
        "CREATE TRIGGER stop BEFORE INSERT ON cursors"
        " BEGIN SELECT RAISE(ABORT, 'stop'); END"
    )
    with pytest.raises(StoreError, match="stop"):
        database.commit(Group(states={"fast": b"2"}, cursors={"out": (0, "[]")}))
    database._connection.execute("DROP TRIGGER stop")
    database.commit(Group(states={"fast": b"3"}))

    assert rows(path) == ["slow"]
    assert found(path) == {"slow": b"kept", "fast": b"3", "other": b"1"}

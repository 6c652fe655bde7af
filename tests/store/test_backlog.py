"""What an operator sees of a store, and what they may do to it."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from heartbeat.errors import StoreError, StoreLocked
from heartbeat.store import Overflow, backlog
from heartbeat.store.backlog import Backlog
from heartbeat.store.database import Database
from tests.support.clock import START_NS
from tests.support.records import ids, records
from tests.support.store import opened, taken

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.clock import FakeClock


def seen(path: Path) -> dict[str, tuple[int, int | None, int]]:
    """Return what waits, the oldest and what was dropped, by output."""
    with backlog.opened(path) as reader:
        return {
            one.output: (one.pending, one.oldest, one.dropped)
            for one in reader.backlogs()
        }


def waiting(path: Path, output: str, limit: int = 100) -> list[str]:
    """Return the ids of the events that wait for an output."""
    with backlog.opened(path) as reader:
        return ids(list(reader.pending(output, limit)))


async def test_a_running_store_is_seen(path: Path, clock: FakeClock) -> None:
    """Each output has its own backlog, settled events are not part of it."""
    async with opened(path, clock, "a", "b") as store:
        store.append(records(5), {})
        await store.flush()
        await taken(store, "a")
        store.settle("a", [1, 2, 4])
        await store.flush()

        assert seen(path) == {
            "a": (2, START_NS + 3, 0),
            "b": (5, START_NS + 1, 0),
        }
        assert waiting(path, "a") == ["id-3", "id-5"]
        assert waiting(path, "b", 2) == ["id-1", "id-2"]


async def test_an_empty_backlog(path: Path, clock: FakeClock) -> None:
    """An output that has everything waits for nothing and takes no room."""
    async with opened(path, clock):
        pass

    with backlog.opened(path) as reader:
        assert reader.backlogs() == [Backlog("out", 0, None, 0, 0)]


async def test_sizes(path: Path, clock: FakeClock) -> None:
    """An output needs the chunks behind its place; the files take more."""
    async with opened(path, clock) as store:
        store.append(records(5), {})
        await store.flush()
    with backlog.opened(path) as reader:
        (one,) = reader.backlogs()

    assert 0 < one.size < backlog.bytes_on_disk(path)


async def test_a_long_backlog_is_read_piece_by_piece(
    path: Path, clock: FakeClock
) -> None:
    """No event is missing between two pieces."""
    count = backlog.AT_ONCE + 600
    async with opened(path, clock) as store:
        store.append(records(count), {})
        await store.flush()

    found = waiting(path, "out", count * 2)

    assert found == [f"id-{number}" for number in range(1, count + 1)]


async def test_looking_leaves_no_work_behind(path: Path, clock: FakeClock) -> None:
    """The next start finds the store as clean as it was left."""
    async with opened(path, clock) as store:
        store.append(records(1), {})
    seen(path)

    async with opened(path, clock) as store:
        assert await taken(store) == ["id-1"]


async def test_dropped_events_are_counted_for_good(
    path: Path, clock: FakeClock
) -> None:
    """What was lost for want of room is told after a restart, too."""
    policy = Overflow.DROP_NEWEST
    for _ in range(2):
        async with opened(path, clock, max_bytes=1, overflow=policy) as store:
            store.append(records(3), {})
            await store.flush()
            store.append(records(3), {})

    pending, _, dropped = seen(path)["out"]
    assert (pending, dropped) == (3, 9)


def test_an_unknown_output(path: Path) -> None:
    """The outputs that there are get named."""
    Database(path).close()

    with pytest.raises(StoreError, match="no output 'x' in the store; it knows: none"):
        waiting(path, "x")


def test_no_store(path: Path) -> None:
    """Looking does not create what is not there."""
    with pytest.raises(StoreError, match="unable to open"):
        seen(path)
    assert backlog.bytes_on_disk(path) == 0


def test_another_version(path: Path) -> None:
    """A store of another version is not misread."""
    with sqlite3.connect(path) as writer:
        writer.execute("PRAGMA user_version = 1")
    writer.close()

    with pytest.raises(StoreError, match=r"another version .*schema 1, this one reads"):
        seen(path)


class TestGiveUp:
    """`give_up`."""

    async def test_one_output(self, path: Path, clock: FakeClock) -> None:
        """The others still get theirs, and new events go to all."""
        async with opened(path, clock, "a", "b") as store:
            store.append(records(3), {"m": b"s"})

        assert backlog.give_up(path, ["a"]) == {"a": 3}
        assert seen(path) == {"a": (0, None, 0), "b": (3, START_NS + 1, 0)}
        async with opened(path, clock, "a", "b") as store:
            assert store.states() == {"m": b"s"}
            store.append(records(1, first=4), {})
            await store.flush()
            assert await taken(store, "a") == ["id-4"]
            assert await taken(store, "b") == ["id-1", "id-2", "id-3", "id-4"]

    async def test_all(self, path: Path, clock: FakeClock) -> None:
        """Nothing is left on the disk."""
        async with opened(path, clock, "a", "b") as store:
            store.append(records(3), {})

        assert backlog.give_up(path, ["a", "b"]) == {"a": 3, "b": 3}
        with sqlite3.connect(path) as reader:
            assert reader.execute("SELECT count(*) FROM chunks").fetchone() == (0,)
        reader.close()

    async def test_not_while_heartbeat_runs(self, path: Path, clock: FakeClock) -> None:
        """Whoever tries is told what to do first."""
        async with opened(path, clock) as store:
            store.append(records(1), {})
            await store.flush()

            with pytest.raises(StoreLocked, match="stop heartbeat before"):
                backlog.give_up(path, ["out"])
            assert seen(path)["out"][0] == 1

    def test_again(self, path: Path) -> None:
        """The store is let go: a second time is as good as the first."""
        database = Database(path)
        database.load(("out",))
        database.close()

        assert backlog.give_up(path, ["out"]) == {"out": 0}
        assert backlog.give_up(path, ["out"]) == {"out": 0}

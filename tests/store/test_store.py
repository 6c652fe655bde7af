"""The store on the loop: what is appended is delivered, once, whatever happens."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.errors import StoreError, StoreLocked
from heartbeat.store import Overflow, Store, StoreLimits
from heartbeat.store.database import Database
from tests.support.records import ids, records

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from tests.support.clock import FakeClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the store lies."""
    return tmp_path / "store.db"


@asynccontextmanager
async def opened(
    path: Path | None, clock: FakeClock, *outputs: str, **limits: Any
) -> AsyncGenerator[Store]:
    """Open a store for the outputs, `out` unless named, and close it at the end."""
    store = Store.open(
        path, outputs=outputs or ("out",), clock=clock, limits=StoreLimits(**limits)
    )
    try:
        yield store
    finally:
        await store.close()


async def taken(store: Store, output: str = "out", limit: int = 100) -> list[str]:
    """Take records and return their ids."""
    return ids(await store.take(output, limit))


class FullDisk:
    """Makes every commit fail until told otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Fill the disk."""
        self.is_full = True
        commit = Database.commit

        def failing(database: Database, group: Any) -> Any:
            if self.is_full:
                raise StoreError("database or disk is full")
            return commit(database, group)

        monkeypatch.setattr(Database, "commit", failing)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> FullDisk:
    """Return a disk that is full."""
    return FullDisk(monkeypatch)


async def test_records_are_taken_in_order(path: Path, clock: FakeClock) -> None:
    """What is appended comes out in the same order, numbered."""
    async with opened(path, clock) as store:
        store.append(records(3), {})
        await store.flush()
        batch = await store.take("out", 10)

    assert [(one.sequence, one.routing.id) for one in batch] == [
        (1, "id-1"),
        (2, "id-2"),
        (3, "id-3"),
    ]


async def test_an_idle_store_commits_at_once(path: Path, clock: FakeClock) -> None:
    """The first event does not wait for company."""
    async with opened(path, clock) as store:
        store.append(records(1), {})
        await clock.advance()

        assert await taken(store) == ["id-1"]


async def test_a_busy_store_commits_in_groups(path: Path, clock: FakeClock) -> None:
    """What comes soon after a commit waits for the rest of its tenth of a second."""
    async with opened(path, clock) as store:
        store.append(records(1), {})
        await store.flush()
        await taken(store)
        store.append(records(2, first=2), {})
        taker = asyncio.create_task(taken(store))
        await clock.advance(0.099)
        before = taker.done()
        await clock.advance(0.001)

        assert (before, await taker) == (False, ["id-2", "id-3"])


async def test_a_large_group_does_not_wait(path: Path, clock: FakeClock) -> None:
    """Five hundred events are committed whatever the time."""
    async with opened(path, clock) as store:
        store.append(records(1), {})
        await store.flush()
        await taken(store)
        store.append(records(500, first=2), {})

        assert len(await store.take("out", 1000)) == 500


async def test_a_taker_waits_for_the_first_record(path: Path, clock: FakeClock) -> None:
    """Taking from an empty store ends when there is something."""
    async with opened(path, clock) as store:
        taker = asyncio.create_task(taken(store))
        await clock.advance()
        waited = not taker.done()
        store.append(records(1), {})
        await clock.advance()

        assert (waited, await taker) == (True, ["id-1"])


async def test_no_record_is_in_flight_twice(path: Path, clock: FakeClock) -> None:
    """Several takers of one output share its records."""
    async with opened(path, clock) as store:
        store.append(records(4), {})
        await store.flush()
        first, second = await asyncio.gather(
            taken(store, limit=2), taken(store, limit=2)
        )

    assert (first, second) == (["id-1", "id-2"], ["id-3", "id-4"])


async def test_a_cancelled_taker_takes_nothing(path: Path, clock: FakeClock) -> None:
    """A record is not lost with whoever waited for it."""
    async with opened(path, clock) as store:
        taker = asyncio.create_task(taken(store))
        await clock.advance()
        taker.cancel()
        await asyncio.wait((taker,))
        store.append(records(1), {})
        await store.flush()

        assert await taken(store) == ["id-1"]


async def test_returned_records_are_taken_first(path: Path, clock: FakeClock) -> None:
    """What was given back comes again, before anything newer."""
    async with opened(path, clock) as store:
        store.append(records(3), {})
        await store.flush()
        await store.take("out", 2)
        store.give_back("out", [2])

        assert await taken(store) == ["id-2", "id-3"]


async def test_giving_back_wakes_a_taker(path: Path, clock: FakeClock) -> None:
    """A waiting taker gets what another one returned."""
    async with opened(path, clock) as store:
        store.append(records(1), {})
        await store.flush()
        await taken(store)
        taker = asyncio.create_task(taken(store))
        await clock.advance()
        store.give_back("out", [1])

        assert await taker == ["id-1"]


async def test_every_output_gets_everything(path: Path, clock: FakeClock) -> None:
    """What one output settles is still there for the others."""
    async with opened(path, clock, "a", "b") as store:
        store.append(records(2), {})
        await store.flush()
        await taken(store, "a")
        store.settle("a", [1, 2])
        await store.flush()

        assert await taken(store, "b") == ["id-1", "id-2"]
        assert (store.pending("a"), store.pending("b")) == (0, 2)


async def test_a_store_without_outputs_keeps_only_states(
    path: Path, clock: FakeClock
) -> None:
    """Records that nobody will take are not kept."""
    store = Store.open(path, outputs=(), clock=clock)
    store.append(records(1), {"m": b"up"})
    await store.close()

    async with opened(path, clock) as again:
        assert (again.states(), again.pending("out")) == ({"m": b"up"}, 0)


async def test_undelivered_records_survive(path: Path, clock: FakeClock) -> None:
    """A new start delivers what the last one did not, and nothing twice."""
    async with opened(path, clock) as store:
        store.append(records(4), {})
        await store.flush()
        await store.take("out", 3)
        store.settle("out", [1, 3])

    async with opened(path, clock) as store:
        assert await taken(store) == ["id-2", "id-4"]


async def test_states_survive_and_are_handed_over(path: Path, clock: FakeClock) -> None:
    """The last state of each monitor is there at the next start, once."""
    async with opened(path, clock) as store:
        store.append(records(1), {"m": b"up"})
        store.append(records(1), {"m": b"down"})

    async with opened(path, clock) as store:
        assert [store.states(), store.states()] == [{"m": b"down"}, {}]


async def test_settling_alone_is_committed(path: Path, clock: FakeClock) -> None:
    """Progress is kept even if no further event comes."""
    async with opened(path, clock) as store:
        store.append(records(1), {})
        await store.flush()
        await taken(store)
        store.settle("out", [1])
        await clock.advance(0.1)
        await store.flush()

        with sqlite3.connect(path) as reader:
            rows = reader.execute("SELECT * FROM cursors").fetchall()
        reader.close()
        assert rows == [("out", 1, "[]")]


async def test_a_backlog_is_read_from_the_disk(path: Path, clock: FakeClock) -> None:
    """Records that memory has no room for come from the file, all and in order."""
    async with opened(path, clock, memory_bytes=1000) as store:
        for first in range(1, 31, 3):
            store.append(records(3, first=first), {})
            await store.flush()
        batch: list[str] = []
        while len(batch) < 30:
            batch += await taken(store, limit=4)

    assert batch == [f"id-{number}" for number in range(1, 31)]


async def test_the_oldest_make_room(
    path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A full store loses its oldest records, counts them and says so."""
    async with opened(path, clock, max_bytes=500) as store:
        for first in range(1, 40, 4):
            store.append(records(4, first=first), {})
            await store.flush()
        left = await taken(store)

        assert left[-1] == "id-40"
        assert store.dropped("out") == 40 - len(left) > 0
        assert store.pending("out") == len(left)
    assert "output 'out': 4 events were dropped" in caplog.text


async def test_the_newest_are_refused_by_choice(path: Path, clock: FakeClock) -> None:
    """With drop_newest a full store keeps what it has, and still keeps states."""
    async with opened(
        path, clock, max_bytes=500, overflow=Overflow.DROP_NEWEST
    ) as store:
        for first in range(1, 40, 4):
            store.append(records(4, first=first), {"m": b"%d" % first})
            await store.flush()
        left = await taken(store)
        dropped = store.dropped("out")

    async with opened(path, clock) as store:
        assert (left[0], dropped) == ("id-1", 40 - len(left))
        assert store.states() == {"m": b"37"}


@pytest.mark.parametrize(
    ("overflow", "left"),
    [
        (Overflow.DROP_OLDEST, ["id-4", "id-5", "id-6"]),
        (Overflow.DROP_NEWEST, ["id-1", "id-2", "id-3"]),
    ],
)
async def test_events_can_be_limited_by_number(
    clock: FakeClock, overflow: Overflow, left: list[str]
) -> None:
    """A queue in memory holds as many events as the operator wants."""
    async with opened(None, clock, max_events=3, overflow=overflow) as store:
        for number in range(1, 7):
            store.append(records(1, first=number), {})
            await store.flush()

        assert (await taken(store), store.dropped("out")) == (left, 3)


async def test_a_full_store_blocks_by_choice(path: Path, clock: FakeClock) -> None:
    """With block whoever asks for room waits until something is delivered."""
    async with opened(path, clock, max_bytes=100, overflow=Overflow.BLOCK) as store:
        await store.room()
        store.append(records(4), {})
        await store.flush()
        waiter = asyncio.create_task(store.room())
        await clock.advance()
        blocked = not waiter.done()
        await taken(store)
        store.settle("out", [1, 2, 3, 4])
        await store.flush()
        await waiter

        assert blocked


async def test_a_full_disk_does_not_stop_delivery(
    path: Path,
    clock: FakeClock,
    disk: FullDisk,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Events are delivered from memory, and the operator is told."""
    async with opened(path, clock) as store:
        store.append(records(2), {})
        await clock.advance()
        batch = await taken(store)
        disk.is_full = False

    assert batch == ["id-1", "id-2"]
    assert "cannot be written: database or disk is full; events stay" in caplog.text


async def test_a_disk_that_recovers_gets_everything(
    path: Path,
    clock: FakeClock,
    disk: FullDisk,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What could not be written is written later: events, states, cursors."""
    async with opened(path, clock) as store:
        store.append(records(2), {"m": b"1"})
        with pytest.raises(StoreError, match="disk is full"):
            await store.flush()
        await taken(store)
        store.settle("out", [1])
        store.append(records(1, first=3), {"m": b"2", "n": b"1"})
        with pytest.raises(StoreError, match="disk is full"):
            await store.flush()
        disk.is_full = False
        await clock.advance(1)
        await store.flush()

    async with opened(path, clock) as store:
        assert await taken(store) == ["id-2", "id-3"]
        assert store.states() == {"m": b"2", "n": b"1"}
    assert "can be written again after 1s" in caplog.text


async def test_states_alone_survive_a_full_disk(
    path: Path, clock: FakeClock, disk: FullDisk
) -> None:
    """A state that could not be written is written later."""
    async with opened(path, clock) as store:
        store.append((), {"m": b"up"})
        with pytest.raises(StoreError):
            await store.flush()
        disk.is_full = False

    async with opened(path, clock) as store:
        assert store.states() == {"m": b"up"}


async def test_a_failing_disk_is_tried_once_a_second(
    path: Path, clock: FakeClock, disk: FullDisk
) -> None:
    """A large group is no reason to hurry while the disk fails."""
    async with opened(path, clock) as store:
        store.append(records(1), {})
        with pytest.raises(StoreError):
            await store.flush()
        disk.is_full = False
        store.append(records(600, first=2), {})
        await clock.advance(0.9)
        seen = len(await taken(store, limit=1000))
        await clock.advance(0.1)

        assert [seen, len(await taken(store, limit=1000))] == [1, 600]


async def test_memory_is_bounded_while_the_disk_fails(
    path: Path, clock: FakeClock, disk: FullDisk
) -> None:
    """When memory is full too, the newest are dropped and counted."""
    async with opened(path, clock, memory_bytes=1000) as store:
        store.append(records(3), {})
        with pytest.raises(StoreError):
            await store.flush()
        store.append(records(2, first=4), {})

        assert (store.dropped("out"), store.pending("out")) == (2, 3)
        disk.is_full = False


async def test_what_is_delivered_need_not_be_written(
    path: Path, clock: FakeClock, disk: FullDisk
) -> None:
    """Events that every output has taken from memory are not written later."""
    async with opened(path, clock) as store:
        store.append(records(2), {})
        with pytest.raises(StoreError):
            await store.flush()
        await taken(store)
        store.settle("out", [1, 2])
        disk.is_full = False
        await store.flush()
        with sqlite3.connect(path) as reader:
            chunks = reader.execute("SELECT count(*) FROM chunks").fetchone()
        reader.close()

    assert chunks == (0,)


async def test_closing_on_a_full_disk_says_what_is_lost(
    path: Path,
    clock: FakeClock,
    disk: FullDisk,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The last line names how many events went with the process."""
    async with opened(path, clock):
        pass
    async with opened(path, clock) as store:
        store.append(records(2), {})

    assert "disk is full; the last 2 events were not kept" in caplog.text
    assert disk.is_full


async def test_damaged_records_are_stepped_over(
    path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Damage in the middle costs what is damaged, counted, and nothing else."""
    async with opened(path, clock) as store:
        for first in (1, 3, 5, 7):
            store.append(records(2, first=first), {})
            await store.flush()
    with sqlite3.connect(path) as writer:
        writer.execute("UPDATE chunks SET lines = x'00' WHERE first_seq IN (3, 7)")
    writer.close()

    async with opened(path, clock) as store:
        left = [await taken(store, limit=2), await taken(store, limit=2)]
        waiting = asyncio.create_task(taken(store))
        await store.flush()
        await clock.advance()
        store.append(records(1, first=9), {})
        await store.flush()
        left.append(await waiting)

        assert left == [["id-1", "id-2"], ["id-5", "id-6"], ["id-9"]]
        assert (store.dropped("out"), store.pending("out")) == (4, 5)
    assert "2 events are damaged in the store" in caplog.text


@pytest.fixture
def broken(path: Path) -> Path:
    """Return a store that is no database."""
    path.write_bytes(b"no database " * 100)
    return path


async def test_damage_between_good_records_of_a_batch(
    path: Path, clock: FakeClock
) -> None:
    """A batch reaches over a damaged chunk, and the counts stay right."""
    async with opened(path, clock) as store:
        for first in (1, 3, 5):
            store.append(records(2, first=first), {})
            await store.flush()
    with sqlite3.connect(path) as writer:
        writer.execute("UPDATE chunks SET lines = x'00' WHERE first_seq = 3")
    writer.close()

    async with opened(path, clock) as store:
        batch = await store.take("out", 100)
        waiting = (store.dropped("out"), store.pending("out"))
        store.settle("out", [one.sequence for one in batch])

        assert ids(batch) == ["id-1", "id-2", "id-5", "id-6"]
        assert (waiting, store.pending("out")) == ((2, 4), 0)


async def test_a_damaged_cursor_costs_the_file(
    path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Damage that shows after the file was opened is treated alike."""
    async with opened(path, clock) as store:
        store.append(records(1), {})
    with sqlite3.connect(path) as writer:
        writer.execute("UPDATE cursors SET settled = 'x'")
    writer.close()

    async with opened(path, clock) as store:
        assert store.pending("out") == 0
    assert "is damaged (the place of an output" in caplog.text


async def test_a_damaged_file_is_moved_aside(
    broken: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A broken store does not stop a start: it is kept and a new one begun."""
    async with opened(broken, clock) as store:
        store.append(records(1), {})
        await store.flush()

        assert await taken(store) == ["id-1"]
    kept = broken.with_name("store.db.damaged-2026-09-21T141320.000Z")
    assert kept.read_bytes().startswith(b"no database")
    assert f"is damaged (file is not a database): it is renamed to {kept.name}" in (
        caplog.text
    )


async def test_a_damaged_journal_is_moved_aside(path: Path, clock: FakeClock) -> None:
    """Damage that is found while loading is treated alike."""
    async with opened(path, clock) as store:
        store.append(records(1), {"m": b"up"})
    with sqlite3.connect(path) as writer:
        writer.execute("UPDATE journal SET states = x'00'")
    writer.close()

    async with opened(path, clock) as store:
        assert store.states() == {}


async def test_a_held_store_cannot_be_opened(path: Path, clock: FakeClock) -> None:
    """Two processes never write one store."""
    async with opened(path, clock):
        with pytest.raises(StoreLocked):
            Store.open(path, outputs=("out",), clock=clock)


def test_a_store_that_cannot_open_lets_go(path: Path, clock: FakeClock) -> None:
    """After a refusal the store can be opened once the cause is gone."""
    path.mkdir()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"store .*store\.db: unable to open"):
            Store.open(path, outputs=("out",), clock=clock)


async def test_an_output_that_is_gone_holds_nothing_back(
    path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Records for an output that is not configured any more are given up, aloud."""
    async with opened(path, clock, "old") as store:
        store.append(records(3), {})

    with caplog.at_level(logging.WARNING):
        async with opened(path, clock, "new") as store:
            assert store.pending("new") == 0
    assert "3 events that wait for the output 'old' are given up" in caplog.text


async def test_memory_alone_is_enough(clock: FakeClock) -> None:
    """Without a path the same store works and forgets everything at its end."""
    async with opened(None, clock) as store:
        store.append(records(2), {"m": b"up"})
        await store.flush()

        assert await taken(store) == ["id-1", "id-2"]


async def test_closing_twice_is_harmless(path: Path, clock: FakeClock) -> None:
    """The end may come from two sides."""
    async with opened(path, clock) as store:
        store.append(records(1), {})
        await store.close()

    async with opened(path, clock) as store:
        assert store.pending("out") == 1


async def test_flushing_nothing_returns_at_once(path: Path, clock: FakeClock) -> None:
    """A store without work has nothing to wait for."""
    async with opened(path, clock) as store:
        await store.flush()

        assert store.pending("out") == 0


async def test_nothing_is_committed_after_the_end(path: Path, clock: FakeClock) -> None:
    """A late event does not wake a closed store."""
    async with opened(path, clock) as store:
        pass
    store.append(records(500), {})
    await clock.advance(1)

    async with opened(path, clock) as again:
        assert again.pending("out") == 0


async def test_a_flush_waits_for_the_commit_under_way(
    path: Path, clock: FakeClock
) -> None:
    """What is appended during a commit is committed too when flush returns."""
    async with opened(path, clock) as store:
        store.append(records(500), {})
        store.append(records(1, first=501), {})
        await store.flush()

        assert len(await store.take("out", 1000)) == 501

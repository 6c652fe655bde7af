"""The store on the loop: what is appended is taken, once, across restarts."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from typing import TYPE_CHECKING

import pytest

from heartbeat.errors import StoreError, StoreLocked
from heartbeat.store import Store
from tests.support.records import records
from tests.support.store import opened, taken

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.clock import FakeClock


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
        assert rows == [("out", 1, "[]", 0)]


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

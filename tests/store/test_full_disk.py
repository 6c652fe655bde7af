"""A disk that takes nothing: delivery goes on, and everything is kept later."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.errors import StoreError
from heartbeat.store import Overflow, backlog
from tests.support.records import records
from tests.support.store import FullDisk, opened, taken

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.clock import FakeClock


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> FullDisk:
    """Return a disk that is full."""
    return FullDisk(monkeypatch)


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


async def test_what_was_dropped_meanwhile_is_noted_later(
    path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The count that outlives the process misses nothing."""
    limits: dict[str, Any] = {"max_bytes": 1, "overflow": Overflow.DROP_NEWEST}
    async with opened(path, clock, **limits) as store:
        store.append(records(1), {})
        await store.flush()
        disk = FullDisk(monkeypatch)
        store.append(records(3), {})
        with pytest.raises(StoreError):
            await store.flush()
        disk.is_full = False

    with backlog.opened(path) as reader:
        assert [one.dropped for one in reader.backlogs()] == [3]

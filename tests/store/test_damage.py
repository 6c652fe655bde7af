"""Damaged files: what is whole is delivered, what is lost is counted."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import pytest

from tests.support.records import ids, records
from tests.support.store import opened, taken

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.clock import FakeClock


@pytest.fixture
def broken(path: Path) -> Path:
    """Return a store that is no database."""
    path.write_bytes(b"no database " * 100)
    return path


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

"""A full store: what gives way is chosen, counted and announced."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from heartbeat.store import Overflow
from tests.support.records import records
from tests.support.store import opened, taken

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.clock import FakeClock


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

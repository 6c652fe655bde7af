"""What one output gets while the store changes under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.store.cursor import Cursor
from heartbeat.store.database import Slice
from heartbeat.store.outlet import Outlet
from heartbeat.store.window import Window
from tests.support.records import ids, numbered

if TYPE_CHECKING:
    from tests.support.clock import FakeClock


@pytest.fixture
def window() -> Window:
    """Return a window whose records up to 6 are on the disk alone, 7 to 9 here."""
    window = Window(7)
    for one in numbered(7, 9):
        window.add(one)
    window.visible = 9
    return window


@pytest.fixture
def outlet(window: Window, clock: FakeClock) -> Outlet:
    """Return an outlet at the beginning."""
    return Outlet("out", Cursor(0), window, clock)


async def test_disk_and_memory_are_one_sequence(outlet: Outlet) -> None:
    """What was read from the disk is followed by what memory holds."""

    async def read(position: int, limit: int) -> Slice:
        assert (position, limit) == (1, 20)
        return Slice(numbered(1, 6), 6)

    assert ids(await outlet.take(20, read)) == ids(numbered(1, 9))


async def test_records_dropped_while_reading_are_passed_over(outlet: Outlet) -> None:
    """What the disk gave up during a read is not handed out."""

    async def read(position: int, _limit: int) -> Slice:
        assert position == 1
        outlet.overflow_through(6)
        return Slice(numbered(1, 6), 6)

    taken = await outlet.take(20, read)

    assert (ids(taken), outlet.dropped) == (ids(numbered(7, 9)), 6)


async def test_records_read_ahead_can_be_dropped(outlet: Outlet) -> None:
    """What was read but not handed out yet is given up with its chunk."""

    async def read(_position: int, _limit: int) -> Slice:
        return Slice(numbered(1, 6), 6)

    first = await outlet.take(2, read)
    outlet.overflow_through(4)
    second = await outlet.take(20, read)

    assert (ids(first), ids(second)) == (["id-1", "id-2"], ids(numbered(5, 9)))
    assert (outlet.dropped, outlet.cursor.unsettled(9)) == (2, 7)


async def test_records_that_are_nowhere_are_counted(
    outlet: Outlet, caplog: pytest.LogCaptureFixture
) -> None:
    """A gap on the disk costs what is in it."""

    async def read(_position: int, _limit: int) -> Slice:
        return Slice([], 0)

    assert ids(await outlet.take(20, read)) == ids(numbered(7, 9))
    assert outlet.dropped == 6
    assert "output 'out': 6 events are damaged in the store" in caplog.text


async def test_a_gap_of_settled_records_costs_nothing(
    window: Window, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Records that were settled need not be there any more."""
    outlet = Outlet("out", Cursor(0, range(1, 7)), window, clock)

    async def read(_position: int, _limit: int) -> Slice:
        return Slice([], 0)

    assert ids(await outlet.take(20, read)) == ids(numbered(7, 9))
    assert (outlet.dropped, caplog.text) == (0, "")


def test_nothing_dropped_is_nothing_said(
    outlet: Outlet, caplog: pytest.LogCaptureFixture
) -> None:
    """Making room among what is settled changes nothing."""
    outlet.overflow_through(0)
    outlet.overflow(0)
    outlet.close()

    assert (outlet.dirty, outlet.dropped, caplog.text) == (False, 0, "")

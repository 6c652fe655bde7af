"""What differs between a process alone and one worker of several."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.assignment import Assignment
from heartbeat.net import Network
from heartbeat.partition import NOTHING, Share
from heartbeat.seat import Seat
from heartbeat.shown import Views
from tests.support.store import opened

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.clock import FakeClock

UUID = "7bdf3adf-702b-4f6d-8983-64d897714b27"


class FakeSuperior:
    """Remembers what it was given."""

    views: Views | None = None


@pytest.fixture
def alone(clock: FakeClock) -> Seat:
    """Return the seat of a process alone."""
    return Seat(clock)


def worker(clock: FakeClock, name: str = "worker-1", index: int = 1) -> Seat:
    """Return the seat of one of two workers."""
    superior: Any = FakeSuperior()
    return Seat(clock, Assignment(name, Share(index, 2), UUID, 3), superior)


def test_duties(alone: Seat, clock: FakeClock) -> None:
    """What is done once is done by a process alone, and by the first of several."""
    emptying = Seat(clock, Assignment("worker-4", NOTHING, UUID, 3))

    assert (alone.is_alone, alone.is_first, alone.drains) == (True, True, False)
    assert worker(clock, index=0).is_first
    assert not worker(clock).is_first
    assert (emptying.is_first, emptying.drains) == (False, True)


async def test_identity(alone: Seat, clock: FakeClock, tmp_path: Path) -> None:
    """A process alone holds the directory; a worker is told who it is."""
    async with AsyncExitStack() as stack:
        own = alone.identity(tmp_path / "a", stack)
        told = worker(clock).identity(tmp_path / "b", stack)

        assert (tmp_path / "a" / "heartbeat.lock").exists()
        assert own != told == UUID
        assert not (tmp_path / "b").exists()


def test_outputs(alone: Seat, clock: FakeClock, tmp_path: Path) -> None:
    """Files have names of their own, and all share one lock."""
    network = Network(clock)
    contexts = [
        seat.output_context(network, tmp_path / seat.name)
        for seat in (alone, worker(clock), worker(clock, name=""))
    ]
    lock = tmp_path / "console.lock"

    assert [one.suffix for one in contexts] == ["", "-worker-1", ""]
    assert [one.guard for one in contexts] == [None, lock, lock]


def test_views(alone: Seat, clock: FakeClock) -> None:
    """A worker leaves them to its supervisor."""
    views, seat = Views({}), worker(clock)

    assert not alone.shows(views)
    assert seat.shows(views)
    assert seat.superior is not None
    assert seat.superior.views is views


def test_figures_of_each(alone: Seat, clock: FakeClock) -> None:
    """Where processes are told apart by an id, each has one that stays the same."""
    beat = {"name": "berlin", "uuid": UUID}
    first, again = (worker(clock).named(beat) for _ in range(2))

    assert alone.named(beat) == {}
    assert first == again
    assert first["name"] == "berlin/worker-1"
    assert first["uuid"] != UUID


async def test_states_of_other_stores(
    alone: Seat, clock: FakeClock, tmp_path: Path
) -> None:
    """They are taken up and kept, so that the other store is not needed again."""
    key = "default/web"
    async with opened(tmp_path / "worker-0" / "heartbeat.db", clock) as other:
        other.append([], {key: b"{}"})
    place = tmp_path / "heartbeat.db"
    async with opened(place, clock) as store:
        found = alone.states(store, place)
    async with opened(place, clock) as store:
        kept = store.states()

    assert (found, kept) == ({key: b"{}"}, {key: b"{}"})


async def test_states_in_memory(alone: Seat, clock: FakeClock) -> None:
    """There are no other stores then."""
    async with opened(None, clock) as store:
        assert alone.states(store, None) == {}

"""Gathering: how batches that are not full follow each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.outputs.base import Limits
from tests.support.clock import settle
from tests.support.outputs import RecordingOutput
from tests.support.worker import Benches

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.clock import FakeClock


@pytest.fixture
def bench(clock: FakeClock, tmp_path: Path) -> Benches:
    """Return a way to run a worker for an output."""
    return Benches(clock, tmp_path)


async def test_the_first_event_leaves_at_once(bench: Benches) -> None:
    """Nobody waits for company after a quiet time."""
    output = RecordingOutput(Limits(gather=1.0))
    async with bench(output) as run:
        await run.put(1)
        await settle()
        offers = list(output.offers)

    assert offers == [["id-1"]]


async def test_what_follows_soon_leaves_together(
    bench: Benches, clock: FakeClock
) -> None:
    """Events that come soon after a batch leave in one, when its time is over."""
    output = RecordingOutput(Limits(gather=1.0))
    async with bench(output, 1) as run:
        await settle()
        await run.put(1, first=2)
        await run.put(1, first=3)
        await clock.advance(0.9)
        early = list(output.offers)
        await clock.advance(0.1)

    assert (early, output.offers) == ([["id-1"]], [["id-1"], ["id-2", "id-3"]])


async def test_a_full_batch_is_followed_at_once(bench: Benches) -> None:
    """A backlog leaves as fast as it is taken."""
    output = RecordingOutput(Limits(max_events=2, gather=1.0))
    async with bench(output, 5):
        await settle()
        offers = list(output.offers)

    assert offers == [["id-1", "id-2"], ["id-3", "id-4"], ["id-5"]]


async def test_lanes_gather_together(bench: Benches, clock: FakeClock) -> None:
    """A second lane does not take what the first one waits for."""
    output = RecordingOutput(Limits(concurrency=2, gather=1.0))
    async with bench(output, 1) as run:
        await settle()
        await run.put(1, first=2)
        await settle()
        await run.put(1, first=3)
        await clock.advance(1.0)

    assert output.offers == [["id-1"], ["id-2", "id-3"]]


async def test_draining_waits_for_nothing(bench: Benches, clock: FakeClock) -> None:
    """What is left at the end leaves at once."""
    output = RecordingOutput(Limits(gather=1.0))
    async with bench(output, 1) as run:
        await settle()
        await run.put(1, first=2)
        began = clock.monotonic()
        await run.done()
        took = clock.monotonic() - began

    assert (output.offers, took) == ([["id-1"], ["id-2"]], 0.0)

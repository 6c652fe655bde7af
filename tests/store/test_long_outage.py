"""An output that is away for long, while a thousand events a second arrive.

HEARTBEAT_TEST_OUTAGE   seconds of the outage, which pass at once (30)
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import orjson
import pytest

from heartbeat import outputs
from heartbeat.config import Section
from heartbeat.deadletter import DeadLetters
from heartbeat.delivery import Worker
from heartbeat.net import Network
from heartbeat.outputs.base import OutputContext
from tests.support.records import records
from tests.support.store import opened

if TYPE_CHECKING:
    from heartbeat.store import Store
    from tests.support.clock import FakeClock

SECONDS = int(os.environ.get("HEARTBEAT_TEST_OUTAGE", "30"))
RATE = 1_000
MEGABYTE = 1024**2
MAX_BYTES = SECONDS * RATE * 5
"""Less than the outage makes, so that the oldest have to go."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60 + SECONDS)]


async def test_an_outage_is_survived(tmp_path: Path, clock: FakeClock) -> None:
    """Memory and disk stay in bounds, ticks in time, the newest events in order.

    A folder that is not there is the outage. How fast the rest was then written is
    printed.
    """
    out, path = tmp_path / "out", tmp_path / "store.db"
    out.write_text("in the way")
    before = _resident()
    limits = {"max_bytes": MAX_BYTES, "memory_bytes": 4 * MEGABYTE}
    async with opened(path, clock, "file", **limits) as store:
        worker = _worker(store, clock, out)
        running = asyncio.create_task(worker.run())
        late = await _make(store, clock)
        on_disk = path.stat().st_size
        was_working = worker.is_working
        out.unlink()
        seconds = await _drain(worker, clock)
        counters = worker.counters
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    grown = _resident() - before

    found = _numbers(out)
    kept = len(found)
    sys.stdout.write(
        f"{kept} of {SECONDS * RATE} events waited, {on_disk / MEGABYTE:.0f} MiB on"
        f" disk, {grown / MEGABYTE:.0f} MiB more memory, then"
        f" {kept / seconds:.0f} events/s into the file\n"
    )
    # What is in flight when the store is full is spared, then the oldest go.
    assert found == sorted(set(found))
    newest = range(SECONDS * RATE - kept // 3, SECONDS * RATE + 1)
    assert found[-len(newest) :] == list(newest)
    assert not was_working
    assert late == 0
    assert counters.dropped > 0
    assert (counters.acked, counters.dead_letter) == (kept, 0)
    assert counters.dropped + kept == SECONDS * RATE
    assert on_disk < 2 * MAX_BYTES + MEGABYTE
    assert grown < 150 * MEGABYTE


def _worker(store: Store, clock: FakeClock, out: Path) -> Worker:
    options = {"path": str(out), "number_of_files": 1024, "rotate_every_kb": 1_000_000}
    output = outputs.build("file", Section(options), OutputContext(Network(clock)))
    letters = DeadLetters(out.parent / "letters", output.name, clock)
    random = Random(1)  # noqa: S311 - no secret
    return Worker(output, store, clock, dead_letters=letters, random=random)


async def _make(store: Store, clock: FakeClock) -> float:
    """Make events each second; return how late the latest of them were."""
    late = 0.0
    start = clock.monotonic()
    for second in range(SECONDS):
        store.append(records(RATE, first=second * RATE + 1, size=300), {})
        late = max(late, clock.monotonic() - start - second)
        await clock.advance(1.0)
        await store.flush()
    return late


async def _drain(worker: Worker, clock: FakeClock) -> float:
    """Deliver what waits; return how many real seconds that took."""
    draining = asyncio.create_task(worker.drain(3600))
    began = time.perf_counter()
    while not draining.done():
        await clock.advance(0.01)
    assert await draining
    return time.perf_counter() - began


def _numbers(folder: Path) -> list[int]:
    return [
        int(orjson.loads(line)["@metadata"]["_id"].removeprefix("id-"))
        for path in sorted(folder.glob("*.ndjson"))
        for line in path.read_bytes().splitlines()
    ]


def _resident() -> int:
    """Return the resident memory of this process in bytes."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE")

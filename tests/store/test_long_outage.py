"""An output that is away for long, while a thousand events a second arrive.

HEARTBEAT_TEST_OUTAGE   seconds of the outage, which pass at once (30)
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.records import records
from tests.support.store import opened

if TYPE_CHECKING:
    from tests.support.clock import FakeClock

SECONDS = int(os.environ.get("HEARTBEAT_TEST_OUTAGE", "30"))
RATE = 1_000
MEGABYTE = 1024**2
MAX_BYTES = SECONDS * RATE * 5
"""Less than the outage makes, so that the oldest have to go."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60 + SECONDS)]


async def test_an_outage_is_survived(tmp_path: Path, clock: FakeClock) -> None:
    """Memory and disk stay in bounds, the newest events come in order when it ends."""
    path = tmp_path / "store.db"
    before = _resident()
    memory_bytes = 4 * MEGABYTE
    async with opened(
        path, clock, max_bytes=MAX_BYTES, memory_bytes=memory_bytes
    ) as store:
        for second in range(SECONDS):
            store.append(records(RATE, first=second * RATE + 1, size=300), {})
            await clock.advance(1.0)
            await store.flush()
        on_disk = path.stat().st_size
        found: list[int] = []
        while store.pending("out"):
            batch = await store.take("out", 2_000)
            found += [int(one.routing.id.removeprefix("id-")) for one in batch]
            store.settle("out", [one.sequence for one in batch])
        dropped = store.dropped("out")
    grown = _resident() - before

    assert found == list(range(dropped + 1, SECONDS * RATE + 1))
    assert dropped > 0
    assert on_disk < 2 * MAX_BYTES + MEGABYTE
    assert grown < 150 * MEGABYTE


def _resident() -> int:
    """Return the resident memory of this process in bytes."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE")

"""The figures of the last minutes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from heartbeat.buffer import Buffer

if TYPE_CHECKING:
    from tests.support.clock import FakeClock


async def test_keeps_the_last_ones(clock: FakeClock) -> None:
    """One set each period; the oldest give way."""
    figures = {"acked": 0}
    buffer = Buffer(lambda: dict(figures), clock, period=10.0, size=2)
    task = asyncio.create_task(buffer.run())
    for count in range(1, 4):
        await clock.advance(9 if count == 1 else 10)
        figures["acked"] = count
    await clock.advance(2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert buffer.kept() == [
        {"timestamp": "2026-09-21T14:13:40.000Z", "stats": {"acked": 2}},
        {"timestamp": "2026-09-21T14:13:50.000Z", "stats": {"acked": 3}},
    ]

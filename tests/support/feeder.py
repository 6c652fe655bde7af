"""The way of events without the checks, as a process that may be killed at any moment.

    python -m tests.support.feeder FOLDER TOTAL OUTPUT OPTIONS

Makes the events 1 to TOTAL, each once: the number of the last one is kept as the state
of a monitor, in one transaction with the events. Delivers them to OUTPUT, whose OPTIONS
are JSON. Prints how many it has made; ends when all are delivered. Owns that life. Must
not know what a test expects.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from heartbeat import outputs
from heartbeat.clock import SystemClock
from heartbeat.config import Section
from heartbeat.deadletter import DeadLetters
from heartbeat.delivery import Worker
from heartbeat.loop import run
from heartbeat.net import Network
from heartbeat.outputs.base import OutputContext
from heartbeat.store import Store
from tests.support.records import records

if TYPE_CHECKING:
    from heartbeat.clock import Clock
    from heartbeat.event import Record

GROUP = 100
"""Events that are appended at once."""

PACE = 5_000
"""Events a second, so that there is time to kill something."""

BODY = 300
"""Bytes of filler in an event."""

NAME = "feeder"
LONGEST_DRAIN = 600.0


async def feed(folder: Path, total: int, name: str, options: dict[str, Any]) -> None:
    """Make the events that are missing and deliver what waits."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        network = Network(clock)
        stack.push_async_callback(network.close)
        output = outputs.build(name, Section(options), OutputContext(network))
        store = Store.open(folder / "feeder.db", outputs=[name], clock=clock)
        stack.push_async_callback(store.close)
        letters = DeadLetters(folder / "dead-letter", name, clock)
        jitter = Random()  # noqa: S311 - spreads retries, guards nothing
        worker = Worker(output, store, clock, dead_letters=letters, random=jitter)
        async with asyncio.TaskGroup() as group:
            delivering = group.create_task(worker.run())
            await _make(store, clock, total)
            await worker.drain(LONGEST_DRAIN)
            delivering.cancel()


async def _make(store: Store, clock: Clock, total: int) -> None:
    made = int(store.states().get(NAME, b"0"))
    due = clock.monotonic()
    while made < total:
        due += GROUP / PACE
        await clock.sleep_until(due)
        fresh = _events(made + 1, min(made + GROUP, total))
        made += len(fresh)
        store.append(fresh, {NAME: b"%d" % made})
        await store.flush()
        sys.stdout.write(f"{made}\n")
        sys.stdout.flush()


def _events(first: int, last: int) -> list[Record]:
    return records(last - first + 1, first=first, size=BODY)


if __name__ == "__main__":
    run(feed(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])))

"""A worker between a store in memory and an output, for tests.

Owns building and running it. Must not know what is tested.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import TYPE_CHECKING, Any

import orjson

from heartbeat.deadletter import DeadLetters
from heartbeat.delivery import Worker
from heartbeat.errors import OutputClosed, OutputUnavailable
from heartbeat.outputs.base import Delivery, Rejection
from heartbeat.store import Store
from tests.support.records import records

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from heartbeat.outputs.base import Batch, Output
    from tests.support.clock import FakeClock
    from tests.support.outputs import Answer

DOWN = OutputUnavailable("connection refused")


class Bench:
    """A worker between a store in memory and an output."""

    def __init__(self, output: Output, clock: FakeClock, folder: Path) -> None:
        self.output = output
        self.store = Store.open(None, outputs=(output.name,), clock=clock)
        self.folder = folder
        self.worker = Worker(
            output,
            self.store,
            clock,
            dead_letters=DeadLetters(folder, output.name, clock),
            random=Random(1),  # noqa: S311 - no secret
        )

    async def put(self, count: int, first: int = 1) -> None:
        """Put records into the store."""
        self.store.append(records(count, first=first), {})
        await self.store.flush()

    async def done(self) -> None:
        """Return when everything is delivered."""
        assert await self.worker.drain(3600)

    async def done_in_time(self, clock: FakeClock) -> None:
        """Let time pass until everything is delivered."""
        draining = asyncio.create_task(self.done())
        while not draining.done():
            await clock.advance(1)
        await draining

    def letters(self) -> list[Any]:
        """Return the lines of the dead-letter files."""
        return [
            orjson.loads(line)
            for path in sorted(self.folder.glob("*.ndjson"))
            for line in path.read_bytes().splitlines()
        ]


class Benches:
    """Runs a worker for an output, with some records in its store."""

    def __init__(self, clock: FakeClock, folder: Path) -> None:
        """Keep what every bench needs."""
        self._clock = clock
        self._folder = folder

    @asynccontextmanager
    async def __call__(self, output: Output, count: int = 0) -> AsyncGenerator[Bench]:
        """Run the worker until the end of the block."""
        bench = Bench(output, self._clock, self._folder / "dead-letter")
        await bench.put(count)
        task = asyncio.create_task(bench.worker.run())
        try:
            yield bench
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, OutputClosed):
                await task
            await bench.store.close()


def keep(*numbers: int, cause: str = "busy", after: float = 0.0) -> Answer:
    """Return an answer that asks for the n-th records of the batch again."""

    def answer(batch: Batch) -> Delivery:
        again = [batch[number] for number in numbers]
        accepted = len(batch) - len(again)
        return Delivery(accepted, again, cause=cause, retry_after=after)

    return answer


def reject(*numbers: int, reason: str = "bad date", kind: str = "400") -> Answer:
    """Return an answer that rejects the n-th records of the batch."""

    def answer(batch: Batch) -> Delivery:
        bad = [Rejection(batch[number], reason, kind) for number in numbers]
        return Delivery(len(batch) - len(bad), rejected=bad)

    return answer

"""An output that does what a test tells it, and remembers what it was offered.

Owns the script. Must not know the worker.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeAlias

from heartbeat.outputs.base import Delivery, Limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.outputs.base import Batch

    Answer: TypeAlias = Exception | Callable[[Batch], Delivery]


class RecordingOutput:
    """Takes everything, unless `answers` has something else for the next offer."""

    name = "recorder"

    def __init__(self, limits: Limits | None = None) -> None:
        """Begin without answers."""
        self.limits = limits or Limits()
        self.answers: deque[Answer] = deque()
        self.offers: list[list[str]] = []
        self.taken: list[str] = []
        self.is_closed = False
        self._news = asyncio.Event()

    async def publish(self, batch: Batch) -> Delivery:
        """Answer as told; taken is what is neither to be offered again nor rejected."""
        self.offers.append([one.routing.id for one in batch])
        self._news.set()
        answer = self.answers.popleft() if self.answers else _accept
        if isinstance(answer, Exception):
            raise answer
        delivery = answer(batch)
        left = {one.sequence for one in delivery.retry}
        left |= {one.record.sequence for one in delivery.rejected}
        self.taken += [one.routing.id for one in batch if one.sequence not in left]
        return delivery

    async def close(self) -> None:
        """Remember that it was called."""
        self.is_closed = True

    async def offered(self, count: int) -> None:
        """Return when there were `count` offers."""
        while len(self.offers) < count:
            self._news.clear()
            await self._news.wait()


class PlainOutput:
    """One that can only take records."""

    name = "plain"
    limits = Limits()

    async def publish(self, batch: Batch) -> Delivery:
        """Take everything."""
        return _accept(batch)


class ConnectingOutput(RecordingOutput):
    """One that wants to be connected, and fails as often as `refusals` has errors."""

    def __init__(self, limits: Limits | None = None) -> None:
        """Begin without refusals."""
        super().__init__(limits)
        self.refusals: deque[Exception] = deque()
        self.connections = 0
        self.attempts = asyncio.Semaphore(0)

    async def connect(self) -> None:
        """Connect, or raise what is next."""
        self.attempts.release()
        await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop, not a time
        if self.refusals:
            raise self.refusals.popleft()
        self.connections += 1


def _accept(batch: Batch) -> Delivery:
    return Delivery(len(batch))

"""When the store commits: at once when it is idle, in groups when it is busy.

Owns the thread that touches the disk and the rhythm of its commits. Must not know what
a commit holds.
"""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from heartbeat.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.clock import Clock, Timer
    from heartbeat.store.database import Database, Group, Outcome, Slice

T = TypeVar("T")

INTERVAL = 0.1
"""Seconds from one commit to the next: what a killed process can lose."""

RETRY = 1.0
"""Seconds until a commit that failed is tried again."""


class Source(Protocol):
    """What is to be committed, and who hears what came of it."""

    def has_work(self) -> bool:
        """Say whether there is anything to commit."""
        ...

    def take_group(self) -> Group:
        """Hand over everything that there is to commit."""
        ...

    def committed(self, group: Group, outcome: Outcome) -> None:
        """Hear that a group is on the disk."""

    def not_committed(self, group: Group, error: StoreError) -> None:
        """Hear that nothing of a group is on the disk, and take it back."""


class Committer:
    """Runs one commit at a time in a thread of its own."""

    def __init__(self, clock: Clock) -> None:
        """Start no thread yet."""
        self.clock = clock
        self._source: Source
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._database: Database | None = None
        self._earliest = self._retry_at = clock.monotonic()
        self._timer: Timer | None = None
        self._running: asyncio.Future[StoreError | None] | None = None

    def open(self, connect: Callable[[], Database]) -> Database:
        """Open the database in the thread and wait for it."""
        self._database = self._executor.submit(connect).result()
        return self._database

    def serve(self, source: Source) -> None:
        """Commit for this source from now on."""
        self._source = source

    def call(self, work: Callable[[], T]) -> T:
        """Run something in the thread and wait for it; not for a busy loop."""
        return self._executor.submit(work).result()

    def abandon(self) -> None:
        """Close the database, if there is one, without a word about how that went."""
        database, self._database = self._database, None
        if database is not None:
            with contextlib.suppress(StoreError):
                self.call(database.close)

    def stop(self) -> None:
        """End the thread before anything was committed."""
        self.abandon()
        self._executor.shutdown(wait=False)

    async def read(self, position: int, limit: int) -> Slice:
        """Read records back, between two commits."""
        assert self._database is not None  # noqa: S101 - open until closed
        work = partial(self._database.read, position, limit)
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def poke(self, *, urgent: bool = False) -> None:
        """Commit soon; at once if it is urgent and no failure asks for patience."""
        if self._running is not None or (self._timer is not None and not urgent):
            return
        now = self.clock.monotonic()
        if urgent and now >= self._retry_at:
            self._start()
        elif self._timer is None:
            due = max(self._earliest, self._retry_at, now)
            self._timer = self.clock.call_at(due, self._start)

    async def flush(self) -> None:
        """Commit now and wait for it; raises `StoreError` if that fails."""
        if self._running is not None:
            await asyncio.wait((self._running,))
        if self._running is None and self._source.has_work():
            self._start()
        if self._running is not None:
            error = await asyncio.shield(self._running)
            if error is not None:
                raise error

    async def close(self) -> None:
        """Close the database behind the commit that may be running."""
        self._disarm()
        database, self._database = self._database, None
        if database is not None:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._executor, database.close)
        self._executor.shutdown(wait=False)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        self._disarm()
        if self._running is not None or self._database is None:
            return
        self._earliest = self.clock.monotonic() + INTERVAL
        group = self._source.take_group()
        loop = asyncio.get_running_loop()
        self._running = over = loop.create_future()
        work = loop.run_in_executor(self._executor, self._database.commit, group)
        work.add_done_callback(partial(self._done, group, over))

    def _done(
        self,
        group: Group,
        over: asyncio.Future[StoreError | None],
        work: asyncio.Future[Outcome],
    ) -> None:
        self._running = None
        failure = work.exception()
        error: StoreError | None = None
        if failure is None:
            self._source.committed(group, work.result())
        else:
            error = StoreError(str(failure))
            error.__cause__ = failure
            self._retry_at = self.clock.monotonic() + RETRY
            self._source.not_committed(group, error)
        over.set_result(error)
        if self._source.has_work():
            self.poke()

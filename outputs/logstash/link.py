"""A way to Logstash that keeps itself open.

Owns which host is talked to, when a connection is renewed, and how large windows are.
Must not know the bytes on the wire or when to try again later.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from heartbeat.errors import OutputUnavailable
from heartbeat.outputs.base import Delivery
from heartbeat.outputs.logstash.lumberjack import window
from heartbeat.outputs.logstash.session import Session, SessionEnded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from heartbeat.event import Record
    from heartbeat.outputs.base import Batch
    from heartbeat.outputs.reach import Host, Reach

FIRST_WINDOW = 10
"""Events of the first window with `slow_start`."""

INLINE = 32 * 1024
"""Bytes up to which compressing is cheaper than handing over to a thread."""


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """What all links of an output have in common; times in seconds.

    `depth` windows may be on the way at a time.
    """

    encode: Callable[[Record], bytes]
    timeout: float
    depth: int
    max_window: int
    level: int
    ttl: float = 0.0
    slow_start: bool = False


class Link:
    """Hosts that stand in for each other, and the connection to one of them."""

    def __init__(
        self, hosts: Sequence[Host], reach: Reach, settings: LinkSettings
    ) -> None:
        """Connect to nothing yet."""
        self._hosts = hosts
        self._reach = reach
        self._settings = settings
        self._session: Session | None = None
        self._chosen = 0
        self._opening = asyncio.Lock()
        self._slots = asyncio.Semaphore(settings.depth)
        whole = settings.max_window
        self._window = min(FIRST_WINDOW, whole) if settings.slow_start else whole

    async def open(self) -> None:
        """Connect to the first host that can be reached, the last one first.

        A connection that is old enough is renewed once nothing is on the way on it.
        """
        async with self._opening:
            session = self._session
            if session is not None and session.is_open:
                if not self._is_old(session):
                    return
                await session.finished()
                session.close()
            self._session = await self._connect()

    async def send(self, batch: Batch) -> Delivery:
        """Send the batch window by window; what is acknowledged counts, come what may.

        Raises `OutputUnavailable` if nothing is.
        """
        done = 0
        while done < len(batch):
            part = batch[done : done + self._window]
            try:
                await self._send(part)
            except SessionEnded as error:
                self._shrink()
                return _partial(batch, done + error.acknowledged, str(error))
            self._grow()
            done += len(part)
        return Delivery(done)

    async def close(self) -> None:
        """Hang up."""
        if self._session is not None:
            self._session.close()
            self._session = None

    async def _connect(self) -> Session:
        failures: list[str] = []
        for _ in self._hosts:
            host = self._hosts[self._chosen]
            try:
                connection = await self._reach.connect(host)
            except OutputUnavailable as error:
                failures.append(str(error))
                self._chosen = (self._chosen + 1) % len(self._hosts)
            else:
                clock = self._reach.network.clock
                return Session(connection, clock, self._settings.timeout)
        raise OutputUnavailable("; ".join(failures))

    def _is_old(self, session: Session) -> bool:
        age = self._reach.network.clock.monotonic() - session.opened_at
        return 0 < self._settings.ttl <= age

    async def _send(self, part: Sequence[Record]) -> None:
        """Send one window; raises `SessionEnded`.

        Receivers hang up on connections that were idle for long. That is no failure: it
        shows only now, and the window goes over a new connection.
        """
        frames = await self._frames(part)
        async with self._slots:
            try:
                await self._current().deliver(frames, len(part))
            except SessionEnded as error:
                if not error.is_stale:
                    raise
                await self._reopen(error)
                await self._current().deliver(frames, len(part))

    def _current(self) -> Session:
        if self._session is None:
            raise SessionEnded("closed", 0, is_stale=False)
        return self._session

    async def _reopen(self, ended: SessionEnded) -> None:
        try:
            await self.open()
        except OutputUnavailable as error:
            raise SessionEnded(str(error), 0, is_stale=False) from ended

    async def _frames(self, part: Sequence[Record]) -> bytes:
        payloads = [self._settings.encode(record) for record in part]
        make = partial(window, payloads, self._settings.level)
        if sum(map(len, payloads)) <= INLINE:
            return make()
        return await asyncio.get_running_loop().run_in_executor(None, make)

    def _grow(self) -> None:
        larger = self._window + (self._window + 1) // 2
        self._window = min(larger, self._settings.max_window)

    def _shrink(self) -> None:
        if self._settings.slow_start:
            self._window = max(self._window // 2, 1)


def _partial(batch: Batch, done: int, reason: str) -> Delivery:
    if not done:
        raise OutputUnavailable(reason)
    return Delivery(done, retry=batch[done:], cause=reason)

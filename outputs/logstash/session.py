"""One connection to a Lumberjack receiver.

Owns sending windows and telling their acknowledgements apart. Must not know events,
hosts or retries.

The receiver answers windows in their order, so whoever waits for the oldest one reads
for it, and the turn passes on when that is done: the lock below hands itself on in the
order of asking, which is the order of sending, because nothing is awaited in between.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from heartbeat.clock import Deadline
from heartbeat.net import read_text
from heartbeat.outputs.logstash.lumberjack import AckReader, ProtocolError

if TYPE_CHECKING:
    from heartbeat.clock import Clock
    from heartbeat.net import Connection


IDLE = 1.0
"""Seconds without a window after which an end of the connection is no answer to one."""


class SessionEnded(Exception):  # noqa: N818 - a state, not a fault of the program
    """The connection is of no more use.

    `acknowledged` is how much of the window the receiver has. With `is_stale` the peer
    had most likely gone before it saw anything of it: it may be sent anew at once.
    """

    def __init__(self, reason: str, acknowledged: int, *, is_stale: bool) -> None:
        """Keep how far it got."""
        super().__init__(reason)
        self.acknowledged = acknowledged
        self.is_stale = is_stale


class Session:
    """Sends windows; several may be on the way."""

    def __init__(self, connection: Connection, clock: Clock, timeout: float) -> None:
        """Take over an open connection; `timeout` is the longest silence, seconds."""
        self._connection = connection
        self._clock = clock
        self._timeout = timeout
        self._reader = AckReader()
        self._acks: deque[int] = deque()
        self._turn = asyncio.Lock()
        self._in_flight = 0
        self._worked_at: float | None = None
        self._fault = ""
        self.opened_at = clock.monotonic()

    @property
    def is_open(self) -> bool:
        """Tell whether windows can be sent, as far as one knows."""
        return not self._fault

    async def deliver(self, frames: bytes, count: int) -> None:
        """Send a window of `count` events; return when all are acknowledged.

        Raises `SessionEnded`.
        """
        if self._fault:
            raise SessionEnded(self._fault, 0, is_stale=False)
        was_idle = self._is_idle()
        self._in_flight += 1
        self._connection.write(frames)
        try:
            async with self._turn:
                await self._acknowledged(count, was_idle=was_idle)
        except BaseException:
            self.close("the connection was given up")
            raise
        finally:
            self._in_flight -= 1
        self._worked_at = self._clock.monotonic()
        if self._acks and not self._in_flight:
            self.close("the receiver acknowledged more than it was sent")

    async def finished(self) -> None:
        """Return when no window is on the way any more."""
        async with self._turn:
            pass

    def close(self, reason: str = "closed") -> None:
        """Let go of the connection at once."""
        self._fault = self._fault or reason
        self._connection.close()

    def _is_idle(self) -> bool:
        if self._worked_at is None or self._in_flight:
            return False
        return self._clock.monotonic() - self._worked_at >= IDLE

    async def _acknowledged(self, count: int, *, was_idle: bool) -> None:
        acknowledged = 0
        while acknowledged < count:
            try:
                sequence = await self._next()
            except (OSError, EOFError, ProtocolError) as error:
                is_gone = isinstance(error, (EOFError, ConnectionError))
                raise self._ended(
                    error, acknowledged, is_stale=is_gone and was_idle
                ) from error
            if sequence > count:
                fault = ProtocolError(
                    f"invalid sequence number received (seq={sequence},"
                    f" expected={count})"
                )
                raise self._ended(fault, acknowledged) from fault
            # Zero says that the receiver is still at it.
            acknowledged = max(acknowledged, sequence)

    async def _next(self) -> int:
        """Return the next acknowledgement."""
        while not self._acks:
            self._acks.extend(self._reader.feed(await self._read()))
        return self._acks.popleft()

    async def _read(self) -> bytes:
        if self._fault:
            raise EOFError(self._fault)
        deadline = Deadline(self._clock, self._timeout)
        deadline.start()
        try:
            data = await self._connection.read(deadline)
        finally:
            deadline.cancel()
        if not data:
            raise EOFError("the receiver closed the connection")
        return data

    def _ended(
        self, error: Exception, acknowledged: int, *, is_stale: bool = False
    ) -> SessionEnded:
        text = (
            read_text(error, self._connection)
            if isinstance(error, OSError)
            else str(error)
        )
        self.close(text)
        return SessionEnded(text, acknowledged, is_stale=is_stale and not acknowledged)

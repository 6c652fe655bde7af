"""Bytes to and from one peer: a TCP connection on the running loop.

Owns `Connection` (what every layer of a connection looks like) and its TCP layer. Must
not know names, TLS or any application protocol.

A future for each wait, so that a `Deadline` can end it, and no cycle of references
after the end: the transport is let go of when it is closed or lost, a fault is kept as
its arguments and raised anew, and no frame that an error passes through holds the
future that carried it.
"""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast

from heartbeat.errors import system_text
from heartbeat.net.wording import could_not_connect, endpoint, is_deadline

if TYPE_CHECKING:
    from heartbeat.clock import Deadline

BUFFER = 256 * 1024
"""Bytes kept for a reader that does not come; with more, the peer has to wait."""


class Connection(Protocol):
    """A stream of bytes to a peer, whatever layers are below it."""

    @property
    def local(self) -> str:
        """Our end as `ip:port`; known while open and after an error."""
        ...

    @property
    def peer(self) -> str:
        """The other end as `ip:port`."""
        ...

    async def read(self, deadline: Deadline) -> bytes:
        """Return the next bytes, `b""` when the peer has finished sending.

        Raises `TimeoutError` at the deadline, `ssl.SSLError` or `OSError`.
        """
        ...

    def write(self, data: bytes) -> None:
        """Send what the system takes now and keep the rest to be sent in turn.

        Never raises: `drain` and `read` tell what became of it.
        """
        ...

    async def drain(self, deadline: Deadline) -> None:
        """Return when the peer keeps up with what is written.

        Raises `TimeoutError` at the deadline, `ssl.SSLError` or `OSError`.
        """
        ...

    def close(self) -> None:
        """Let go at once; a second call changes nothing."""
        ...


class TcpConnection(asyncio.Protocol):
    """The TCP layer; see `Connection` for its methods.

    The loop calls the others. Only one wait is under way at a time.
    """

    __slots__ = (
        "__weakref__",
        "_clogged",
        "_ended",
        "_fault",
        "_full",
        "_local",
        "_loop",
        "_received",
        "_size",
        "_transport",
        "_waiter",
        "peer",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, peer: str) -> None:
        """Prepare for a connection that the loop is to make."""
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._received: list[bytes] = []
        self._size = 0
        self._full = False
        self._clogged = False
        self._ended = False
        self._fault: tuple[Any, ...] | None = None
        self._local = ""
        self.peer = peer

    @property
    def local(self) -> str:
        """Our end as `ip:port`."""
        if not self._local and self._transport is not None:
            name = self._transport.get_extra_info("sockname")
            self._local = endpoint(name[0], name[1]) if name else ""
        return self._local

    async def read(self, deadline: Deadline) -> bytes:
        """Return the next bytes, `b""` at the end of the stream."""
        while not self._received:
            if self._ended:
                self._raise_fault()
                return b""
            await self._wait(deadline)
        return self._take()

    def write(self, data: bytes) -> None:
        """Hand over to the system what it takes; the loop sends the rest."""
        if self._transport is not None:
            self._transport.write(data)

    async def drain(self, deadline: Deadline) -> None:
        """Return when little of what was written still waits."""
        while self._clogged and self._transport is not None:
            await self._wait(deadline)
        self._raise_fault()

    def close(self) -> None:
        """Close without waiting for anything."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
            self._ended = True

    async def connected(self, deadline: Deadline) -> None:
        """Return when the loop has made the connection.

        Raises `TimeoutError` at the deadline or `OSError`.
        """
        await self._wait(deadline)
        self._raise_fault()

    def connect_ended(self, task: asyncio.Task[Any]) -> None:
        """Take over the fault of a connect that failed."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.connection_lost(error)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, unless nobody waits for it any more."""
        if self._waiter is None:
            cast("asyncio.Transport", transport).abort()
            return
        self._transport = cast("asyncio.Transport", transport)
        self._wake()

    def data_received(self, data: bytes) -> None:
        """Keep the bytes for the reader."""
        self._received.append(data)
        self._size += len(data)
        if self._size > BUFFER and self._transport is not None and not self._full:
            self._full = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """Note that the peer has finished; we may still send."""
        self._ended = True
        self._wake()
        return True

    def pause_writing(self) -> None:
        """Note that the peer does not keep up."""
        self._clogged = True

    def resume_writing(self) -> None:
        """Note that the peer keeps up again."""
        self._clogged = False
        self._wake()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Cut the tie to the transport and note why it ended."""
        if exc is not None:
            self._fault = exc.args if isinstance(exc, OSError) else (str(exc),)
            _ = self.local
        self._transport = None
        self._ended = True
        self._wake()

    async def _wait(self, deadline: Deadline) -> None:
        self._waiter = self._loop.create_future()
        try:
            await deadline.wait(self._waiter)
        except OSError:
            _ = self.local
            raise
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise OSError(*self._fault)

    def _take(self) -> bytes:
        received = self._received
        data = received[0] if len(received) == 1 else b"".join(received)
        self._received = []
        self._size = 0
        if self._full and self._transport is not None:
            self._full = False
            self._transport.resume_reading()
        return data


async def connect(
    address: str, port: int, deadline: Deadline, *, source: str = ""
) -> TcpConnection:
    """Connect to a literal address, from the address `source` if there is one.

    Raises `DialFailed` with `NET_COULD_NOT_CONNECT`.
    """
    loop = asyncio.get_running_loop()
    connection = TcpConnection(loop, endpoint(address, port))
    if source:
        bound = _bound(source, address, port)
        attempt = loop.create_task(_connect_from(bound, connection, (address, port)))
        attempt.add_done_callback(partial(_close_if_failed, bound))
    else:
        attempt = loop.create_task(
            loop.create_connection(lambda: connection, address, port)
        )
    attempt.add_done_callback(connection.connect_ended)
    try:
        await connection.connected(deadline)
    except BaseException as error:
        attempt.cancel()
        connection.close()
        if isinstance(error, OSError):
            late = is_deadline(error)
            text = "i/o timeout" if late else f"connect: {system_text(error)}"
            raise could_not_connect(address, port, text, timed_out=late) from error
        raise
    return connection


def _bound(source: str, address: str, port: int) -> socket.socket:
    """Return a socket that sends from an address of ours; raises `DialFailed`."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    if (":" in address) != (":" in source):
        cause = f"source address {source} is of another family"
        raise could_not_connect(address, port, cause)
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setblocking(False)  # noqa: FBT003 - the name says it
    try:
        sock.bind((source, 0))
    except OSError as error:
        sock.close()
        cause = f"bind {source}: {system_text(error)}"
        raise could_not_connect(address, port, cause) from error
    return sock


async def _connect_from(
    bound: socket.socket, connection: TcpConnection, target: tuple[str, int]
) -> tuple[asyncio.Transport, TcpConnection]:
    loop = asyncio.get_running_loop()
    await loop.sock_connect(bound, target)
    return await loop.create_connection(lambda: connection, sock=bound)


def _close_if_failed(bound: socket.socket, attempt: asyncio.Task[Any]) -> None:
    if attempt.cancelled() or attempt.exception() is not None:
        bound.close()

"""Bytes to and from one peer: a TCP connection on the running loop.

Owns `Connection` (what every layer of a connection looks like) and its TCP layer. Must
not know names, TLS or any application protocol.

The socket is used as it is, without a transport around it: a probe asks and waits for
the answer, so nothing has to be read ahead, and the kernel makes a peer wait that sends
more than is read. A future for each wait, so that a `Deadline` can end it, and no cycle
of references after the end: a fault is kept as its arguments and raised anew, and no
frame that an error passes through holds the future that carried it.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from functools import partial
from struct import Struct
from typing import TYPE_CHECKING, Any, Final, Protocol

from heartbeat.errors import system_text
from heartbeat.net.arrival import ROOM, arrival, tell_arrivals
from heartbeat.net.readiness import IN, OUT, readiness_of
from heartbeat.net.wording import (
    DialFailed,
    could_not_connect,
    endpoint,
    is_deadline,
)

if TYPE_CHECKING:
    from heartbeat.clock import Deadline

PIECE: Final = 64 * 1024
"""The most bytes that are read in one go."""

UNSENT: Final = 64 * 1024
"""Bytes that may still wait to be sent when the peer counts as keeping up."""

NONBLOCK: Final[int] = getattr(socket, "SOCK_NONBLOCK", 0)
"""Keeps a socket from blocking without a system call of its own, where there is it."""

TCP_INFO: Final = getattr(socket, "TCP_INFO", None)
"""What the kernel knows about a connection, where it tells."""

INFO: Final = Struct("=B67xI28xI")
"""Of that: the state, the round trip in microseconds, how often it sent again."""

BROKEN: Final = 7
"""The state of a connection that did not come about or was broken off at once."""


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


class TcpConnection:
    """The TCP layer; see `Connection` for its methods.

    `rtt` is how long the peer took to accept the connection, in seconds, None where the
    kernel does not tell. `took` is the same, or else what we have measured, who may
    have been busy when the answer came. Only one wait is under way at a time.

    Sockets are made, connected and closed together with those of other connections, at
    the end of the turn of the loop.
    """

    __slots__ = (
        "__weakref__",
        "_fault",
        "_local",
        "_loop",
        "_readiness",
        "_sock",
        "_tells_arrivals",
        "_unsent",
        "_waiter",
        "peer",
        "rtt",
        "took",
    )

    def __init__(self, peer: str) -> None:
        """Stand before `connect`."""
        self._loop = asyncio.get_running_loop()
        self._readiness = readiness_of(self._loop)
        self._sock: socket.SocketType | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._unsent = b""
        self._fault: tuple[Any, ...] | None = None
        self._local = ""
        self._tells_arrivals = False
        self.peer = peer
        self.rtt: float | None = None
        self.took = 0.0

    @property
    def local(self) -> str:
        """Our end as `ip:port`."""
        if not self._local and self._sock is not None:
            name = self._sock.getsockname()
            self._local = endpoint(name[0], name[1])
        return self._local

    async def read(self, deadline: Deadline) -> bytes:
        """Return the next bytes, `b""` at the end of the stream."""
        while self._sock is not None:
            # What was asked for is rarely there yet: to try first would be in vain. And
            # a peer that sends without end must not keep the loop from others.
            if not self._tells_arrivals:
                self._tells_arrivals = True
                tell_arrivals(self._sock)
            asked = deadline.now()
            await self._wait(IN, deadline)
            data, came_ns = self._received()
            if data is not None:
                deadline.arrived(came_ns, asked)
                return data
        return b""

    def write(self, data: bytes) -> None:
        """Hand over to the system what it takes; the rest follows as it can."""
        self._unsent += data
        if len(self._unsent) == len(data):
            self._send()

    async def drain(self, deadline: Deadline) -> None:
        """Return when little of what was written still waits."""
        while len(self._unsent) > UNSENT and self._sock is not None:
            await self._wait(OUT, deadline)
        self._raise_fault()

    def close(self) -> None:
        """Close without waiting for anything."""
        if self._is_cut():
            _ = self.local
        sock, self._sock = self._sock, None
        self._unsent = b""
        self._fault = None
        if sock is not None:
            self._readiness.forget(sock.fileno())
            self._readiness.turn.at_end(sock.close)
            self._wake()
        # Its error would lead back here.
        self._waiter = None

    async def connect(
        self, target: tuple[str, int], deadline: Deadline, source: str = ""
    ) -> None:
        """Connect to a literal address, from the address `source` if there is one.

        Raises `DialFailed` for the source, `TimeoutError` at the deadline, `OSError`.
        """
        asked = deadline.now()
        self._waiter = self._loop.create_future()
        self._readiness.turn.at_end(partial(self._begin, target, source))
        await deadline.wait(self._waiter)
        self._look()
        self.took = measured = deadline.now() - asked
        if self.rtt is not None and self.rtt < measured:
            self.took = self.rtt
            deadline.lose(measured - self.rtt)

    def _begin(self, target: tuple[str, int], source: str) -> None:
        """Make the socket and start to connect it, unless it is too late for that."""
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        try:
            self._sock = sock = _opened(target[0])
            if source:
                _bind(sock, source, target)
            fault = sock.connect_ex(target)
            if fault not in (0, errno.EINPROGRESS):
                raise _error(fault)
        except (OSError, DialFailed) as error:
            waiter.set_exception(error.with_traceback(None))
        else:
            self._watch(OUT)

    def _look(self) -> None:
        """Find out what became of a connect; raises `OSError`.

        The kernel's round trip is that of the last attempt alone, so it does not count
        where there were several.
        """
        assert self._sock is not None  # noqa: S101 - it was not closed yet
        if TCP_INFO is not None:
            info = self._sock.getsockopt(socket.IPPROTO_TCP, TCP_INFO, INFO.size)
            state, micros, repeats = INFO.unpack(info)
            if state != BROKEN:
                self.rtt = None if repeats else micros / 1e6
                return
        fault = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if fault:
            raise _error(fault)

    def _ready(self) -> None:
        """Go on after the socket became ready."""
        if self._unsent:
            self._send()
        self._wake()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _send(self) -> None:
        """Send what waits; a fault is told to whoever reads or drains."""
        if self._sock is None:
            self._unsent = b""
            return
        try:
            sent = self._sock.send(self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._note(error)
            sent = len(self._unsent)
        self._unsent = self._unsent[sent:]
        if self._unsent:
            is_awaited = self._waiter is not None and not self._waiter.done()
            self._watch(IN | OUT if is_awaited else OUT)

    def _received(self) -> tuple[bytes | None, int]:
        """Return what there is to be read, None if there is nothing yet.

        And when it came, by the kernel's wall clock, 0 if it does not tell.
        """
        if self._sock is None:
            return b"", 0
        try:
            data, beside, _, _ = self._sock.recvmsg(PIECE, ROOM)
        except BlockingIOError:
            return None, 0
        except OSError as error:
            self._note(error)
            raise
        if not data:
            self._raise_fault()
        return data, arrival(beside)

    def _wait(self, events: int, deadline: Deadline) -> asyncio.Future[None]:
        """Return what is done when the socket is ready, or may be: it is to be tried.

        `TimeoutError` at the deadline.
        """
        self._watch(events | OUT if self._unsent else events)
        waiter = self._waiter = self._loop.create_future()
        return deadline.wait(waiter)

    def _is_cut(self) -> bool:
        """Say whether the last wait was ended by its deadline."""
        waiter = self._waiter
        if waiter is None or not waiter.done() or waiter.cancelled():
            return False
        return waiter.exception() is not None

    def _watch(self, events: int) -> None:
        assert self._sock is not None  # noqa: S101 - whoever waits has looked
        self._readiness.watch(self._sock.fileno(), events, self._ready)

    def _note(self, error: OSError) -> None:
        """Keep the first fault: those that follow are its consequences."""
        self._fault = self._fault or error.args
        _ = self.local

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise OSError(*self._fault)


async def connect(
    address: str, port: int, deadline: Deadline, *, source: str = ""
) -> TcpConnection:
    """Connect to a literal address, from the address `source` if there is one.

    Raises `DialFailed` with `NET_COULD_NOT_CONNECT`.
    """
    connection = TcpConnection(endpoint(address, port))
    try:
        await connection.connect((address, port), deadline, source)
    except BaseException as error:
        connection.close()
        if isinstance(error, OSError):
            raise _not_connected(address, port, error) from error
        raise
    return connection


def _opened(address: str) -> socket.SocketType:
    """Return a socket for the family of an address, which does not block."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.SocketType(family, socket.SOCK_STREAM | NONBLOCK)
    if not NONBLOCK:
        sock.setblocking(False)  # noqa: FBT003 - the name says it
    return sock


def _not_connected(address: str, port: int, error: OSError) -> DialFailed:
    is_late = is_deadline(error)
    text = "i/o timeout" if is_late else f"connect: {system_text(error)}"
    return could_not_connect(address, port, text, timed_out=is_late)


def _bind(sock: socket.SocketType, source: str, target: tuple[str, int]) -> None:
    """Have a socket send from an address of ours; raises `DialFailed`."""
    address, port = target
    if (":" in address) != (":" in source):
        cause = f"source address {source} is of another family"
        raise could_not_connect(address, port, cause)
    try:
        sock.bind((source, 0))
    except OSError as error:
        cause = f"bind {source}: {system_text(error)}"
        raise could_not_connect(address, port, cause) from error


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))

"""Tools for ICMP tests: messages as routers and targets send them, a scripted socket.

Owns what a healthy network will not do on demand. Must not know how heartbeat builds or
reads messages: everything is put together from the RFCs again.
"""

from __future__ import annotations

import socket
import struct
from collections import deque
from typing import TYPE_CHECKING, TypeAlias

from heartbeat.monitors.icmp.system import Opened

if TYPE_CHECKING:
    from heartbeat.monitors.icmp.flight import Ping
    from heartbeat.monitors.icmp.system import Manner

Entry: TypeAlias = tuple[int, int, bytes]
Ancillary: TypeAlias = list[Entry]
Received: TypeAlias = tuple[bytes, Ancillary, int, tuple[str, int]]

ICMP = 1
ICMP6 = 58
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}


def checksum(data: bytes) -> int:
    """Return the internet checksum of RFC 1071, word by word."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def message(
    kind: int, code: int = 0, rest: bytes = bytes(4), body: bytes = b""
) -> bytes:
    """Return an ICMP message with a right IPv4 checksum."""
    unsummed = struct.pack("!BBH", kind, code, 0) + rest + body
    return struct.pack("!BBH", kind, code, checksum(unsummed)) + rest + body


def reply(request: bytes, kind: int = 0) -> bytes:
    """Return the answer to an echo request."""
    return message(kind, 0, request[4:8], request[8:])


def datagram(
    version: int, payload: bytes, *, source: str, target: str, protocol: int = 0
) -> bytes:
    """Return an IP packet; for IPv4 with options, so that headers vary in length."""
    ends = socket.inet_pton(FAMILY[version], source)
    ends += socket.inet_pton(FAMILY[version], target)
    if version == 6:
        header = struct.pack("!IHBB", 6 << 28, len(payload), protocol or ICMP6, 64)
        return header + ends + payload
    size = 24 + len(payload)
    header = struct.pack("!BBHIBBH", 0x46, 0, size, 0, 64, protocol or ICMP, 0)
    return header + ends + bytes(4) + payload


def refusal(version: int, kind: int, code: int, request: bytes, target: str) -> bytes:
    """Return an ICMP error about an echo request that was sent to `target`."""
    source = "192.0.2.1" if version == 4 else "2001:db8::1"
    quote = datagram(version, request, source=source, target=target)
    return message(kind, code, body=quote)


def stamped(nanoseconds: int) -> Ancillary:
    """Return what the kernel adds to a packet it received at that moment."""
    moment = struct.pack("@ll", *divmod(nanoseconds, 1_000_000_000))
    return [(socket.SOL_SOCKET, 35, moment)]


def dropped(packets: int) -> Ancillary:
    """Return what the kernel adds once it has dropped packets."""
    return [(socket.SOL_SOCKET, 40, struct.pack("@I", packets))]


def queued(kind: int, code: int, offender: str, *, origin: int = 2) -> Entry:
    """Return an entry of the error queue, as `recvmsg` gives it."""
    error = struct.pack("=IBBBBII", 113, origin, kind, code, 0, 0, 0)
    if ":" in offender:
        address = struct.pack("=HHI", socket.AF_INET6, 0, 0)
        address += socket.inet_pton(socket.AF_INET6, offender) + bytes(4)
        return socket.IPPROTO_IPV6, 25, error + address
    address = struct.pack("=HH", socket.AF_INET, 0)
    address += socket.inet_pton(socket.AF_INET, offender) + bytes(8)
    return socket.IPPROTO_IP, 11, error + address


async def round_trip(ping: Ping) -> float:
    """Return the seconds until the one answer that ended a ping."""
    assert await ping.outcome is None
    (seconds,) = ping.answers.values()
    return seconds


class ScriptedSocket:
    """An ICMP socket to which things happen as a test says.

    `sent` holds what was sent: packet and address. `refusals` are raised by the next
    sends, one each; `departures` are when the kernel says that the next sends left.
    """

    def __init__(self) -> None:
        """Be ready: nothing to read, room to send."""
        self._near, self._far = socket.socketpair(type=socket.SOCK_DGRAM)
        self._near.settimeout(0)
        self._arrived: deque[Received | OSError] = deque()
        self._errors: deque[Received] = deque()
        self.sent: list[tuple[bytes, str]] = []
        self.refusals: deque[OSError] = deque()
        self.departures: deque[int] = deque()
        self.is_closed = False

    def arrive(
        self, data: bytes, source: str, ancillary: Ancillary | None = None
    ) -> None:
        """Let a packet arrive."""
        self._arrived.append((data, ancillary or [], 0, (source, 0)))
        self._far.send(b"!")

    def break_down(self, error: OSError) -> None:
        """Let the next read fail."""
        self._arrived.append(error)
        self._far.send(b"!")

    def queue_error(self, request: bytes, target: str, *entries: Entry) -> None:
        """Put an error about a request into the error queue, and wake the reader."""
        self._errors.append((request, list(entries), 0, (target, 0)))
        self._far.send(b"!")

    def fileno(self) -> int:
        """Return a descriptor that is readable while there is something to read."""
        return self._near.fileno()

    def sendto(self, packet: bytes, address: tuple[str, int]) -> int:
        """Keep the packet, or fail as told."""
        if self.refusals:
            raise self.refusals.popleft()
        self.sent.append((packet, address[0]))
        if self.departures:
            self.depart(self.departures.popleft())
        return len(packet)

    def depart(self, nanoseconds: int) -> None:
        """Let the kernel say, in the error queue, that something left."""
        origin = queued(0, 0, "0.0.0.0", origin=4)
        self.queue_error(b"", "", *stamped(nanoseconds), origin)

    def recvmsg(self, _size: int, _ancillary: int, flags: int = 0) -> Received:
        """Return what is next, as a non-blocking socket does."""
        queue = self._errors if flags & socket.MSG_ERRQUEUE else self._arrived
        if not queue:
            raise BlockingIOError
        self._near.recv(1)
        item = queue.popleft()
        if isinstance(item, OSError):
            raise item
        return item

    def close(self) -> None:
        """Close both ends."""
        self.is_closed = True
        self._near.close()
        self._far.close()


class ScriptedSockets:
    """Opens scripted sockets: all that were opened, and how opening fails.

    With `identifier` they are datagram sockets, else raw ones.
    """

    def __init__(self, identifier: int | None = None) -> None:
        """Have opened none."""
        self.identifier = identifier
        self.opened: list[ScriptedSocket] = []
        self.manners: list[Manner] = []
        self.failures: deque[OSError] = deque()

    def __call__(self, version: int, manner: Manner) -> Opened:
        """Return a new socket, whatever the IP version."""
        del version
        self.manners.append(manner)
        if self.failures:
            raise self.failures.popleft()
        self.opened.append(ScriptedSocket())
        return Opened(self.last, self.identifier)  # type: ignore[arg-type]

    @property
    def last(self) -> ScriptedSocket:
        """Return the socket opened last."""
        return self.opened[-1]

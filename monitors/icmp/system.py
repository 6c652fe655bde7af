"""What the operating system offers for ping.

Owns opening ICMP sockets (raw where permitted, else datagram), their options, and what
comes beside the data: stamps, drop counts, the error queue. Must not know who waits for
an answer.

A datagram socket needs no privilege where `net.ipv4.ping_group_range` admits one of the
process's groups. The kernel then chooses the identifier, delivers only answers to it,
and reports ICMP errors through the socket's error queue instead of as packets.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from heartbeat.frozen import frozen
from heartbeat.monitors.icmp.packet import ERRORS, HEADER_SIZE, IPV4, IPV6, REPLY, Fault
from heartbeat.net.arrival import SO_TIMESTAMPNS, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

Ancillary: TypeAlias = "Sequence[tuple[int, int, bytes]]"

MESSAGE_SIZE: Final = 2048
"""Bytes read at most: more than any quote of our requests that routers send back."""

ANCILLARY_SIZE: Final = 256
BUFFER_SIZE: Final = 4 * 1024 * 1024
"""Room for about 5,000 packets each way: the default of 208 KiB holds 256, and answers
beyond that are lost before anybody can read them. Outwards, packets to dead hosts of
the local network wait there for seconds until the kernel gives them up."""

# Linux, include/uapi: asm-generic/socket.h, linux/icmp.h, linux/icmpv6.h, linux/in.h,
# linux/in6.h, linux/errqueue.h. The socket module has no names for these.
_SO_SNDBUFFORCE = 32
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPING = 37
_SO_RXQ_OVFL = 40
_SOL_RAW = 255
_ICMP_FILTER = 1
_IP_RECVERR = 11
_IP_TTL = 2
_IP_MTU_DISCOVER = 10
_IPV6_UNICAST_HOPS = 16
_IPV6_MTU_DISCOVER = 23
_IPV6_DONTFRAG = 62
_PROBE = 3
_IPV6_RECVERR = 25
_FROM_ICMP = (2, 3)
_FROM_STAMPING = 4
_LEFT = 1 << 1 | 1 << 4 | 1 << 11
"""SOF_TIMESTAMPING_TX_SOFTWARE, _SOFTWARE and _OPT_TSONLY of linux/net_tstamp.h: the
moment when a packet was handed to the device, without the packet."""

_DROPS = struct.Struct("@I")
_EXTENDED_ERROR = struct.Struct("=IBBBBII")


@dataclass(frozen=True, slots=True)
class Manner:
    """How requests are sent, apart from what is in them.

    `ttl` is how many routers a request may pass, 0 for the system's default; with `df`
    no router may break it up, and the system's idea of the path's limit is ignored, so
    that whoever has the limit says so each time.
    """

    ttl: int = 0
    df: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A socket that pings.

    `identifier` is what the kernel makes its requests carry, None for a raw socket:
    there it is ours to choose.
    """

    sock: socket.socket
    identifier: int | None


@dataclass(frozen=True, slots=True)
class Family:
    """The constants of one IP version."""

    version: int
    family: int
    protocol: int
    any: str
    level: int
    error_option: int
    offender: slice
    ttl_option: int
    whole_options: tuple[tuple[int, int], ...]


FAMILIES: Final = {
    IPV4: Family(
        version=IPV4,
        family=socket.AF_INET,
        protocol=socket.IPPROTO_ICMP,
        any="0.0.0.0",  # noqa: S104 - any local address to ping from
        level=socket.IPPROTO_IP,
        error_option=_IP_RECVERR,
        offender=slice(4, 8),
        ttl_option=_IP_TTL,
        whole_options=((_IP_MTU_DISCOVER, _PROBE),),
    ),
    IPV6: Family(
        version=IPV6,
        family=socket.AF_INET6,
        protocol=socket.IPPROTO_ICMPV6,
        any="::",
        level=socket.IPPROTO_IPV6,
        error_option=_IPV6_RECVERR,
        offender=slice(8, 24),
        ttl_option=_IPV6_UNICAST_HOPS,
        whole_options=((_IPV6_MTU_DISCOVER, _PROBE), (_IPV6_DONTFRAG, 1)),
    ),
}


def open_socket(version: int, manner: Manner) -> Opened:
    """Return a non-blocking socket for echo requests of an IP version.

    Raises `PermissionError` if neither kind of socket is permitted, another `OSError`
    if the system has no such addresses, no such options or no more sockets.
    """
    family = FAMILIES[version]
    try:
        sock = socket.socket(family.family, socket.SOCK_RAW, family.protocol)
    except PermissionError:
        sock = socket.socket(family.family, socket.SOCK_DGRAM, family.protocol)
    try:
        _set_manner(sock, family, manner)
        identifier = _prepare(sock, family)
    except OSError:
        sock.close()
        raise
    _set_common(sock)
    return Opened(sock, identifier)


def _prepare(sock: socket.socket, family: Family) -> int | None:
    """Set what its kind of socket needs; return its identifier if it has one."""
    if sock.type == socket.SOCK_RAW:
        _set_filter(sock, family.version)
        return None
    sock.bind((family.any, 0))
    sock.setsockopt(family.level, family.error_option, 1)
    return int(sock.getsockname()[1])


def _set_manner(sock: socket.socket, family: Family, manner: Manner) -> None:
    if manner.ttl:
        sock.setsockopt(family.level, family.ttl_option, manner.ttl)
    if manner.df:
        for option, value in family.whole_options:
            sock.setsockopt(family.level, option, value)


def _set_common(sock: socket.socket) -> None:
    """Set what helps but is not needed, as far as the system lets us."""
    sock.setblocking(False)  # noqa: FBT003 - its only form
    for forced, asked in (
        (_SO_RCVBUFFORCE, socket.SO_RCVBUF),
        (_SO_SNDBUFFORCE, socket.SO_SNDBUF),
    ):
        try:
            sock.setsockopt(socket.SOL_SOCKET, forced, BUFFER_SIZE)
        except OSError:
            sock.setsockopt(socket.SOL_SOCKET, asked, BUFFER_SIZE)
    for option, value in (
        (SO_TIMESTAMPNS, 1),
        (_SO_TIMESTAMPING, _LEFT),
        (_SO_RXQ_OVFL, 1),
    ):
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, option, value)


def _set_filter(sock: socket.socket, version: int) -> None:
    """Let the kernel keep back what we would only throw away: a set bit blocks."""
    wanted = {REPLY[version], *ERRORS[version]}
    size = 32 if version == IPV4 else 256
    blocked = sum(1 << kind for kind in range(size) if kind not in wanted)
    level = _SOL_RAW if version == IPV4 else socket.IPPROTO_ICMPV6
    words = [blocked >> shift & 0xFFFFFFFF for shift in range(0, size, 32)]
    with contextlib.suppress(OSError):
        sock.setsockopt(level, _ICMP_FILTER, struct.pack(f"={len(words)}I", *words))


def stamp_and_drops(ancillary: Ancillary) -> tuple[int, int]:
    """Return when the kernel saw a packet and how many it has dropped so far.

    The stamp is nanoseconds since the epoch, 0 if there is none.
    """
    stamp = drops = 0
    for _, kind, data in ancillary:
        if kind == SO_TIMESTAMPNS:
            stamp = moment(data)
        elif kind == _SO_RXQ_OVFL:
            (drops,) = _DROPS.unpack(data)
    return stamp, drops


@frozen
class Queued:
    """An entry of the error queue: when a request left, or a fault and who sent it.

    `left` is nanoseconds since the epoch, 0 where the entry is about something else.
    """

    left: int = 0
    fault: Fault | None = None
    source: str = ""


def take_queued(sock: socket.socket, version: int) -> Queued | None:
    """Take the first entry out of a socket's error queue, None if there is none.

    On a datagram socket that also clears the error that the next call would raise.
    """
    try:
        data, ancillary, _, address = sock.recvmsg(
            MESSAGE_SIZE, ANCILLARY_SIZE, socket.MSG_ERRQUEUE
        )
    except OSError:
        return None
    family = FAMILIES[version]
    for level, kind, error in ancillary:
        if kind == family.error_option and level == family.level:
            if error[4] == _FROM_STAMPING:
                return Queued(stamp_and_drops(ancillary)[0])
            return _queued_fault(family, data, address, error)
    return Queued()


def _queued_fault(
    family: Family, request: bytes, target: tuple[str, int], error: bytes
) -> Queued:
    _, origin, kind, code, _, mtu, _ = _EXTENDED_ERROR.unpack_from(error)
    offender = error[_EXTENDED_ERROR.size :][family.offender]
    if origin not in _FROM_ICMP or len(request) < HEADER_SIZE or not offender:
        return Queued()
    identifier, sequence = struct.unpack_from("!HH", request, 4)
    source = socket.inet_ntop(family.family, offender)
    fault = Fault(family.version, kind, code, identifier, sequence, target[0], mtu)
    return Queued(fault=fault, source=source)

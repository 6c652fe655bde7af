"""The bytes of ICMP: echo requests out, echo replies and errors in.

Owns building and reading of messages of both versions (RFC 792, RFC 4443) and the words
for errors. Must not know sockets: bytes in, values out.
"""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass
from functools import cache
from socket import AF_INET, AF_INET6, inet_ntop
from typing import Final

from icmplib import ICMPError, ICMPReply

from heartbeat.frozen import frozen

IPV4: Final = 4
IPV6: Final = 6

CUSTOMARY_SIZE: Final = 56
"""Bytes of payload in the pings of nearly every tool."""

MAX_SIZE: Final = 65_507
"""Bytes of payload that an IPv4 packet has room for."""

REQUEST: Final = {IPV4: 8, IPV6: 128}
REPLY: Final = {IPV4: 0, IPV6: 129}
ERRORS: Final = {
    # destination unreachable, time exceeded, parameter problem
    IPV4: frozenset({3, 11, 12}),
    # destination unreachable, packet too big, time exceeded, parameter problem
    IPV6: frozenset({1, 2, 3, 4}),
}

_HEADER = struct.Struct("!BBHHH")
HEADER_SIZE: Final = _HEADER.size
_ONES = 0xFFFF
_PROTOCOL = {IPV4: 1, IPV6: 58}
_V6_HEADER_SIZE = 40
_TOKEN = secrets.token_bytes(8)

_FRAGMENTATION_NEEDED = (IPV4, 3, 4)
_PACKET_TOO_BIG = (IPV6, 2, 0)
_MTU_FIELD: dict[tuple[int, int, int], slice] = {
    _FRAGMENTATION_NEEDED: slice(6, 8),
    _PACKET_TOO_BIG: slice(4, 8),
}
# What the library has no words for, or less than there is to say.
_UNNAMED: dict[tuple[int, int, int], str] = {
    _FRAGMENTATION_NEEDED: "fragmentation needed",
    _PACKET_TOO_BIG: "packet too big",
}
_PARAMETER_PROBLEM = {(IPV4, 12), (IPV6, 4)}


@dataclass(frozen=True, slots=True)
class Payload:
    """What an echo request carries and an answer has to bring back.

    `sum` is the data as one number of 16-bit words, modulo 65,535.
    """

    data: bytes
    sum: int


@cache
def payload(size: int) -> Payload:
    """Return the payload of a size: the customary pattern behind a token.

    The token differs from process to process, where other tools have the time, so that
    nobody who has not seen our requests can make up an answer.
    """
    data = (_TOKEN + bytes(index & 0xFF for index in range(8, size)))[:size]
    return Payload(data, int.from_bytes(_padded(data), "big") % _ONES)


def _padded(data: bytes) -> bytes:
    """Return the data as whole 16-bit words."""
    return data + bytes(len(data) % 2)


@frozen
class Reply:
    """An answer to an echo request.

    `is_intact` tells whether its checksum holds; where the kernel checks it, what is
    broken never gets here.
    """

    identifier: int
    sequence: int
    payload: bytes = b""
    is_intact: bool = True


@dataclass(frozen=True, slots=True)
class Fault:
    """Somebody's word that an echo request to `target` will not get there.

    `mtu` is the size the next hop can take, where the error is about sizes.
    """

    version: int
    type: int
    code: int
    identifier: int
    sequence: int
    target: str
    mtu: int = 0

    def text(self, source: str) -> str:
        """Return what went wrong and who said so, in small letters."""
        reason = self._reason()
        has_limit = self.mtu and (self.version, self.type, self.code) in _MTU_FIELD
        limit = f" (the next hop takes {self.mtu} bytes)" if has_limit else ""
        return f"{reason[0].lower()}{reason[1:]}{limit} from {source}"

    def _reason(self) -> str:
        kind = (self.version, self.type, self.code)
        if kind in _UNNAMED:
            return _UNNAMED[kind]
        if kind[:2] in _PARAMETER_PROBLEM:
            return f"parameter problem, code {self.code}"
        reply = ICMPReply(
            self.target,
            self.version,
            self.identifier,
            self.sequence,
            self.type,
            self.code,
            bytes_received=0,
            time=0.0,
        )
        try:
            reply.raise_for_status()
        except ICMPError as error:
            # The library misspells its names for IPv4 codes 9 and 10.
            return str(error).replace("prohibed", "prohibited")
        raise AssertionError("an error has a name")  # pragma: no cover


def echo_request(
    version: int, identifier: int, sequence: int, content: Payload
) -> bytes:
    """Return an echo request; `identifier` and `sequence` have 16 bits.

    The one's complement sum of 16-bit words is the remainder by 65,535 of the bytes
    read as one number, so the sum of the payload is taken once and for all. The kernel
    computes the checksum of IPv6 itself, because it covers the addresses.
    """
    kind = REQUEST[version]
    total = (kind << 8) + identifier + sequence + content.sum
    checksum = _ONES - total % _ONES
    return _HEADER.pack(kind, 0, checksum, identifier, sequence) + content.data


def parse(version: int, data: bytes) -> Reply | Fault | None:
    """Return what a received message says about an echo request, None for nothing.

    Takes messages with and without an IPv4 header before them: raw sockets hand it
    over, others do not, and no ICMP type in use looks like one. Broken errors say
    nothing; a broken reply says that it is one.
    """
    if version == IPV4 and data[:1] >= b"\x40":
        data = _inner(IPV4, data)
    if len(data) < HEADER_SIZE:
        return None
    kind, _, _, identifier, sequence = _HEADER.unpack_from(data)
    is_intact = version == IPV6 or _is_intact(data)
    if kind == REPLY[version]:
        return Reply(identifier, sequence, data[HEADER_SIZE:], is_intact)
    if kind in ERRORS[version] and is_intact:
        return _parse_error(version, data)
    return None


def _is_intact(message: bytes) -> bool:
    """Return whether the checksum over an ICMPv4 message holds."""
    return int.from_bytes(_padded(message), "big") % _ONES == 0


def _inner(version: int, datagram: bytes) -> bytes:
    """Return what is behind the IP header, empty if there is no ICMP."""
    if version == IPV6:
        size, protocol_at = _V6_HEADER_SIZE, 6
    else:
        size, protocol_at = (datagram[0] & 0x0F) * 4 if datagram else 0, 9
    if len(datagram) <= size or len(datagram) <= protocol_at:
        return b""
    return datagram[size:] if datagram[protocol_at] == _PROTOCOL[version] else b""


def _parse_error(version: int, message: bytes) -> Fault | None:
    """Return the error if what it quotes is the start of an echo request."""
    quote = message[HEADER_SIZE:]
    request = _inner(version, quote)
    if len(request) < HEADER_SIZE or request[0] != REQUEST[version]:
        return None
    _, _, _, identifier, sequence = _HEADER.unpack_from(request)
    if version == IPV6:
        target = inet_ntop(AF_INET6, quote[24:40])
    else:
        target = inet_ntop(AF_INET, quote[16:20])
    kind, code = message[0], message[1]
    field = _MTU_FIELD.get((version, kind, code))
    mtu = 0 if field is None else int.from_bytes(message[field], "big")
    return Fault(version, kind, code, identifier, sequence, target, mtu)

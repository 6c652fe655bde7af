"""The bytes of ICMP: echo requests out, echo replies and errors in.

Owns building and reading of messages of both versions (RFC 792, RFC 4443) and the words
for errors. Must not know sockets: bytes in, values out.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from socket import AF_INET, AF_INET6, inet_ntop
from typing import Final

from icmplib import ICMPError, ICMPReply

IPV4: Final = 4
IPV6: Final = 6

PAYLOAD: Final = bytes(range(8, 64))
"""56 bytes, the customary size and pattern of a ping."""

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
_PAYLOAD_SUM = int.from_bytes(PAYLOAD, "big") % _ONES
_PROTOCOL = {IPV4: 1, IPV6: 58}
_V6_HEADER_SIZE = 40


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to an echo request."""

    identifier: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Somebody's word that an echo request to `target` will not get there."""

    version: int
    type: int
    code: int
    identifier: int
    sequence: int
    target: str

    def text(self, source: str) -> str:
        """Return what went wrong and who said so, in small letters."""
        reply = ICMPReply(
            source,
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
            reason = str(error).replace("prohibed", "prohibited")
            return f"{reason[0].lower()}{reason[1:]} from {source}"
        raise AssertionError("an error has a name")  # pragma: no cover


def echo_request(version: int, identifier: int, sequence: int) -> bytes:
    """Return an echo request; `identifier` and `sequence` have 16 bits.

    The one's complement sum of 16-bit words is the remainder by 65,535 of the bytes
    read as one number, so the sum of the payload is taken once and for all. The kernel
    computes the checksum of IPv6 itself, because it covers the addresses.
    """
    kind = REQUEST[version]
    total = (kind << 8) + identifier + sequence + _PAYLOAD_SUM
    checksum = _ONES - total % _ONES
    return _HEADER.pack(kind, 0, checksum, identifier, sequence) + PAYLOAD


def parse(version: int, data: bytes) -> Reply | Fault | None:
    """Return what a received message says about an echo request, None for nothing.

    Takes messages with and without an IPv4 header before them: raw sockets hand it
    over, others do not, and no ICMP type in use looks like one. Broken messages say
    nothing.
    """
    if version == IPV4:
        data = _inner(IPV4, data) if data[:1] >= b"\x40" else data
        if not _is_intact(data):
            return None
    if len(data) < HEADER_SIZE:
        return None
    kind, code, _, identifier, sequence = _HEADER.unpack_from(data)
    if kind == REPLY[version]:
        return Reply(identifier, sequence)
    if kind in ERRORS[version]:
        return _parse_quote(version, kind, code, data[HEADER_SIZE:])
    return None


def _is_intact(message: bytes) -> bool:
    """Return whether the checksum over an ICMPv4 message holds."""
    padding = 8 * (len(message) % 2)
    return (int.from_bytes(message, "big") << padding) % _ONES == 0


def _inner(version: int, datagram: bytes) -> bytes:
    """Return what is behind the IP header, empty if there is no ICMP."""
    if version == IPV6:
        size, protocol_at = _V6_HEADER_SIZE, 6
    else:
        size, protocol_at = (datagram[0] & 0x0F) * 4 if datagram else 0, 9
    if len(datagram) <= size or len(datagram) <= protocol_at:
        return b""
    return datagram[size:] if datagram[protocol_at] == _PROTOCOL[version] else b""


def _parse_quote(version: int, kind: int, code: int, quote: bytes) -> Fault | None:
    """Return the error if what it quotes is the start of an echo request."""
    request = _inner(version, quote)
    if len(request) < HEADER_SIZE or request[0] != REQUEST[version]:
        return None
    _, _, _, identifier, sequence = _HEADER.unpack_from(request)
    if version == IPV6:
        target = inet_ntop(AF_INET6, quote[24:40])
    else:
        target = inet_ntop(AF_INET, quote[16:20])
    return Fault(version, kind, code, identifier, sequence, target)

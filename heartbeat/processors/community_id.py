"""`community_id`: the name that network monitors give a flow.

Owns that processor and version 1 of the Community ID. Must not know any other.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

from heartbeat.config import Options as Plain
from heartbeat.config import Uint16
from heartbeat.errors import ProcessorError
from heartbeat.processors.access import get, put
from heartbeat.processors.options import Path, ProcessorOptions, unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

ICMP: Final = 1
ICMP6: Final = 58
PROTOCOLS: Final[Mapping[str, int]] = {
    "icmp": ICMP,
    "igmp": 2,
    "tcp": 6,
    "egp": 8,
    "igp": 9,
    "udp": 17,
    "rdp": 27,
    "ipv6": 41,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "icmp6": ICMP6,
    "icmpv6": ICMP6,
    "ipv6-icmp": ICMP6,
    "eigrp": 88,
    "ospf": 89,
    "pim": 103,
    "sctp": 132,
}
WITH_PORTS: Final = frozenset({6, 17, 132})
COUNTERPARTS: Final[Mapping[int, Mapping[int, int]]] = {
    ICMP: {0: 8, 8: 0, 9: 10, 10: 9, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17},
    ICMP6: {
        128: 129,
        129: 128,
        130: 131,
        131: 130,
        133: 134,
        134: 133,
        135: 136,
        136: 135,
        139: 140,
        140: 139,
        144: 145,
        145: 144,
    },
}
"""Messages of ICMP that answer each other: flows of two ways."""

_PORTS: Final = 0x10000


class FieldOptions(Plain):
    """Where the parts of a flow stand."""

    source_ip: Path = Field(default="source.ip", description="Address of the source.")
    source_port: Path = Field(default="source.port", description="Its port.")
    destination_ip: Path = Field(
        default="destination.ip", description="Address of the destination."
    )
    destination_port: Path = Field(default="destination.port", description="Its port.")
    iana_number: Path = Field(
        default="network.iana_number", description="Number of the protocol."
    )
    transport: Path = Field(
        default="network.transport", description="Name of the protocol."
    )
    icmp_type: Path = Field(default="icmp.type", description="Type of an ICMP message.")
    icmp_code: Path = Field(default="icmp.code", description="Its code.")


class Options(ProcessorOptions):
    """`community_id`: writes the Community ID of a flow."""

    fields: FieldOptions = Field(
        default=FieldOptions(), description="Where the parts of the flow stand."
    )
    target: Path = Field(
        default="network.community_id", description="Where the id goes."
    )
    seed: Uint16 = Field(default=0, description="Tells sites apart.")


@dataclass(frozen=True, slots=True)
class Flow:
    """Who talks to whom. Ports are ICMP's type and code where there are none."""

    source: bytes
    destination: bytes
    protocol: int
    ports: tuple[int, int] | None
    is_one_way: bool = False

    def id(self, seed: int) -> str:
        """Return the Community ID, the same for both directions."""
        ports = self.ports or (0, 0)
        ends = [(self.source, ports[0]), (self.destination, ports[1])]
        if not self.is_one_way:
            ends.sort()
        (first, first_port), (second, second_port) = ends
        parts = [struct.pack("!H", seed), first, second, bytes((self.protocol, 0))]
        if self.ports is not None:
            parts.append(struct.pack("!HH", first_port, second_port))
        digest = hashlib.sha1(b"".join(parts), usedforsecurity=False).digest()
        return f"1:{base64.b64encode(digest).decode()}"


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor; what is no flow it leaves alone."""
    options = unpacked(section, Options)

    def process(event: Event) -> Event:
        flow = _flow(event, options.fields)
        if flow is not None:
            put(event, options.target, flow.id(options.seed))
        return event

    return process


def _flow(event: Event, fields: FieldOptions) -> Flow | None:
    source = _address(get(event, fields.source_ip))
    destination = _address(get(event, fields.destination_ip))
    protocol = _protocol(event, fields)
    if source is None or destination is None or protocol is None:
        return None
    if protocol in COUNTERPARTS:
        kind = _number(get(event, fields.icmp_type), "ICMP type", 256)
        code = _number(get(event, fields.icmp_code), "ICMP code", 256) or 0
        if kind is None:
            return None
        other = COUNTERPARTS[protocol].get(kind)
        ports = (kind, code if other is None else other)
        return Flow(source, destination, protocol, ports, other is None)
    if protocol not in WITH_PORTS:
        return Flow(source, destination, protocol, None)
    one = _number(get(event, fields.source_port), "source port", _PORTS)
    two = _number(get(event, fields.destination_port), "destination port", _PORTS)
    if not one or not two:
        return None
    return Flow(source, destination, protocol, (one, two))


def _address(value: Any) -> bytes | None:
    try:
        return ip_address(value).packed if isinstance(value, str) else None
    except ValueError:
        return None


def _protocol(event: Event, fields: FieldOptions) -> int | None:
    number = _number(get(event, fields.iana_number), "protocol", 256)
    if number is not None:
        return number
    name = get(event, fields.transport)
    if not isinstance(name, str):
        return _number(name, "protocol", 256)
    return PROTOCOLS.get(name.lower())


def _number(value: Any, title: str, below: int) -> int | None:
    """Return a whole number, also from text; raises `ProcessorError` if too big."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value[:9])
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if not 0 <= value < below:
        raise ProcessorError(f"community_id: {title} {value} is out of range")
    return int(value)

"""`add_network_direction`: whether a flow comes in, goes out or stays.

Owns that processor. Must not know how networks are told apart.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from pydantic import Field

from heartbeat.conditions.networks import in_networks
from heartbeat.config import Listed
from heartbeat.errors import ConfigError, ProcessorError
from heartbeat.processors.access import get, put
from heartbeat.processors.options import Path, ProcessorOptions, unpacked

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

DIRECTIONS = {
    (True, True): "internal",
    (True, False): "outbound",
    (False, True): "inbound",
    (False, False): "external",
}
"""By whether the source and the destination are within."""


class Options(ProcessorOptions):
    """`add_network_direction`: tells the direction of a flow."""

    is_strict = True
    takes_when = False

    source: Path = Field(description="Field with the source's address.")
    destination: Path = Field(description="Field with the destination's address.")
    target: Path = Field(description="Where the direction goes.")
    internal_networks: Listed[Path] = Field(
        description="What is within: CIDR, or a name such as private."
    )


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor; without both addresses it does nothing."""
    options = unpacked(section, Options)
    try:
        is_within = in_networks(options.target, list(options.internal_networks))
    except ValueError as error:
        raise ConfigError([section.problem(str(error), "internal_networks")]) from error

    def process(event: Event) -> Event:
        source = get(event, options.source)
        destination = get(event, options.destination)
        if isinstance(source, str) and isinstance(destination, str):
            ends = (is_within(_valid(source)), is_within(_valid(destination)))
            put(event, options.target, DIRECTIONS[ends])
        return event

    return process


def _valid(value: Any) -> str:
    try:
        ip_address(value)
    except ValueError as error:
        raise ProcessorError(f"'{value}' is no address") from error
    return str(value)

"""`add_host_metadata`: the machine that heartbeat runs on.

Owns that processor. Must not know how facts of the machine are gathered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pydantic import Field

from heartbeat.config import Flag, Text
from heartbeat.processors.access import get, put
from heartbeat.processors.geography import CacheOptions, GeoOptions, NetInfoOptions
from heartbeat.processors.machine import Machine
from heartbeat.processors.merging import merged
from heartbeat.processors.options import ProcessorOptions, unpacked

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event, Fields
    from heartbeat.processors.base import Processor, ProcessorContext

SWITCH = "ELASTIC_NETINFO"
"""Variable of the environment that turns addresses off where no option is written."""


class Options(ProcessorOptions):
    """`add_host_metadata`: writes facts of the machine to `host`."""

    netinfo: NetInfoOptions = Field(
        default=NetInfoOptions(), description="Addresses of interfaces."
    )
    cache: CacheOptions = Field(
        default=CacheOptions(), description="How long facts count."
    )
    geo: GeoOptions = Field(default=GeoOptions(), description="Where it stands.")
    name: Text = Field(default="", description="Name to show instead of its own.")
    replace_fields: Flag = Field(
        default=True, description="Write even if the event has other facts of a host."
    )


def build(section: Section, context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    machine = context.network.shared(Machine)
    wants_addresses = options.netinfo.enabled
    if section.get("netinfo.enabled") is None:
        wants_addresses = context.environment.get(SWITCH, "").lower() != "false"
    named: Fields = {
        "name": options.name or context.hostname.lower(),
        "hostname": context.hostname,
    }
    geo = options.geo.members()
    if geo:
        named["geo"] = geo

    def process(event: Event) -> Event:
        present = get(event, "host")
        if not options.replace_fields and _is_known(present):
            return event
        facts = {**machine.system, **named}
        if wants_addresses:
            found = machine.addresses(options.cache.ttl)
            facts |= {"ip": list(found.ips), "mac": list(found.macs)}
        if isinstance(present, dict):
            facts = merged(cast("Fields", present), facts, overwrite=True)
        put(event, "host", facts)
        return event

    return process


def _is_known(host: Any) -> bool:
    """Return whether an event tells more of a host than its name."""
    return isinstance(host, dict) and any(key != "name" for key in cast("Fields", host))

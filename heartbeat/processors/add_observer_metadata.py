"""`add_observer_metadata`: the machine that observes others.

Owns that processor. Must not know how facts of the machine are gathered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pydantic import Field

from heartbeat.config import Flag
from heartbeat.processors.access import get, has, put
from heartbeat.processors.geography import CacheOptions, GeoOptions, NetInfoOptions
from heartbeat.processors.machine import Machine
from heartbeat.processors.merging import merged
from heartbeat.processors.options import ProcessorOptions, unpacked

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event, Fields
    from heartbeat.processors.base import Processor, ProcessorContext


class Options(ProcessorOptions):
    """`add_observer_metadata`: writes who observes to `observer`."""

    netinfo: NetInfoOptions = Field(
        default=NetInfoOptions(), description="Addresses of interfaces."
    )
    cache: CacheOptions = Field(
        default=CacheOptions(), description="How long facts count."
    )
    geo: GeoOptions = Field(default=GeoOptions(), description="Where it stands.")
    overwrite: Flag = Field(
        default=False, description="Write even if the event has an observer."
    )


def build(section: Section, context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    machine = context.network.shared(Machine)
    geo = options.geo.members()

    def process(event: Event) -> Event:
        if not options.overwrite and has(event, "observer"):
            return event
        facts: Fields = {"hostname": context.hostname}
        if options.netinfo.enabled:
            found = machine.addresses(options.cache.ttl)
            facts |= {"ip": list(found.ips), "mac": list(found.macs)}
        if geo:
            facts["geo"] = geo
        present = get(event, "observer")
        if isinstance(present, dict):
            facts = merged(cast("Fields", present), facts, overwrite=True)
        put(event, "observer", facts)
        return event

    return process

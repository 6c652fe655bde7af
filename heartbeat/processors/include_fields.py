"""`include_fields`: events with certain fields only.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from heartbeat.conditions import MISSING, find
from heartbeat.processors.access import put
from heartbeat.processors.options import ProcessorOptions, unpacked
from heartbeat.processors.selection import KEPT, Names, Selection

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext


class Options(ProcessorOptions):
    """`include_fields`: keeps these fields alone, beside `@timestamp` and `type`."""

    is_strict = True

    fields: Names = Field(description="Names, or patterns between slashes.")


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    selection = Selection((*KEPT, *options.fields))

    def process(event: Event) -> Event:
        whole = event.fields
        event.fields = {}
        for path in (*selection.plain, *selection.matching(whole)):
            value = find(whole, path)
            if value is not MISSING:
                put(event, path, value)
        return event

    return process

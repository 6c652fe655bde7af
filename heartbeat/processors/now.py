"""`now`: the present in a field.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from heartbeat.event import milliseconds
from heartbeat.processors.access import put
from heartbeat.processors.options import Path, ProcessorOptions, unpacked

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext


class Options(ProcessorOptions):
    """`now`: writes the present into a field."""

    is_strict = True
    takes_when = False

    field: Path = Field(description="The field.")


def build(section: Section, context: ProcessorContext) -> Processor:
    """Return the processor."""
    field = unpacked(section, Options).field
    clock = context.clock

    def process(event: Event) -> Event:
        put(event, field, milliseconds(clock.now()))
        return event

    return process

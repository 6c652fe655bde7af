"""`detect_mime_type`: what kind of content a field has.

Owns that processor. Must not know how kinds are told apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from heartbeat.mime import detect
from heartbeat.processors.access import get, put
from heartbeat.processors.options import Path, ProcessorOptions, unpacked

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext


class Options(ProcessorOptions):
    """`detect_mime_type`: writes the MIME type of a field's content."""

    is_strict = True
    takes_when = False

    field: Path = Field(description="The field.")
    target: Path = Field(description="Where the MIME type goes.")


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor; what it does not recognise it leaves alone."""
    options = unpacked(section, Options)

    def process(event: Event) -> Event:
        value = get(event, options.field)
        if isinstance(value, str) and value:
            found = detect(value.encode("utf-8", "surrogateescape"))
            if found is not None:
                put(event, options.target, found)
        return event

    return process

"""`add_formatted_index`: the index of an event, from its time and fields.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from heartbeat.conditions import find
from heartbeat.errors import ConfigError, ProcessorError
from heartbeat.formats import FormatString
from heartbeat.processors.access import document, put
from heartbeat.processors.options import Path, ProcessorOptions, unpacked

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext


class Options(ProcessorOptions):
    """`add_formatted_index`: sets the index of the event."""

    index: Path = Field(description="Format string, such as uptime-%{+yyyy.MM}.")


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor; an event whose index cannot be told is lost."""
    options = unpacked(section, Options)
    try:
        text = FormatString(options.index)
    except ValueError as error:
        raise ConfigError([section.problem(str(error), "index")]) from error

    def process(event: Event) -> Event:
        fields = document(event)
        index = text.render(event.timestamp, lambda path: find(fields, path))
        if index is None:
            raise ProcessorError(
                f"the index '{options.index}' cannot be formatted: a field is missing",
                is_fatal=True,
            )
        put(event, "@metadata.raw_index", index)
        return event

    return process

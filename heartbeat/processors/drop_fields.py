"""`drop_fields`: events without certain fields.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from heartbeat.errors import ProcessorError
from heartbeat.processors.access import delete
from heartbeat.processors.fields import MissingOptions
from heartbeat.processors.options import unpacked
from heartbeat.processors.selection import KEPT, Names, Selection

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext


class Options(MissingOptions):
    """`drop_fields`: takes fields away, but never `@timestamp` and `type`."""

    is_strict = True

    fields: Names = Field(description="Names, or patterns between slashes.")


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor; fields it cannot find do not keep it from the others."""
    options = unpacked(section, Options)
    selection = Selection(options.fields)
    names = [name for name in selection.plain if name not in KEPT]

    def process(event: Event) -> Event:
        missing = [name for name in names if not delete(event, name)]
        for path in selection.matching(event.fields):
            if path not in KEPT:
                delete(event, path)
        if missing and not options.ignore_missing:
            raise ProcessorError(
                "; ".join(
                    f"failed to drop field [{name}], error: key not found"
                    for name in missing
                )
            )
        return event

    return process

"""`copy_fields`: fields under another name, too.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from heartbeat.conditions import MISSING
from heartbeat.config import Listed
from heartbeat.processors.access import put
from heartbeat.processors.fields import (
    FailingOptions,
    FromTo,
    fetch,
    for_each,
    must_be_free,
)
from heartbeat.processors.options import unpacked

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

_TITLE = "Failed to copy fields in copy_fields processor"


class Options(FailingOptions):
    """`copy_fields`: copies fields to names that are free."""

    fields: Listed[FromTo] = Field(description="The fields.")


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)

    def change(event: Event, pair: FromTo) -> None:
        value = fetch(event, pair.source, ignore_missing=options.ignore_missing)
        if value is MISSING:
            return
        must_be_free(event, pair.to)
        put(event, pair.to, value)

    return for_each(options.fields, change, _TITLE, fail_on_error=options.fail_on_error)

"""`rename`: fields under another name.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from heartbeat.conditions import MISSING
from heartbeat.config import Listed
from heartbeat.processors.access import delete, put
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

_TITLE = "Failed to rename fields in processor"


class Options(FailingOptions):
    """`rename`: gives fields names that are free."""

    fields: Listed[FromTo] = Field(description="The fields.")


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)

    def change(event: Event, pair: FromTo) -> None:
        must_be_free(event, pair.to)
        value = fetch(event, pair.source, ignore_missing=options.ignore_missing)
        if value is MISSING:
            return
        delete(event, pair.source)  # first, so that `a` can become `a.b`
        put(event, pair.to, value)

    return for_each(options.fields, change, _TITLE, fail_on_error=options.fail_on_error)

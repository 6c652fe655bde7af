"""`add_fields`: members of the operator's own in every event.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from pydantic import Field

from heartbeat.conditions import MISSING
from heartbeat.config import Fields, Text
from heartbeat.processors.access import get, put
from heartbeat.processors.options import ProcessorOptions, unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

ROOT: Final = ""


class Options(ProcessorOptions):
    """`add_fields`: adds members of your own, over those that are there."""

    is_strict = True

    fields: Fields = Field(description="The members.")
    target: Text = Field(
        default="fields", description='Where they go; "" for the top of the event.'
    )


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    return adding(options.fields, options.target)


def adding(fields: Mapping[str, Any], target: str) -> Processor:
    """Return the processor that merges members into a place, over what is there."""

    def process(event: Event) -> Event:
        for name, value in fields.items():
            path = f"{target}.{name}" if target else name
            put(event, path, _merged(get(event, path), value))
        return event

    return process


def _merged(present: Any, value: Any) -> Any:
    """Return mappings merged, anything else replaced."""
    if not (isinstance(present, dict) and isinstance(value, dict)):
        return value
    members = cast("dict[str, Any]", present)
    added = cast("dict[str, Any]", value)
    return members | {
        name: _merged(members.get(name, MISSING), inner)
        for name, inner in added.items()
    }

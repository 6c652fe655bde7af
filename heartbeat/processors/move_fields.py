"""`move_fields`: members of a mapping to another place.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pydantic import Field

from heartbeat.conditions import MISSING, find
from heartbeat.config import Listed, Text
from heartbeat.errors import ProcessorError
from heartbeat.processors.access import delete, get, put, type_name
from heartbeat.processors.fields import MissingOptions
from heartbeat.processors.options import Path, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext


class Options(MissingOptions):
    """`move_fields`: moves members; if one of them is missing, the event is lost."""

    source: Text = Field(
        alias="from", default="", description='The mapping; "" for the whole event.'
    )
    fields: Listed[Path] = Field(
        default=(), description="Members to move; all of them if empty."
    )
    exclude: Listed[Path] = Field(default=(), description="Members that stay.")
    to: Path = Field(
        description="What is put before their names, such as `http.` with its dot."
    )


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    prefix = f"{options.source}." if options.source else ""

    def process(event: Event) -> Event:
        members = _members(event, options)
        for name in _names(members, options):
            value = find(members, name)
            if value is MISSING:
                if options.ignore_missing:
                    continue
                raise _failure(f"read field from parent, sub key: {name}")
            _move(event, f"{prefix}{name}", f"{options.to}{name}", value)
        return event

    return process


def _members(event: Event, options: Options) -> dict[str, Any]:
    if not options.source:
        return event.fields
    found = get(event, options.source)
    if found is MISSING and options.ignore_missing:
        return {}
    if not isinstance(found, dict):
        kind = "key not found" if found is MISSING else type_name(found)
        raise _failure(f"read parent field: {options.source}: {kind}")
    return cast("dict[str, Any]", found)


def _names(members: dict[str, Any], options: Options) -> Iterable[str]:
    names = options.fields or tuple(members)
    return [name for name in names if name not in options.exclude]


def _move(event: Event, old: str, new: str, value: Any) -> None:
    try:
        delete(event, old)
        put(event, new, value)
    except ProcessorError as error:
        raise _failure(f"write field, new key: {new}: {error}") from error


def _failure(reason: str) -> ProcessorError:
    return ProcessorError(f"move field failed to {reason}", is_fatal=True)

"""`extract_array`: items of a list as fields of their own.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from heartbeat.conditions import MISSING
from heartbeat.conditions.document import flat
from heartbeat.conditions.values import listed
from heartbeat.config import Fields, Flag
from heartbeat.errors import ConfigError, ProcessorError
from heartbeat.processors.access import has, put, type_name
from heartbeat.processors.fields import FailingOptions, fetch, for_each
from heartbeat.processors.options import Path, unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

_TITLE = "failed to extract from the array"
_EMPTY: tuple[Any, ...] = ("", None, [], {})


class Options(FailingOptions):
    """`extract_array`: copies items of a list to fields."""

    is_strict = True

    field: Path = Field(description="The list.")
    mappings: Fields = Field(description="From fields to the items' places, from 0.")
    overwrite_keys: Flag = Field(
        default=False, description="Replace fields that are there."
    )
    omit_empty: Flag = Field(default=False, description="Leave out empty items.")


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    places = list(flat(options.mappings))
    for name, place in places:
        if type(place) is not int or place < 0:
            message = f"bad mapping of {name}: '{place}' is no place in a list"
            raise ConfigError([section.problem(message, "mappings")])

    def change(event: Event, field: str) -> None:
        value = fetch(event, field, ignore_missing=options.ignore_missing)
        if value is MISSING:
            return
        if not isinstance(value, list):
            raise ProcessorError(
                f"unsupported type for field {field}: got: {type_name(value)}"
                " needed: array"
            )
        _extract(event, list(listed(value)), places, options)

    return for_each(
        (options.field,), change, _TITLE, fail_on_error=options.fail_on_error
    )


def _extract(
    event: Event, items: list[Any], places: Sequence[tuple[str, int]], options: Options
) -> None:
    for name, place in places:
        if place >= len(items):
            if options.ignore_missing:
                continue
            raise ProcessorError(
                f"index {place} exceeds length of {len(items)} when processing mapping"
                f" for field {name}"
            )
        if options.omit_empty and items[place] in _EMPTY:
            continue
        if not options.overwrite_keys and has(event, name):
            raise ProcessorError(
                f"target field {name} already has a value. Set the overwrite_keys flag"
                " or drop/rename the field first"
            )
        put(event, name, items[place])

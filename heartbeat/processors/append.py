"""`append`: values of fields and of the operator, at the end of a list.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from heartbeat.conditions import MISSING
from heartbeat.conditions.values import listed
from heartbeat.config import Flag, Listed
from heartbeat.processors.access import get, put
from heartbeat.processors.fields import FailingOptions, fetch, for_each
from heartbeat.processors.options import Path, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

_TITLE = "failed to append fields in append processor"


class Options(FailingOptions):
    """`append`: adds values to the end of a list, which it makes if need be."""

    target_field: Path = Field(description="The list.")
    fields: Listed[Path] = Field(
        default=(), description="Fields whose values are added."
    )
    values: Listed[Any] = Field(default=(), description="Values that are added.")
    ignore_empty_values: Flag = Field(
        default=False, description="Leave out empty text and null."
    )
    allow_duplicate: Flag = Field(
        default=True, description="false keeps each value once."
    )


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)

    def change(event: Event, target: str) -> None:
        values = list(_values(event, target, options))
        if options.ignore_empty_values:
            values = [value for value in values if value is not None and value != ""]
        put(event, target, values if options.allow_duplicate else _unique(values))

    return for_each(
        (options.target_field,), change, _TITLE, fail_on_error=options.fail_on_error
    )


def _values(event: Event, target: str, options: Options) -> Iterator[Any]:
    for value in (
        get(event, target),
        *(
            fetch(event, p, ignore_missing=options.ignore_missing)
            for p in options.fields
        ),
    ):
        if value is not MISSING:
            yield from listed(value)
    yield from options.values


def _unique(values: Iterable[Any]) -> list[Any]:
    """Return the values, each once; 1 and true are two."""
    unique: list[Any] = []
    for value in values:
        if not any(type(one) is type(value) and one == value for one in unique):
            unique.append(value)
    return unique

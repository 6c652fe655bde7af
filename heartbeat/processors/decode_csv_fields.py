"""`decode_csv_fields`: the cells of a line.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from heartbeat.conditions import MISSING
from heartbeat.conditions.document import flat
from heartbeat.config import Fields, Flag, Text
from heartbeat.errors import ConfigError, ProcessorError
from heartbeat.processors.access import has, put, type_name
from heartbeat.processors.fields import FailingOptions, fetch, for_each
from heartbeat.processors.options import unpacked

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

_TITLE = "failed to decode CSV in processor"


def _separator(text: str) -> str:
    if len(text) != 1 or text in '"\r\n':
        raise ValueError(
            f"separator must be a single character, got {len(text)} in string '{text}'"
        )
    return text


class Options(FailingOptions):
    """`decode_csv_fields`: makes a list of a line of comma-separated values."""

    is_strict = True

    fields: Fields = Field(description="From fields to where their lists go.")
    separator: Annotated[Text, AfterValidator(_separator)] = Field(
        default=",", description="What stands between values."
    )
    trim_leading_space: Flag = Field(
        default=False, description="Drop spaces before values."
    )
    overwrite_keys: Flag = Field(
        default=False, description="Replace fields that are there."
    )


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    pairs = list(flat(options.fields))
    for source, target in pairs:
        if not isinstance(target, str):
            message = f"bad target of {source}: '{target}' is no name of a field"
            raise ConfigError([section.problem(message, "fields")])

    def change(event: Event, pair: tuple[str, str]) -> None:
        source, target = pair[0], pair[1] or pair[0]
        text = fetch(event, source, ignore_missing=options.ignore_missing)
        if text is MISSING:
            return
        if not isinstance(text, str):
            raise ProcessorError(f"field {source} is not text but {type_name(text)}")
        if target != source and not options.overwrite_keys and has(event, target):
            raise ProcessorError(
                f"target field {target} already has a value. Set the overwrite_keys"
                " flag or drop/rename the field first"
            )
        put(event, target, _cells(text, options))

    return for_each(pairs, change, _TITLE, fail_on_error=options.fail_on_error)


def _cells(text: str, options: Options) -> list[str]:
    """Return the values of the first line; raises `ProcessorError`."""
    lines = csv.reader(
        text.splitlines(keepends=True),
        delimiter=options.separator,
        skipinitialspace=options.trim_leading_space,
        strict=True,
    )
    try:
        for line in lines:
            if line:
                return line
    except csv.Error as error:
        raise ProcessorError(f"error decoding CSV: {error}") from error
    return []

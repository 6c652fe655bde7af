"""`decode_duration`: how long `1m30s` is.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, Field

from heartbeat.config import Text, Words
from heartbeat.errors import ConfigError, ProcessorError
from heartbeat.processors.access import get, put
from heartbeat.processors.options import Path, ProcessorOptions, unpacked
from heartbeat.schedule import parse_duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

UNITS: Final[Mapping[str, int]] = {
    "milliseconds": 1_000_000,
    "seconds": 1_000_000_000,
    "minutes": 60_000_000_000,
    "hours": 3_600_000_000_000,
}
"""Nanoseconds of each unit."""


def _format(text: str) -> str:
    if text not in UNITS:
        raise ValueError(f"'{text}' is none of {', '.join(UNITS)}")
    return text


class Options(ProcessorOptions):
    """`decode_duration`: replaces a duration such as `1m30s` by a number."""

    field: Path = Field(description="The field.")
    format: Annotated[Text, AfterValidator(_format), Words(tuple(UNITS))] = Field(
        default="milliseconds", description="Unit of the number."
    )


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor; what is no text it leaves alone."""
    options = unpacked(section, Options)
    unit = UNITS[options.format]

    def process(event: Event) -> Event:
        text = get(event, options.field)
        if isinstance(text, str):
            try:
                put(event, options.field, parse_duration(text) / unit)
            except ConfigError as error:
                raise ProcessorError(f"field {options.field}: {error}") from error
        return event

    return process

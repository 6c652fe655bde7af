"""`timestamp`: a time written in a field.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, Field

from heartbeat.conditions import MISSING
from heartbeat.config import Flag, Listed, Text
from heartbeat.errors import ConfigError, ProcessorError
from heartbeat.event import milliseconds
from heartbeat.formats.reading import TimeLayout, zone_of
from heartbeat.processors.access import TIMESTAMP, put, type_name
from heartbeat.processors.fields import MissingOptions, fetch
from heartbeat.processors.options import Path, unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from heartbeat.clock import Clock
    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

UNITS: Final[Mapping[str, int]] = {"UNIX": 1_000_000_000, "UNIX_MS": 1_000_000}
"""Layouts of numbers since the epoch, and the nanoseconds of one."""


def _zone(text: str) -> str:
    zone_of(text)
    return text


class Options(MissingOptions):
    """`timestamp`: reads a time from a field, by default into `@timestamp`."""

    field: Path = Field(description="The field.")
    target_field: Path = Field(default=TIMESTAMP, description="Where the time goes.")
    layouts: Listed[Path] = Field(
        description=(
            "Forms to try, such as 2006-01-02T15:04:05Z07:00 (the moment that Go's"
            " layouts show), UNIX or UNIX_MS."
        )
    )
    timezone: Annotated[Text, AfterValidator(_zone)] = Field(
        default="UTC", description="Zone of times without one: a name, +02:00 or Local."
    )
    ignore_failure: Flag = Field(default=False, description="Let failures be.")
    test: Listed[Any] = Field(
        default=(), description="Values that must be readable, for the options to hold."
    )
    id: Text = Field(default="", description="Name of this processor in error texts.")


def build(section: Section, context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    reader = _Reader(options, _layouts(section, options), context.clock)
    for value in options.test:
        try:
            reader.read(value)
        except ProcessorError as error:
            message = f"failed to parse test timestamp: {error}"
            raise ConfigError([section.problem(message, "test")]) from error

    def process(event: Event) -> Event:
        try:
            missing = options.ignore_missing or options.ignore_failure
            value = fetch(event, options.field, ignore_missing=missing)
            if value is not MISSING:
                _write(event, options.target_field, reader.read(value))
        except ProcessorError:
            if not options.ignore_failure:
                raise
        return event

    return process


def _layouts(section: Section, options: Options) -> list[TimeLayout]:
    zone = zone_of(options.timezone)
    try:
        return [TimeLayout(one, zone) for one in options.layouts if one not in UNITS]
    except ValueError as error:
        raise ConfigError([section.problem(str(error), "layouts")]) from error


def _write(event: Event, path: str, time_ns: int) -> None:
    if path == TIMESTAMP:
        event.timestamp = time_ns
    else:
        put(event, path, milliseconds(time_ns))


class _Reader:
    """Reads times in any of the forms that options list."""

    def __init__(
        self, options: Options, layouts: Sequence[TimeLayout], clock: Clock
    ) -> None:
        self._options = options
        self._units = [UNITS[name] for name in options.layouts if name in UNITS]
        self._layouts = layouts
        self._clock = clock

    def read(self, value: Any) -> int:
        """Return nanoseconds since the epoch; raises `ProcessorError`."""
        number = _number(value)
        if self._units and number is not None:
            return round(number * self._units[0])
        if not isinstance(value, str):
            raise self._failure(f"unexpected type {type_name(value)} for time field")
        year = int(milliseconds(self._clock.now())[:4])
        for layout in self._layouts:
            try:
                found = layout.read(value, year)
            except ValueError as error:
                raise self._failure(f"'{value}': {error}") from error
            if found is not None:
                return found
        tried = ", ".join(self._options.layouts)
        raise self._failure(f"'{value}' is in none of the layouts {tried}")

    def _failure(self, reason: str) -> ProcessorError:
        name = f" [{self._options.id}]" if self._options.id else ""
        return ProcessorError(
            f"failed parsing time field {self._options.field}{name}: {reason}"
        )


def _number(value: Any) -> float | None:
    """Return a number, also one written as text, None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            return int(value) if value.lstrip("-").isdecimal() else float(value)
        except ValueError:
            return None
    return value if isinstance(value, (int, float)) else None

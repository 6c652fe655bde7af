"""`syslog`: the parts of a message of syslog.

Owns that processor and where the parts go. Must not know the forms of messages.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, Field

from heartbeat.config import Flag, Text, Words
from heartbeat.errors import ProcessorError
from heartbeat.formats.reading import zone_of
from heartbeat.processors.access import TIMESTAMP, Snapshot, has, note_error, put
from heartbeat.processors.fields import MissingOptions, fetch_text
from heartbeat.processors.options import Path, unpacked
from heartbeat.processors.syslog_messages import (
    FACILITIES,
    SEVERITIES,
    Message,
    is_5424,
    read_3164,
    read_5424,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

FORMATS: Final = ("auto", "rfc3164", "rfc5424")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE: Final = "log.syslog"


def _format(text: str) -> str:
    if text.lower() not in FORMATS:
        raise ValueError(f"invalid format: {text}, use one of {', '.join(FORMATS)}")
    return text.lower()


def _zone(text: str) -> str:
    zone_of(text)
    return text


class Options(MissingOptions):
    """`syslog`: takes a message of syslog apart."""

    is_strict = True

    field: Path = Field(default="message", description="The field.")
    format: Annotated[
        Text, AfterValidator(_format), Words(FORMATS, is_any_case=True)
    ] = Field(default="auto", description="Form of messages.")
    timezone: Annotated[Text, AfterValidator(_zone)] = Field(
        default="Local", description="Zone of times without one."
    )
    overwrite_keys: Flag = Field(
        default=True, description="Replace fields that are there."
    )
    ignore_failure: Flag = Field(default=False, description="Let failures be.")
    tag: Text = Field(default="", description="Name of this processor in error texts.")


def build(section: Section, context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    zone, clock = zone_of(options.timezone), context.clock
    title = "failed in processor.syslog"
    if options.tag:
        title = f"{title} with tag [{options.tag}]"

    def process(event: Event) -> Event:
        before = Snapshot.of(event)
        try:
            missing = options.ignore_missing
            text = fetch_text(event, options.field, ignore_missing=missing)
            if text is not None:
                now = _EPOCH + timedelta(microseconds=clock.now() // 1000)
                _write(event, _message(text, options.format, zone, now), options)
        except ProcessorError as error:
            before.restore(event)
            if options.ignore_failure:
                return event
            note_error(event, f"{title}: {error}")
            raise ProcessorError(f"{title}: {error}") from error
        return event

    return process


def _message(text: str, form: str, zone: tzinfo, now: datetime) -> Message:
    try:
        if form == "rfc5424" or (form == "auto" and is_5424(text)):
            return read_5424(text)
        return read_3164(text, zone, now)
    except (ValueError, OverflowError) as error:
        raise ProcessorError(str(error)) from error


def _write(event: Event, message: Message, options: Options) -> None:
    for path, value in _fields(message):
        if options.overwrite_keys or path == options.field or not has(event, path):
            put(event, path, value)
    if message.time is not None:
        put(event, TIMESTAMP, message.time.isoformat())


def _fields(message: Message) -> Iterator[tuple[str, Any]]:
    yield "message", message.text
    if message.priority is not None:
        facility, severity = divmod(message.priority, 8)
        yield f"{_PLACE}.priority", message.priority
        yield f"{_PLACE}.facility.code", facility
        yield f"{_PLACE}.facility.name", FACILITIES[facility]
        yield f"{_PLACE}.severity.code", severity
        yield f"{_PLACE}.severity.name", SEVERITIES[severity]
    for name, text in message.parts.items():
        yield f"{_PLACE}.{name}", text
    if message.data:
        data = {name: dict(values) for name, values in message.data.items()}
        yield f"{_PLACE}.structured_data", data

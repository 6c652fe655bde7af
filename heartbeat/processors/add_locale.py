"""`add_locale`: the time zone of the machine.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, Field

from heartbeat.config import Text, Words
from heartbeat.processors.access import put
from heartbeat.processors.options import ProcessorOptions, unpacked

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

FORMATS: Final = ("offset", "abbreviation")
TARGET: Final = "event.timezone"


def _format(text: str) -> str:
    if text.lower() not in FORMATS:
        raise ValueError(
            f"'{text}' is not a valid value for the 'format' option in the"
            " 'add_locale' processor. Valid values are 'abbreviation' and 'offset'"
        )
    return text.lower()


class Options(ProcessorOptions):
    """`add_locale`: writes the time zone of the machine into `event.timezone`."""

    format: Annotated[
        Text, AfterValidator(_format), Words(FORMATS, is_any_case=True)
    ] = Field(default="offset", description="As +02:00, or as CEST.")


def build(section: Section, context: ProcessorContext) -> Processor:
    """Return the processor."""
    wants_offset = unpacked(section, Options).format == "offset"
    clock = context.clock

    def process(event: Event) -> Event:
        local = time.localtime(clock.now() // 1_000_000_000)
        text = _offset(local.tm_gmtoff) if wants_offset else local.tm_zone
        put(event, TARGET, text)
        return event

    return process


def _offset(seconds: int) -> str:
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}:{minutes:02}"

"""Processors that write the text of a field in another way, there or elsewhere.

Owns the options they share and the way from one field to the other. Must not know how
a text is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from heartbeat.config import Options, Text
from heartbeat.errors import ProcessorError
from heartbeat.processors.access import put
from heartbeat.processors.fields import FailingOptions, fetch_text, for_each
from heartbeat.processors.options import Path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from heartbeat.event import Event
    from heartbeat.processors.base import Processor


class Way(Options):
    """A field, and where its text goes when it is written another way."""

    source: Path = Field(alias="from", description="The field.")
    to: Text = Field(
        default="", description="Where the result goes; empty for the field itself."
    )


class OneFieldOptions(FailingOptions):
    """What processors of a single field ask."""

    field: Way = Field(description="The field, and where the result goes.")


@dataclass(frozen=True, slots=True)
class Recoded:
    """How texts are written anew; `title` begins error texts."""

    title: str
    work: Callable[[str], str]


def recoder(options: FailingOptions, ways: Iterable[Way], how: Recoded) -> Processor:
    """Return the processor that does the work on every field."""

    def change(event: Event, way: Way) -> None:
        text = fetch_text(event, way.source, ignore_missing=options.ignore_missing)
        if text is None:
            return
        try:
            result = how.work(text)
        except ProcessorError as error:
            raise ProcessorError(f"field {way.source}: {error}") from error
        put(event, way.to or way.source, result)

    return for_each(ways, change, how.title, fail_on_error=options.fail_on_error)

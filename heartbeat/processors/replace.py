"""`replace`: other text where a pattern matches.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from heartbeat.config import Listed, Text
from heartbeat.config import Options as Plain
from heartbeat.errors import ConfigError
from heartbeat.pattern import replacer_for
from heartbeat.processors.access import put
from heartbeat.processors.fields import FailingOptions, fetch_text, for_each
from heartbeat.processors.options import Path, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

_TITLE = "Failed to replace fields in processor"


class FieldOptions(Plain):
    """A field and what is replaced in it."""

    field: Path = Field(description="The field.")
    pattern: Text = Field(description="Regular expression (RE2).")
    replacement: Text = Field(
        default="", description="What stands instead; $1 or $${name} for a group."
    )


class Options(FailingOptions):
    """`replace`: replaces whatever a pattern matches, in each of its places."""

    fields: Listed[FieldOptions] = Field(description="The fields.")


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    items: list[tuple[str, Callable[[str], str]]] = []
    for place, one in enumerate(options.fields):
        try:
            items.append((one.field, replacer_for(one.pattern, one.replacement)))
        except ValueError as error:
            fault = section.problem(str(error), f"fields.{place}.pattern")
            raise ConfigError([fault]) from error

    def change(event: Event, item: tuple[str, Callable[[str], str]]) -> None:
        path, replaced = item
        text = fetch_text(event, path, ignore_missing=options.ignore_missing)
        if text is not None:
            put(event, path, replaced(text))

    return for_each(items, change, _TITLE, fail_on_error=options.fail_on_error)

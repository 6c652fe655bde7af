"""`truncate_fields`: texts that are not too long.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from heartbeat.config import Count, Flag, Listed
from heartbeat.processors.access import put
from heartbeat.processors.fields import MissingOptions, fetch_text, for_each
from heartbeat.processors.options import Path, unpacked
from heartbeat.processors.tags import FLAGS, add_words

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

_TITLE = "Failed to truncate fields in processor"
_FLAG = "truncated"


class Options(MissingOptions):
    """`truncate_fields`: cuts texts, and says `truncated` in `log.flags`."""

    fields: Listed[Path] = Field(description="The fields.")
    max_bytes: Count = Field(
        default=0, description="Longest text in bytes; no character is cut in two."
    )
    max_characters: Count = Field(
        default=0, description="Longest text in characters; instead of max_bytes."
    )
    fail_on_error: Flag = Field(
        default=False,
        description="Undo everything if a part fails, and tell error.message.",
    )

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if bool(self.max_bytes) == bool(self.max_characters):
            raise ValueError("write either max_bytes or max_characters, above 0")
        return self


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)

    def change(event: Event, path: str) -> None:
        text = fetch_text(event, path, ignore_missing=options.ignore_missing)
        if text is None:
            return
        cut = _cut(text, options)
        if cut != text:
            put(event, path, cut)
            add_words(event, FLAGS, (_FLAG,))

    return for_each(options.fields, change, _TITLE, fail_on_error=options.fail_on_error)


def _cut(text: str, options: Options) -> str:
    if options.max_characters:
        return text[: options.max_characters]
    whole = text.encode("utf-8", "surrogateescape")
    if len(whole) <= options.max_bytes:
        return text
    return whole[: options.max_bytes].decode("utf-8", "ignore")

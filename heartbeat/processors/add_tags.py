"""`add_tags`: words at the end of a list of tags.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from heartbeat.config import Listed, Text
from heartbeat.processors.options import ProcessorOptions, unpacked
from heartbeat.processors.tags import TAGS, add_words

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext


class Options(ProcessorOptions):
    """`add_tags`: adds words to the end of a list."""

    is_strict = True

    tags: Listed[Text] = Field(description="The words.")
    target: Text = Field(default=TAGS, description="The list.")


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    target = options.target or TAGS

    def process(event: Event) -> Event:
        add_words(event, target, options.tags)
        return event

    return process

"""`add_labels`: words about every event, under `labels`.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from heartbeat.conditions.document import flat
from heartbeat.config import Fields
from heartbeat.formats.string import text_of
from heartbeat.processors.add_fields import adding
from heartbeat.processors.options import ProcessorOptions, unpacked

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.processors.base import Processor, ProcessorContext


class Options(ProcessorOptions):
    """`add_labels`: puts labels under `labels`, as text, nested names with dots."""

    is_strict = True

    labels: Fields = Field(description="The labels.")


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    leaves = ((name, text_of(value)) for name, value in flat(options.labels))
    labels = {name: text for name, text in leaves if text is not None}
    return adding({"labels": labels}, "")

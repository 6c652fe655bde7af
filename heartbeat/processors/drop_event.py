"""`drop_event`: fewer events.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.processors.options import ProcessorOptions, unpacked

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext


class Options(ProcessorOptions):
    """`drop_event`: drops the event; all of them without a condition."""

    is_strict = True


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    unpacked(section, Options)
    return _drop


def _drop(_event: Event) -> None:
    """Drop the event."""

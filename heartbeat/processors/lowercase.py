"""`lowercase`: names and texts in lower-case letters.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.processors.casing import CaseOptions, cased

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.processors.base import Processor, ProcessorContext


class Options(CaseOptions):
    """`lowercase`: writes names of fields, and texts, in lower-case letters."""


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    return cased(section, Options, str.lower, "failed to lowercase")

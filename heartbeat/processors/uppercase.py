"""`uppercase`: names and texts in upper-case letters.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.processors.casing import CaseOptions, cased

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.processors.base import Processor, ProcessorContext


class Options(CaseOptions):
    """`uppercase`: writes names of fields, and texts, in upper-case letters."""


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    return cased(section, Options, str.upper, "failed to uppercase")

"""`decode_base64_field`: what a field says in base64.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from heartbeat.errors import ProcessorError
from heartbeat.processors.options import unpacked
from heartbeat.processors.recoding import OneFieldOptions, Recoded, recoder

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.processors.base import Processor, ProcessorContext


class Options(OneFieldOptions):
    """`decode_base64_field`: decodes a field."""

    is_strict = True


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    title = "failed to decode base64 fields in processor"
    return recoder(options, (options.field,), Recoded(title, decoded))


def decoded(text: str) -> str:
    """Return what was encoded; padding may be missing. Raises `ProcessorError`."""
    bare = text.rstrip("=")
    try:
        plain = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProcessorError(f"it is no base64: {error}") from error
    return plain.decode("utf-8", "surrogateescape")

"""`decompress_gzip_field`: what a field holds in gzip.

Owns that processor and how much it unpacks. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import Field

from heartbeat.config import Flag
from heartbeat.deflate import decompress_within
from heartbeat.errors import ProcessorError
from heartbeat.processors.options import unpacked
from heartbeat.processors.recoding import OneFieldOptions, Recoded, recoder

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.processors.base import Processor, ProcessorContext

LIMIT: Final = 4_194_304
"""The most bytes unpacked: a few kilobytes of gzip can stand for gigabytes."""


class Options(OneFieldOptions):
    """`decompress_gzip_field`: unpacks a field, up to 4 MiB."""

    is_strict = True
    takes_when = False

    overwrite_keys: Flag = Field(
        default=False,
        description="Taken for compatibility; the result always replaces.",
    )


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    title = "Failed to decompress field in decompress_gzip_field processor"
    return recoder(options, (options.field,), Recoded(title, unpacked_text))


def unpacked_text(text: str) -> str:
    """Return the text that gzip data stands for; raises `ProcessorError`."""
    packed = text.encode("utf-8", "surrogateescape")
    try:
        plain = decompress_within(packed, LIMIT)
    except ValueError as error:
        raise ProcessorError(str(error)) from error
    return plain.decode("utf-8", "surrogateescape")

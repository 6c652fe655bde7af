"""`urldecode`: texts without the escapes of URLs.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from pydantic import Field

from heartbeat.config import Listed
from heartbeat.errors import ProcessorError
from heartbeat.processors.fields import FailingOptions
from heartbeat.processors.options import unpacked
from heartbeat.processors.recoding import Recoded, Way, recoder

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.processors.base import Processor, ProcessorContext

_BROKEN: Final = re.compile(r"%(?![0-9a-fA-F]{2}).{0,2}", re.DOTALL)


class Options(FailingOptions):
    """`urldecode`: replaces `%20` and `+` by what they stand for."""

    is_strict = True
    takes_when = False

    fields: Listed[Way] = Field(description="The fields.")


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    title = "failed to decode fields in urldecode processor"
    return recoder(options, options.fields, Recoded(title, decoded))


def decoded(text: str) -> str:
    """Return a text without its escapes; raises `ProcessorError`."""
    broken = _BROKEN.search(text)
    if broken is not None:
        raise ProcessorError(f'invalid URL escape "{broken[0]}"')
    plain = text.replace("+", " ").encode("utf-8", "surrogateescape")
    return unquote_to_bytes(plain).decode("utf-8", "surrogateescape")

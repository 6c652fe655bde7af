"""`fingerprint`: one short text for several fields.

Owns that processor and what is hashed. Must not know any other.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode, b64encode
from typing import TYPE_CHECKING, Annotated, Any, Final

import xxhash
from pydantic import AfterValidator, Field

from heartbeat.conditions import MISSING
from heartbeat.config import Listed, Text, Words
from heartbeat.errors import ProcessorError
from heartbeat.event import nanoseconds
from heartbeat.formats.string import text_of
from heartbeat.processors.access import TIMESTAMP, get, put
from heartbeat.processors.fields import MissingOptions
from heartbeat.processors.options import Path, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

METHODS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "sha256": lambda data: hashlib.sha256(data).digest(),
    "sha384": lambda data: hashlib.sha384(data).digest(),
    "sha512": lambda data: hashlib.sha512(data).digest(),
    "xxhash": xxhash.xxh64_digest,
    "md5": lambda data: hashlib.md5(data, usedforsecurity=False).digest(),
    "sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
}
ENCODINGS: Final[Mapping[str, Callable[[bytes], str]]] = {
    "hex": lambda data: data.hex(),
    "base32": lambda data: b32encode(data).decode(),
    "base64": lambda data: b64encode(data).decode(),
}


def _method(text: str) -> str:
    if text.lower() not in METHODS:
        raise ValueError(f"invalid fingerprinting method [{text}]")
    return text.lower()


def _encoding(text: str) -> str:
    if text.lower() not in ENCODINGS:
        raise ValueError(f"invalid encoding [{text}]")
    return text.lower()


class Options(MissingOptions):
    """`fingerprint`: hashes fields; without one of them the event is lost."""

    fields: Listed[Path] = Field(description="The fields; their order does not count.")
    target_field: Path = Field(
        default="fingerprint", description="Where the result goes."
    )
    method: Annotated[
        Text, AfterValidator(_method), Words(tuple(METHODS), is_any_case=True)
    ] = Field(default="sha256", description="The hash.")
    encoding: Annotated[
        Text, AfterValidator(_encoding), Words(tuple(ENCODINGS), is_any_case=True)
    ] = Field(default="hex", description="Its form.")


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    digest, encode = METHODS[options.method], ENCODINGS[options.encoding]
    names = sorted(set(options.fields))

    def process(event: Event) -> Event:
        parts = [
            f"|{name}|{text}"
            for name in names
            if (text := _text(event, name, options.ignore_missing)) is not None
        ]
        hashed = "".join((*parts, "|")).encode("utf-8", "surrogateescape")
        put(event, options.target_field, encode(digest(hashed)))
        return event

    return process


def _text(event: Event, name: str, ignore_missing: bool) -> str | None:  # noqa: FBT001 - an option
    """Return what is hashed of a field, None if it may be missing."""
    value: Any = get(event, name)
    if name == TIMESTAMP:
        return nanoseconds(event.timestamp)
    if value is MISSING:
        if ignore_missing:
            return None
        raise _failure(f"failed to find field [{name}] in event: key not found")
    if isinstance(value, (dict, list)):
        raise _failure(f"cannot compute fingerprint using non-scalar field [{name}]")
    return "<nil>" if value is None else text_of(value)


def _failure(reason: str) -> ProcessorError:
    return ProcessorError(f"failed to compute fingerprint: {reason}", is_fatal=True)

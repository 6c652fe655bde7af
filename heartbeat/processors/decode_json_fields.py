"""`decode_json_fields`: documents within texts.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import orjson
from pydantic import Field

from heartbeat.conditions import MISSING
from heartbeat.conditions.document import find
from heartbeat.config import Count, Flag, Listed, Text
from heartbeat.errors import ProcessorError
from heartbeat.processors.access import get, note_error, put
from heartbeat.processors.merging import expanded, must_be_shallow, put_at_root
from heartbeat.processors.options import Path, ProcessorOptions, unpacked

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event, Fields
    from heartbeat.processors.base import Processor, ProcessorContext

_BRACKETS = frozenset({"{}", "[]"})


class Options(ProcessorOptions):
    """`decode_json_fields`: decodes JSON in fields."""

    is_strict = True

    fields: Listed[Path] = Field(description="The fields.")
    max_depth: Count = Field(
        default=1,
        description="Levels of JSON within JSON that are decoded; 0 is all of them.",
    )
    process_array: Flag = Field(
        default=False, description="Decode JSON in the items of lists, too."
    )
    target: Text | None = Field(
        default=None,
        description="Where the document goes: not written for the field itself, empty"
        " for the root of the event.",
    )
    overwrite_keys: Flag = Field(
        default=False, description="At the root, replace fields that are there."
    )
    expand_keys: Flag = Field(
        default=False, description="Take dotted names for nested members."
    )
    add_error_key: Flag = Field(
        default=False, description="Tell in error.message what could not be decoded."
    )
    document_id: Text = Field(
        default="", description="Member that becomes the id of the event."
    )


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)

    def process(event: Event) -> Event:
        faults: list[str] = []
        for field in options.fields:
            text = get(event, field)
            if not isinstance(text, str):
                continue
            try:
                _write(event, field, _decoded(text, options), options)
            except ProcessorError as error:
                faults.append(f"field {field}: {error}")
        if faults:
            message = f"failed to decode JSON: {'; '.join(faults)}"
            if options.add_error_key:
                note_error(event, message)
            raise ProcessorError(message)
        return event

    return process


def _decoded(text: str, options: Options) -> Any:
    """Return what the text says; raises `ProcessorError`."""
    value = _read(text)
    must_be_shallow(value)
    if options.max_depth != 1:
        depth = options.max_depth or -1
        value = _inner(value, depth - 1, in_lists=options.process_array)
        must_be_shallow(value)
    if options.expand_keys and isinstance(value, dict):
        value = expanded(cast("Fields", value))
    return value


def _read(text: str) -> Any:
    try:
        return orjson.loads(text.encode("utf-8", "surrogateescape"))
    except orjson.JSONDecodeError as error:
        raise ProcessorError(f"it is no JSON: {error}") from error


def _inner(value: Any, depth: int, *, in_lists: bool) -> Any:
    """Return a value with the JSON in its texts decoded, so many levels deep."""
    if isinstance(value, dict):
        members = cast("Fields", value)
        return {k: _try(v, depth, in_lists=in_lists) for k, v in members.items()}
    if isinstance(value, list) and in_lists:
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
        return [_try(item, depth, in_lists=in_lists) for item in items]
    return cast("Any", value)


def _try(value: Any, depth: int, *, in_lists: bool) -> Any:
    """Return what a text that looks like JSON says; other values as they are."""
    if depth == 0 or not isinstance(value, str):
        return value
    bare = value.strip()
    if bare[:1] + bare[-1:] not in _BRACKETS:
        return value
    try:
        found = _read(bare)
        must_be_shallow(found)
    except ProcessorError:
        return value
    return _inner(found, depth - 1, in_lists=in_lists)


def _write(event: Event, field: str, value: Any, options: Options) -> None:
    target = field if options.target is None else options.target
    named = _named(value, options.document_id)
    if named is not None and isinstance(value, dict):
        members = cast("Fields", value)
        value = {k: v for k, v in members.items() if k != options.document_id}
    if target:
        put(event, target, value)
    elif isinstance(value, dict):
        document = cast("Fields", value)
        put_at_root(event, document, overwrite=options.overwrite_keys)
    else:
        raise ProcessorError("failed to add target to root: it is no mapping")
    if named is not None:
        event.routing = replace(event.routing, id=named)


def _named(value: Any, path: str) -> str | None:
    """Return the id that a document gives itself."""
    if not path or not isinstance(value, dict):
        return None
    found = find(cast("Fields", value), path)
    return found if found is not MISSING and isinstance(found, str) and found else None

"""`decode_xml`: the XML in a field as members.

Owns that processor. Must not know how XML becomes members.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from heartbeat.conditions import MISSING
from heartbeat.conditions.document import find
from heartbeat.config import Flag, Text
from heartbeat.errors import ProcessorError
from heartbeat.processors import elements
from heartbeat.processors.access import Snapshot, has, note_error, put
from heartbeat.processors.fields import MissingOptions, fetch_text
from heartbeat.processors.merging import put_at_root
from heartbeat.processors.options import Path, unpacked

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event, Fields
    from heartbeat.processors.base import Processor, ProcessorContext


class Options(MissingOptions):
    """`decode_xml`: decodes XML in a field; document types are refused."""

    is_strict = True

    field: Path = Field(default="message", description="The field.")
    target_field: Text | None = Field(
        default=None,
        description="Where the document goes: not written for the field itself, empty"
        " for the root of the event.",
    )
    overwrite_keys: Flag = Field(
        default=True, description="Replace fields that are there."
    )
    to_lower: Flag = Field(default=True, description="Write names in lower case.")
    document_id: Text = Field(
        default="", description="Member that becomes the id of the event."
    )
    ignore_failure: Flag = Field(default=False, description="Let failures be.")


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)

    def process(event: Event) -> Event:
        before = Snapshot.of(event)
        try:
            _decode(event, options)
        except ProcessorError as error:
            before.restore(event)
            if options.ignore_failure:
                return event
            message = f"failed in decode_xml on the '{options.field}' field: {error}"
            note_error(event, message)
            raise ProcessorError(message) from error
        return event

    return process


def _decode(event: Event, options: Options) -> None:
    missing = options.ignore_missing
    text = fetch_text(event, options.field, ignore_missing=missing)
    if text is None:
        return
    try:
        document = elements.read(text, to_lower=options.to_lower)
    except ValueError as error:
        raise ProcessorError(str(error)) from error
    _write(event, document, options)
    if options.document_id:
        found = find(document, options.document_id)
        if found is not MISSING and isinstance(found, str):
            put(event, "@metadata._id", found)


def _write(event: Event, document: Fields, options: Options) -> None:
    target = options.field if options.target_field is None else options.target_field
    if not target:
        put_at_root(event, document, overwrite=options.overwrite_keys)
        return
    is_elsewhere = target != options.field
    if is_elsewhere and not options.overwrite_keys and has(event, target):
        raise ProcessorError(f"target field '{target}' already exists")
    put(event, target, document)

"""The fields of a record, for options that depend on them.

Owns decoding a record, which happens only when a field is asked for. Must not know what
the fields are wanted for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import orjson

from heartbeat.conditions import MISSING, find
from heartbeat.event import Record, Routing

if TYPE_CHECKING:
    from heartbeat.event import Fields

METADATA = "@metadata."


class RecordFields:
    """Looks fields of one record up by their dotted paths."""

    __slots__ = ("_document", "_record")

    def __init__(self, record: Record) -> None:
        """Decode nothing yet."""
        self._record = record
        self._document: Fields | None = None

    def __call__(self, path: str) -> Any:
        """Return the value of a field, None where there is none."""
        if path.startswith(METADATA):
            metadata = self._record.routing.metadata()
            value = find(metadata, path.removeprefix(METADATA))
        else:
            value = find(self.document, path)
        return None if value is MISSING else value

    @property
    def document(self) -> Fields:
        """Return the whole document."""
        if self._document is None:
            self._document = cast("Fields", orjson.loads(self._record.body))
        return self._document


NO_FIELDS = RecordFields(Record(b"{}", Routing(""), 0))
"""For what is the same whatever an event holds."""

"""Decoded documents on their way into an event.

Owns how one mapping goes over another and where a decoded document is put. Must not
know how it was decoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from heartbeat.errors import ProcessorError
from heartbeat.processors.access import METADATA, TIMESTAMP, put

if TYPE_CHECKING:
    from heartbeat.event import Event, Fields

DEEPEST: Final = 100
"""Levels of a decoded document; the encoder of documents has a limit, too."""


def merged(below: Fields, above: Fields, *, overwrite: bool) -> Fields:
    """Return both mappings as one; `overwrite` says which one wins."""
    whole = dict(below)
    for name, value in above.items():
        present = whole.get(name)
        if isinstance(value, dict) and isinstance(present, dict):
            inner = cast("Fields", present), cast("Fields", value)
            whole[name] = merged(*inner, overwrite=overwrite)
        elif overwrite or name not in whole:
            whole[name] = value
    return whole


def put_at_root(event: Event, document: Fields, *, overwrite: bool) -> None:
    """Merge a document with the event.

    Its `@timestamp` and `@metadata` count only where it may overwrite.
    """
    rest = dict(document)
    for name in (TIMESTAMP, METADATA):
        value = rest.pop(name, None)
        if overwrite and value is not None:
            put(event, name, value)
    event.fields = merged(event.fields, rest, overwrite=overwrite)


def expanded(document: Fields) -> Fields:
    """Return the document with dotted names as nested mappings."""
    whole: Fields = {}
    for name, value in document.items():
        if isinstance(value, dict):
            value = expanded(cast("Fields", value))  # noqa: PLW2901
        *outer, last = name.split(".")
        nested: Fields = {last: value}
        for part in reversed(outer):
            nested = {part: nested}
        _refuse_conflict(whole, nested, name)
        whole = merged(whole, nested, overwrite=True)
    return whole


def _refuse_conflict(below: Any, above: Any, name: str) -> None:
    if isinstance(below, dict) and isinstance(above, dict):
        one, other = cast("Fields", below), cast("Fields", above)
        for key in one.keys() & other.keys():
            _refuse_conflict(one[key], other[key], name)
    else:
        raise ProcessorError(f"cannot expand '{name}': found conflicting key")


def must_be_shallow(value: Any) -> None:
    """Raise `ProcessorError` for a value that is nested too deeply."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for item in level for inner in _members(item)]
        if not level:
            return
    raise ProcessorError(f"it is nested deeper than {DEEPEST} levels")


def _members(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(cast("Fields", value).values())
    if not isinstance(value, list):
        return []
    items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
    return items

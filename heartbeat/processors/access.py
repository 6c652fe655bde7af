"""Fields of an event by their dotted paths.

Owns what a path means: nested members, names that have dots themselves, `@timestamp`
and `@metadata`. Must not know processors.

Nothing is changed in place. `put` and `delete` copy the mappings on the way, so parts
that events share stay as they are, and what an event was before is still at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from heartbeat.conditions import MISSING, find
from heartbeat.errors import ProcessorError
from heartbeat.event import Routing, milliseconds, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.event import Event, Fields

TIMESTAMP: Final = "@timestamp"
METADATA: Final = "@metadata"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEY_NOT_FOUND = "key not found"
_TYPES: Final = {"str": "string", "float": "float64", "NoneType": "<nil>"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an event was at some moment."""

    timestamp: int
    routing: Routing
    fields: Fields

    @classmethod
    def of(cls, event: Event) -> Snapshot:
        """Return what the event is now."""
        return cls(event.timestamp, event.routing, event.fields)

    def restore(self, event: Event) -> None:
        """Make the event what it was."""
        event.timestamp = self.timestamp
        event.routing = self.routing
        event.fields = self.fields


def all_or_nothing(event: Event, work: Callable[[Event], object]) -> None:
    """Do the work on the event; if it fails, undo it and note the error in the event.

    This is what `fail_on_error: true` means. Raises the error of the work.
    """
    before = Snapshot.of(event)
    try:
        work(event)
    except ProcessorError as error:
        before.restore(event)
        note_error(event, str(error))
        raise


def note_error(event: Event, text: str) -> None:
    """Put what went wrong with a processor into `error.message`.

    The reference does so whatever is there. Here the reason for which a target is down
    stays: nobody should have to look for it in a log.
    """
    if not has(event, "error.message"):
        put(event, "error.message", text)


def get(event: Event, path: str) -> Any:
    """Return the value at a path, `MISSING` if there is none; null is a value.

    Not to be changed: other events may hold it, too.
    """
    value = find(event.fields, path)
    if value is not MISSING or not path.startswith("@"):
        return value
    if path == TIMESTAMP:
        return milliseconds(event.timestamp)
    if path == METADATA:
        return event.routing.metadata()
    if path.startswith(f"{METADATA}."):
        return find(event.routing.metadata(), path[len(METADATA) + 1 :])
    return MISSING


def has(event: Event, path: str) -> bool:
    """Return whether there is a value at a path."""
    return get(event, path) is not MISSING


def must_get(event: Event, path: str) -> Any:
    """Return the value at a path; raises `ProcessorError` if there is none."""
    value = get(event, path)
    if value is MISSING:
        raise ProcessorError(f"failed to get field '{path}': {_KEY_NOT_FOUND}")
    return value


def put(event: Event, path: str, value: Any) -> None:
    """Set the value at a path, mappings on the way included.

    Raises `ProcessorError` where the path leads through something that is no mapping.
    """
    if path == TIMESTAMP:
        event.timestamp = _moment(value)
    elif path == METADATA:
        if not isinstance(value, Mapping):
            raise ProcessorError("value is no map")
        members = cast("Mapping[str, Any]", value)
        event.routing = _routing({**event.routing.metadata(), **members})
    elif path.startswith(f"{METADATA}."):
        inner = path[len(METADATA) + 1 :]
        event.routing = _routing(_with(event.routing.metadata(), inner, value))
    else:
        event.fields = _with(event.fields, path, value)


def delete(event: Event, path: str) -> bool:
    """Take the value at a path away; return whether there was one.

    Raises `ProcessorError` for `@timestamp`, which every event has, and for
    `@metadata._id`.
    """
    if path in {TIMESTAMP, METADATA}:
        raise ProcessorError(f"{path} cannot be deleted")
    if path.startswith(f"{METADATA}."):
        rest = _without(event.routing.metadata(), path[len(METADATA) + 1 :])
        if rest is not None:
            event.routing = _routing(rest)
        return rest is not None
    fields = _without(event.fields, path)
    if fields is not None:
        event.fields = fields
    return fields is not None


def replace_metadata(event: Event, members: Any) -> None:
    """Make these the members of `@metadata`, and no others."""
    if not isinstance(members, Mapping):
        raise ProcessorError(f"{METADATA} must be a map, not {type_name(members)}")
    event.routing = _routing(dict(cast("Mapping[str, Any]", members)))


def document(event: Event) -> Mapping[str, Any]:
    """Return the event as conditions and format strings see it.

    `@timestamp` and `@metadata` are members like others.
    """
    return {
        TIMESTAMP: milliseconds(event.timestamp),
        METADATA: event.routing.metadata(),
        **event.fields,
    }


def _with(fields: Fields, path: str, value: Any) -> Fields:
    """Return the mapping with the value at the path."""
    changed = dict(fields)
    if path in fields:
        changed[path] = value
        return changed
    name, dot, rest = path.partition(".")
    if not dot:
        changed[name] = value
        return changed
    inner: Any = fields.get(name, {})
    if not isinstance(inner, dict):
        raise ProcessorError(
            f"expected map but type is {type_name(inner)}: '{name}' in '{path}'"
        )
    changed[name] = _with(cast("Fields", inner), rest, value)
    return changed


def _without(fields: Fields, path: str) -> Fields | None:
    """Return the mapping without the value at the path, None if there is none."""
    if path in fields:
        changed = dict(fields)
        del changed[path]
        return changed
    name, dot, rest = path.partition(".")
    inner = fields.get(name)
    if not dot or not isinstance(inner, dict):
        return None
    inner = _without(cast("Fields", inner), rest)
    return None if inner is None else {**fields, name: inner}


def type_name(value: Any) -> str:
    """Return the reference's name of a value's type, for error texts."""
    if isinstance(value, (list, tuple)):
        return "[]interface {}"
    if isinstance(value, Mapping):
        return "map[string]interface {}"
    name: str = value.__class__.__name__
    return _TYPES.get(name, name)


def _routing(metadata: Fields) -> Routing:
    """Return the routing that the members of `@metadata` describe."""
    known: dict[str, str | None] = {}
    for name in ("_id", "raw_index", "pipeline"):
        value = metadata.pop(name, None)
        if value is not None and not isinstance(value, str):
            raise ProcessorError(f"{METADATA}.{name} must be text, not '{value}'")
        known[name] = value or None
    if not known["_id"]:
        raise ProcessorError(f"{METADATA}._id cannot be empty")
    extra: Fields | None = printable(metadata) if metadata else None
    return Routing(known["_id"], known["raw_index"], known["pipeline"], extra)


def _moment(value: Any) -> int:
    """Return a time written as RFC 3339, in nanoseconds since the epoch."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ProcessorError(f"value is no timestamp: '{value}'") from None
    if moment.tzinfo is None:
        raise ProcessorError(f"value is no timestamp, it has no zone: '{value}'")
    span = moment - _EPOCH
    seconds = span.days * 86400 + span.seconds
    return seconds * 1_000_000_000 + span.microseconds * 1000

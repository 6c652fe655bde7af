"""Fields of events by their paths."""

from __future__ import annotations

import pytest

from heartbeat.conditions import MISSING
from heartbeat.errors import ProcessorError
from heartbeat.event import Routing
from heartbeat.processors.access import (
    Snapshot,
    all_or_nothing,
    delete,
    document,
    get,
    has,
    must_get,
    note_error,
    put,
    replace_metadata,
    type_name,
)
from tests.support.processors import AT, event

NESTED = {"a": {"b": 1, "c.d": 2}, "e.f": 3, "n": None}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.b", 1),
        ("a.c.d", 2),
        ("e.f", 3),
        ("n", None),
        ("a", {"b": 1, "c.d": 2}),
        ("a.b.c", MISSING),
        ("x", MISSING),
        ("@timestamp", "2026-09-21T14:13:20.123Z"),
        ("@metadata._id", "id-1"),
        ("@metadata", {"_id": "id-1"}),
        ("@metadata.x", MISSING),
        ("@other", MISSING),
    ],
)
def test_get(path: str, expected: object) -> None:
    """Nested members and names with dots are found; null is a value."""
    assert expected == get(event(NESTED), path)
    assert has(event(NESTED), path) == (expected is not MISSING)


def test_must_get() -> None:
    """What has to be there and is not is an error."""
    assert must_get(event(NESTED), "a.b") == 1
    with pytest.raises(ProcessorError, match="failed to get field 'x': key not found"):
        must_get(event(NESTED), "x")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.b", {**NESTED, "a": {"b": 9, "c.d": 2}}),
        ("a.c.d", {**NESTED, "a": {"b": 1, "c.d": 9}}),
        ("e.f", {**NESTED, "e.f": 9}),
        ("x.y.z", {**NESTED, "x": {"y": {"z": 9}}}),
    ],
)
def test_put(path: str, expected: object) -> None:
    """A value goes where the path is found, else mappings are made for it."""
    changed = event(NESTED)

    put(changed, path, 9)

    assert expected == changed.fields


def test_put_shares_nothing() -> None:
    """What other events hold, too, stays as it is."""
    constants = {"agent": {"id": "i"}}
    changed = event(constants)

    put(changed, "agent.id", "other")
    delete(changed, "agent.id")

    assert constants == {"agent": {"id": "i"}}
    assert changed.fields == {"agent": {}}


@pytest.mark.parametrize(
    ("path", "kind"),
    [("t.x", "string"), ("n.x", "<nil>"), ("l.x", "[]interface {}"), ("i.x", "int")],
)
def test_put_through_a_value(path: str, kind: str) -> None:
    """A path cannot lead through what is no mapping."""
    changed = event({"t": "text", "n": None, "l": [], "i": 1})

    with pytest.raises(ProcessorError, match="expected map but type is ") as caught:
        put(changed, path, 1)

    assert kind in str(caught.value)


def test_put_timestamp() -> None:
    """The time of the event can be set, as text with a zone."""
    changed = event()

    put(changed, "@timestamp", "2026-09-21T16:13:20.5+02:00")

    assert changed.timestamp == 1_790_000_000_500_000_000


@pytest.mark.parametrize("value", ["yesterday", "2026-09-21T16:13:20", 7, None])
def test_put_no_timestamp(value: object) -> None:
    """Anything else is no time."""
    with pytest.raises(ProcessorError, match="value is no timestamp"):
        put(event(), "@timestamp", value)


def test_put_metadata() -> None:
    """What routes an event is among its metadata; the rest goes along."""
    changed = event()

    put(changed, "@metadata._id", "other")
    put(changed, "@metadata", {"raw_index": "i", "pipeline": "p"})
    put(changed, "@metadata.x.y", "\udcff")

    assert changed.routing == Routing("other", "i", "p", {"x": {"y": "\ufffd"}})
    assert get(changed, "@metadata.raw_index") == "i"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("@metadata", "text"),
        ("@metadata._id", ""),
        ("@metadata._id", 7),
        ("@metadata.pipeline", ["p"]),
    ],
)
def test_put_bad_metadata(path: str, value: object) -> None:
    """An event must keep an id, and routing is text."""
    with pytest.raises(ProcessorError):
        put(event(), path, value)


def test_replace_metadata() -> None:
    """All metadata can be given at once."""
    changed = event()
    put(changed, "@metadata.x", 1)

    replace_metadata(changed, {"_id": "a", "y": 2})

    assert changed.routing == Routing("a", extra={"y": 2})
    with pytest.raises(ProcessorError, match="must be a map, not string"):
        replace_metadata(changed, "text")


@pytest.mark.parametrize(
    ("path", "is_there"),
    [("a.b", True), ("a.c.d", True), ("e.f", True), ("x", False), ("a.b.c", False)],
)
def test_delete(path: str, *, is_there: bool) -> None:
    """It tells whether there was something to delete."""
    changed = event(NESTED)

    assert is_there == delete(changed, path)
    assert not has(changed, path)


def test_delete_metadata() -> None:
    """Metadata can be deleted, but neither the id nor all of it, nor the time."""
    changed = event()
    put(changed, "@metadata.raw_index", "i")

    assert delete(changed, "@metadata.raw_index")
    assert not delete(changed, "@metadata.raw_index")
    assert changed.routing == Routing("id-1")
    for path in ("@metadata", "@metadata._id", "@timestamp"):
        with pytest.raises(ProcessorError):
            delete(changed, path)


def test_document() -> None:
    """Conditions and format strings see the time and the metadata as members."""
    assert document(event(a=1)) == {
        "@timestamp": "2026-09-21T14:13:20.123Z",
        "@metadata": {"_id": "id-1"},
        "a": 1,
    }


def test_snapshot() -> None:
    """An event can be made what it was."""
    changed = event(a={"b": 1})
    before = Snapshot.of(changed)
    put(changed, "a.b", 2)
    put(changed, "@timestamp", "2026-09-21T14:13:20Z")
    put(changed, "@metadata._id", "other")

    before.restore(changed)

    assert changed == event(a={"b": 1})
    assert changed.timestamp == AT


def test_all_or_nothing() -> None:
    """Work that fails is undone, and the event says why."""
    changed = event(a=1)

    def work(one: object) -> None:
        assert one is changed
        put(changed, "a", 2)
        raise ProcessorError("no luck")

    with pytest.raises(ProcessorError, match="no luck"):
        all_or_nothing(changed, work)

    assert changed.fields == {"a": 1, "error": {"message": "no luck"}}


def test_the_reason_of_down_stays() -> None:
    """A processor's error does not hide why the target is down."""
    changed = event(error={"message": "refused"})

    note_error(changed, "no luck")

    assert changed.fields == {"error": {"message": "refused"}}


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (1.5, "float64"),
        (True, "bool"),
        ({}, "map[string]interface {}"),
        (b"", "bytes"),
    ],
)
def test_type_name(value: object, name: str) -> None:
    """Types are called what the reference calls them."""
    assert name == type_name(value)

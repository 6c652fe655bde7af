"""Automatic ids and digests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.config.identity import automatic_id, digest, structural_hash

if TYPE_CHECKING:
    from heartbeat.config.tree import Plain

MONITOR: Plain = {
    "type": "http",
    "schedule": "@every 5s",
    "urls": ["http://localhost:9200"],
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://foo.com", 0xA61CE2D5DB7E8AB0),
        ("http://bar.com", 0x68D58AE70E0626F3),
        ({"foo": "bar"}, 5334326627423288605),
        (["foo", "bar"], 18333885979647637445),
    ],
)
def test_golden_hashes(value: Plain, expected: int) -> None:
    """The hash gives what the reference gives."""
    assert expected == structural_hash(value)


def test_golden_id() -> None:
    """An automatic id is the one the reference makes up."""
    assert automatic_id("http", MONITOR) == "auto-http-0X5C54CC62D9EE29F2"


def test_golden_id_with_null() -> None:
    """A member that is null counts, as a run of the reference has shown."""
    fields: Plain = {"x": 1.5, "w": True, "z": None, "v": "text"}
    monitor: Plain = {
        "type": "http",
        "schedule": "@every 10s",
        "urls": ["http://127.0.0.1:18080/"],
        "check": {"response": {"status": [200]}},
        "tags": ["a"],
        "fields": fields,
    }

    assert automatic_id("http", monitor) == "auto-http-0XB22F60E0AE8A9C5A"


def test_nulls_of_lists_count() -> None:
    """An entry that is null is an entry."""
    assert structural_hash([None]) != structural_hash([])


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (1, True), (0.5, 0.25), (1, -1)])
def test_types_are_told_apart(one: Plain, other: Plain) -> None:
    """Numbers of another type or value have another hash."""
    assert structural_hash(one) != structural_hash(other)


def test_digest() -> None:
    """The order of members does not count, every value does."""
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})

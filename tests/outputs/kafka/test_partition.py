"""Which partition an event goes to."""

from __future__ import annotations

from random import Random
from typing import Any

import orjson
import pytest

from heartbeat.event import Record, Routing
from heartbeat.outputs.fields import RecordFields
from heartbeat.outputs.kafka.partition import Hash, Spread, Unhashable, fnv1a

PARTITIONS = range(7)


def fields(**members: Any) -> RecordFields:
    """Return the fields of a record."""
    return RecordFields(Record(orjson.dumps(members), Routing("1"), 0))


def random() -> Random:
    """Return the same randomness every time."""
    return Random(1)  # noqa: S311 - no secret


@pytest.mark.parametrize(
    ("data", "value"),
    [(b"", 0x811C9DC5), (b"a", 0xE40C292C), (b"foobar", 0xBF9CF968)],
)
def test_the_hash(data: bytes, value: int) -> None:
    """Values from its authors' page."""
    assert fnv1a(data) == value


def test_groups_in_turn() -> None:
    """Each group of events has the next partition, beginning anywhere."""
    spread = Spread(2, random(), in_turn=True)

    chosen = [spread(range(3)) for _ in range(8)]

    first = chosen[0]
    assert chosen == [(first + step // 2) % 3 for step in range(8)]


def test_groups_at_random() -> None:
    """Each group has any partition, and in time all of them have some."""
    spread = Spread(2, random(), in_turn=False)

    chosen = [spread(PARTITIONS) for _ in range(200)]

    assert chosen[::2] == chosen[1::2]
    assert set(chosen) == set(PARTITIONS)


def test_the_key_decides() -> None:
    """The same key has the same partition; the sign of the hash does not count."""
    by_key = Hash((), random(), falls_back=True)

    chosen = [by_key(PARTITIONS, key, fields()) for key in (b"a", b"a", b"foobar")]

    signless = (0xE40C292C & 0x7FFFFFFF) % 7
    assert chosen == [signless, signless, (0xBF9CF968 & 0x7FFFFFFF) % 7]


def test_no_key() -> None:
    """Any partition will do."""
    by_key = Hash((), random(), falls_back=True)

    assert {by_key(PARTITIONS, None, fields()) for _ in range(200)} == set(PARTITIONS)


@pytest.mark.parametrize(
    ("value", "data"),
    [
        ("text", b"text"),
        ("é", "é".encode()),
        (1, b"\x01" + b"\0" * 7),
        (-2, b"\xfe" + b"\xff" * 7),
        (0.1, b"0.1"),
        (1e6, b"1e+06"),
        (True, b"\x01"),
    ],
)
def test_fields_decide(value: Any, data: bytes) -> None:
    """Their values are hashed one behind the other."""
    by_fields = Hash(("a.b", "c"), random(), falls_back=False)

    chosen = by_fields(PARTITIONS, b"key", fields(a={"b": value}, c="d"))

    assert chosen == (fnv1a(data + b"d") & 0x7FFFFFFF) % 7


@pytest.mark.parametrize("value", [None, [1], {"a": 1}])
def test_a_field_that_cannot_be_hashed(value: Any) -> None:
    """Any partition, or none."""
    lenient = Hash(("a",), random(), falls_back=True)
    strict = Hash(("a",), random(), falls_back=False)

    assert lenient(PARTITIONS, None, fields(a=value)) in PARTITIONS
    with pytest.raises(Unhashable, match="depends on a, which is missing"):
        strict(PARTITIONS, None, fields(a=value))

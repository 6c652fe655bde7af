"""`timestamp`."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.errors import ProcessorError
from heartbeat.event import nanoseconds
from tests.support.processors import event, faults, processed, processor

RFC_3339 = "2006-01-02T15:04:05Z07:00"


def time_of(value: object, *layouts: str, **options: object) -> str:
    """Return the time of an event whose field has a value."""
    one: Any = processor("timestamp", {"field": "a", "layouts": layouts, **options})
    return nanoseconds(one(event(a=value)).timestamp)


@pytest.mark.parametrize(
    ("value", "layouts", "expected"),
    [
        ("2026-11-22T21:00:26.25+01:00", [RFC_3339], "2026-11-22T20:00:26.25Z"),
        ("22.11.2026", [RFC_3339, "02.01.2006"], "2026-11-22T00:00:00Z"),
        ("Nov 22 21:00", ["Jan _2 15:04"], "2026-11-22T21:00:00Z"),
        (1_795_000_000, ["UNIX"], "2026-11-18T11:06:40Z"),
        ("1795000000.5", ["UNIX"], "2026-11-18T11:06:40.5Z"),
        (1_795_000_000_123, [RFC_3339, "UNIX_MS"], "2026-11-18T11:06:40.123Z"),
        ("2026-11-22T21:00:26Z", ["UNIX", RFC_3339], "2026-11-22T21:00:26Z"),
    ],
)
def test_layouts(value: object, layouts: list[str], expected: str) -> None:
    """The first layout that fits counts; the year may be left out."""
    assert expected == time_of(value, *layouts)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("Europe/Berlin", "2026-11-22T20:00:00Z"), ("-05:30", "2026-11-23T02:30:00Z")],
)
def test_zones(zone: str, expected: str) -> None:
    """A time without a zone is in that of the options."""
    layout = "2006-01-02 15:04"

    assert expected == time_of("2026-11-22 21:00", layout, timezone=zone)


def test_another_target() -> None:
    """The time can go into a field."""
    options = {"field": "a", "layouts": [RFC_3339], "target_field": "b.c"}
    fields = processed("timestamp", options, {"a": "2026-11-22T21:00:26Z"})

    assert fields == {
        "a": "2026-11-22T21:00:26Z",
        "b": {"c": "2026-11-22T21:00:26.000Z"},
    }


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("tomorrow", f"'tomorrow' is in none of the layouts {RFC_3339}"),
        ("2026-02-30T00:00:00Z", "'2026-02-30T00:00:00Z': day is out of range for"),
        (True, "unexpected type bool for time field"),
        (12, "unexpected type int for time field"),
    ],
)
def test_failures(value: object, message: str) -> None:
    """What is no time is a failure, unless failures do not matter."""
    with pytest.raises(ProcessorError, match=r"failed parsing time field a \[id-7\]: "):
        time_of(value, RFC_3339, id="id-7")
    with pytest.raises(ProcessorError, match=message):
        time_of(value, RFC_3339)
    assert time_of(value, RFC_3339, ignore_failure=True) == (
        "2026-09-21T14:13:20.123456789Z"
    )


def test_missing() -> None:
    """The field may be missing if options say so."""
    options = {"field": "x", "layouts": [RFC_3339]}
    with pytest.raises(ProcessorError, match="could not fetch value for key: x"):
        processed("timestamp", options)
    assert processed("timestamp", {**options, "ignore_missing": True}) == {}


def test_values_to_test() -> None:
    """Layouts can be tried with values of the options."""
    options = {"field": "a", "layouts": [RFC_3339]}

    assert faults({"timestamp": {**options, "test": ["2026-11-22T21:00:26Z"]}}) == []
    assert faults({"timestamp": {**options, "test": ["2026"]}}) == [
        (
            "failed to parse test timestamp: failed parsing time field a: '2026' is in"
            f" none of the layouts {RFC_3339} accessing 'processors.0.timestamp.test'"
        )
    ]


def test_faults() -> None:
    """Zones and layouts that cannot be are told."""
    options = {"field": "a", "layouts": ["2006 2006"]}

    assert faults(
        {"timestamp": {**options, "timezone": "Mars"}}, {"timestamp": options}
    ) == [
        "unknown time zone Mars accessing 'processors.0.timestamp.timezone'",
        (
            "'2006 2006' asks for the same thing twice accessing"
            " 'processors.1.timestamp.layouts'"
        ),
    ]

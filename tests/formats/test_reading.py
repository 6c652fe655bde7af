"""Times read by Go's layouts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from heartbeat.event import nanoseconds
from heartbeat.formats.reading import TimeLayout, zone_of


@pytest.mark.parametrize(
    ("layout", "text", "expected"),
    [
        ("2006-01-02T15:04:05Z07:00", "2026-11-22T21:00:26Z", "2026-11-22T21:00:26Z"),
        (
            "2006-01-02T15:04:05Z0700",
            "2026-11-22T21:00:26+0130",
            "2026-11-22T19:30:26Z",
        ),
        (
            "2006-01-02T15:04:05.000",
            "2026-11-22T21:00:26.183",
            "2026-11-22T21:00:26.183Z",
        ),
        ("15:04:05,999 2006", "21:00:26 2026", "2026-01-01T21:00:26Z"),
        (
            "15:04:05.999 2006",
            "21:00:26.123456789 2026",
            "2026-01-01T21:00:26.123456789Z",
        ),
        ("15:04:05 2006", "21:00:26.5 2026", "2026-01-01T21:00:26.5Z"),
        (
            "Mon Jan _2 15:04:05 2006",
            "Sun Nov  2 21:00:26 2026",
            "2026-11-02T21:00:26Z",
        ),
        ("Monday, 2 January 06", "Sunday, 2 november 26", "2026-11-02T00:00:00Z"),
        ("1/2/06", "1/2/70", "1970-01-02T00:00:00Z"),
        ("2006-002", "2024-366", "2024-12-31T00:00:00Z"),
        ("2006 __2", "2026   3", "2026-01-03T00:00:00Z"),
        ("3:04PM", "12:04AM", "2026-01-01T00:04:00Z"),
        ("03:04 pm", "12:04 pm", "2026-01-01T12:04:00Z"),
        ("3PM", "4pm", "2026-01-01T16:00:00Z"),
        ("2006 -07", "2026 -05", "2026-01-01T05:00:00Z"),
        ("2006 MST", "2026 GMT", "2026-01-01T00:00:00Z"),
        (
            "02/Jan/2006:15:04:05 -0700",
            "22/Nov/2026:21:00:26 +0100",
            "2026-11-22T20:00:26Z",
        ),
    ],
)
def test_read(layout: str, text: str, expected: str) -> None:
    """What a layout shows is found in the text."""
    found = TimeLayout(layout).read(text, 2026)

    assert found is not None
    assert expected == nanoseconds(found)


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("2006-01-02", "2026-1-02"),
        ("2006-01-02", "2026-01-02 "),
        ("15:04:05.000", "21:00:26.12"),
        ("Jan", "Foo"),
        ("a.b 2006", "aXb 2026"),
    ],
)
def test_another_form(layout: str, text: str) -> None:
    """A text in another form is no time."""
    assert TimeLayout(layout).read(text, 2026) is None


def test_no_time() -> None:
    """A day there is not is told."""
    with pytest.raises(ValueError, match="day"):
        TimeLayout("2006-01-02").read("2026-02-30", 2026)


@pytest.mark.parametrize(
    ("name", "hours"),
    [("", 0), ("UTC", 0), ("+02:00", 2), ("-0330", -3.5), ("Asia/Tokyo", 9)],
)
def test_zones(name: str, hours: float) -> None:
    """Zones have names or offsets."""
    moment = datetime(2026, 11, 22, tzinfo=UTC)

    assert timedelta(hours=hours) == moment.astimezone(zone_of(name)).utcoffset()


def test_the_zone_of_the_machine() -> None:
    """`Local` is whatever the machine has."""
    moment = datetime(2026, 11, 22, tzinfo=UTC)

    assert moment.astimezone().utcoffset() == (
        moment.astimezone(zone_of("Local")).utcoffset()
    )


def test_no_zone() -> None:
    """A name that is none is told."""
    with pytest.raises(ValueError, match="unknown time zone Mars/Base"):
        zone_of("Mars/Base")

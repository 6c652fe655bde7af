"""Maintenance windows as they are written."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config.maintenance import WindowOptions, window_of
from heartbeat.errors import ConfigError
from tests.support.config import loaded

if TYPE_CHECKING:
    from pathlib import Path


def is_open(moment: str, **options: Any) -> bool:
    """Return whether a window that began this November is open at a moment."""
    usual = {"freq": "daily", "dtstart": "2026-11-02T02:00:00Z", "duration": 3600}
    window = window_of(WindowOptions.model_validate(usual | options))
    return window.is_open(int(datetime.fromisoformat(moment).timestamp()) * 10**9)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-02T01:59:59Z", False),
        ("2026-11-02T02:00:00Z", True),
        ("2026-11-22T02:59:59Z", True),
        ("2026-11-22T03:00:00Z", False),
    ],
)
def test_open_from_its_begin_for_its_duration(moment: str, *, expected: bool) -> None:
    """The end is not part of it, and there is none before the first."""
    assert is_open(moment) is expected


@pytest.mark.parametrize(
    ("options", "moment"),
    [
        ({"freq": "WEEKLY"}, "2026-11-09T02:30:00Z"),
        ({"freq": "weekly", "byweekday": ["SU"]}, "2026-11-22T02:30:00Z"),
        ({"freq": "monthly", "byweekday": "-1FR"}, "2026-11-27T02:30:00Z"),
        ({"freq": "monthly", "bymonthday": -1}, "2026-11-30T02:30:00Z"),
        ({"freq": "yearly", "bymonth": 12}, "2026-12-02T02:30:00Z"),
        ({"interval": 7}, "2026-11-16T02:30:00Z"),
        ({"interval": 0}, "2026-11-16T02:30:00Z"),
        ({"count": 2}, "2026-11-03T02:30:00Z"),
        ({"byhour": [5, 6]}, "2026-11-03T06:30:00Z"),
        ({"freq": "yearly", "byeaster": [1]}, "2027-03-29T02:30:00Z"),
        ({"dtstart": "2026-11-02T05:00:00+03:00"}, "2026-11-03T02:30:00Z"),
        ({"dtstart": "2016-11-02T02:00:00Z"}, "2026-11-03T02:30:00Z"),
    ],
)
def test_rules(options: dict[str, Any], moment: str) -> None:
    """Every part of a rule is heeded."""
    assert is_open(moment, **options)


@pytest.mark.parametrize(
    ("options", "moment"),
    [
        ({"count": 2}, "2026-11-04T02:30:00Z"),
        ({"bymonth": 2, "bymonthday": 30}, "2026-11-04T02:30:00Z"),
        ({"freq": "weekly", "byweekday": ["SU"]}, "2026-11-23T02:30:00Z"),
    ],
)
def test_rules_that_do_not_match(options: dict[str, Any], moment: str) -> None:
    """Outside of a window the monitor runs; a rule may also never match."""
    assert not is_open(moment, **options)


def test_equal_options_share_a_window() -> None:
    """Two thousand monitors with the same window look it up once."""
    options = {"freq": "daily", "dtstart": "2026-11-02T02:00:00Z", "duration": "1h"}
    first, second = (WindowOptions.model_validate(options) for _ in range(2))

    assert window_of(first) is window_of(second)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("freq: hourly", "Invalid frequency hourly: only yearly, monthly, weekly"),
        ("dtstart: tomorrow", "invalid dtstart: 'tomorrow' is no date and time"),
        ("dtstart: '2026-11-02T02:00:00'", "invalid dtstart: '2026-11-02T02:00:00'"),
        ("duration: 0", "requires value > 0"),
        ("byweekday: [Monday]", "'Monday' is no day of the week, use one of MO, TU"),
        ("bymonthday: 0", "0 is not within 1 to 31 or -31 to -1"),
        ("bymonth: 13", "requires value <= 12"),
    ],
)
def test_mistakes(tmp_path: Path, written: str, message: str) -> None:
    """Each is told with its place."""
    usual = ["freq: daily", "dtstart: '2026-11-02T02:00:00Z'", "duration: 1h"]
    name = written.partition(":")[0]
    options = [one for one in usual if not one.startswith(name)] + [written]
    window = "{" + ", ".join(options) + "}"
    text = (
        "heartbeat.monitors: [{type: tcp, hosts: [a], schedule: '@every 1s',"
        f" maintenance_windows: [{window}]}}]"
    )
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    (problem,) = caught.value.problems

    assert problem.path.startswith(f"heartbeat.monitors.0.maintenance_windows.0.{name}")
    assert problem.message.startswith(message)


def test_windows_of_a_monitor(tmp_path: Path) -> None:
    """They come with the monitor."""
    window = "{freq: daily, dtstart: '2026-11-02T02:00:00Z', duration: 1h}"
    text = (
        "heartbeat.monitors: [{type: tcp, hosts: [a], schedule: '@every 1s',"
        f" maintenance_windows: [{window}, {window}]}}]"
    )
    (spec,) = loaded(tmp_path, text).monitors

    assert len(spec.maintenance) == 2

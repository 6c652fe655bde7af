"""Dates in options: the reference's layout letters."""

from __future__ import annotations

import time

import pytest

from heartbeat.outputs.dates import format_dates

MOMENT = time.gmtime(1_790_000_000)  # Monday, 2026-09-21T14:13:20Z


@pytest.mark.parametrize(
    ("text", "formatted"),
    [
        ("plain", "plain"),
        ("/var/%{+yyyy.MM.dd}/x", "/var/2026.09.21/x"),
        ("%{+yy-M-d}", "26-9-21"),
        ("%{+HH:mm:ss}", "14:13:20"),
        ("%{+h a}", "2 PM"),
        ("%{+EEE EEEE MMM MMMM}", "Mon Monday Sep September"),
        ("%{+xxxx-ww-e}", "2026-39-1"),
        ("%{+DDD}", "264"),
        ("%{+yyyy'T'MM''}", "2026T09"),
        ("%{+yyyy}-%{+MM}", "2026-09"),
    ],
)
def test_dates_are_formatted(text: str, formatted: str) -> None:
    """Each letter has its meaning, and everything else stays."""
    assert format_dates(text, MOMENT) == formatted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("%{[agent.name]}", r"only dates .* not %\{\[agent.name\]\}"),
        ("%{+q}", "unknown letter 'q'"),
    ],
)
def test_anything_else_is_refused(text: str, message: str) -> None:
    """Fields and unknown letters cannot be put in."""
    with pytest.raises(ValueError, match=message):
        format_dates(text, MOMENT)

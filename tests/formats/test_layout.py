"""Layouts: what each letter prints."""

from __future__ import annotations

import pytest

from heartbeat.formats import Layout

MONDAY = 1_790_000_000_000_000_000
"""2026-09-21T14:13:20Z."""

SECOND = 1_000_000_000
DAY = 86_400 * SECOND


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("", ""),
        ("yyyy.MM.dd", "2026.09.21"),
        ("YYYY-M-d", "2026-9-21"),
        ("yy YY xx", "26 26 26"),
        ("y yyyyy", "2026 02026"),
        ("xxxx-ww-e", "2026-39-1"),
        ("E EEE EEEE", "Mon Mon Monday"),
        ("MMM MMMM", "Sep September"),
        ("D DDD DDDD", "264 264 0264"),
        ("HH:mm:ss", "14:13:20"),
        ("h hh K k kk", "2 02 2 14 14"),
        ("a", "PM"),
        ("z", "+00:00"),
        ("yyyy'T'''MM", "2026T'09"),
        ("d 'of' MMMM", "21 of September"),
        ("d'", "21'"),
        ("d é/%", "21 é/%"),
    ],
)
def test_letters(layout: str, text: str) -> None:
    """Each letter has its meaning, everything else stays."""
    assert Layout(layout)(MONDAY) == text


@pytest.mark.parametrize(
    ("hour", "text"),
    [(0, "12 0 24 0 AM"), (11, "11 11 11 11 AM"), (12, "12 0 12 12 PM")],
)
def test_hours_around_noon_and_midnight(hour: int, text: str) -> None:
    """Clocks with twelve hours have no hour zero, those to 24 neither."""
    midnight = MONDAY - MONDAY % DAY

    assert Layout("h K k H a")(midnight + hour * 3600 * SECOND) == text


def test_weekdays_begin_with_sunday() -> None:
    """Sunday is day 0, as in the reference."""
    assert Layout("e E")(MONDAY - DAY) == "0 Sun"


def test_the_week_year_is_that_of_the_week() -> None:
    """The first days of January may belong to the last week of the year before."""
    assert Layout("yyyy xxxx ww")(1_767_225_600 * SECOND - 3 * DAY) == "2025 2026 01"


@pytest.mark.parametrize(
    ("layout", "fraction", "text"),
    [
        ("SSS", 12_345_678, "012"),
        ("S", 999_999_999, "9"),
        ("SSSSSSSSSSS", 1, "00000000100"),
        ("n", 12_345_678, "012345678"),
        ("f", 120_000_000, "1"),
        ("fff", 0, "000"),
        ("ffffff", 120_000_000, "120"),
        ("ffffff", 120_001_999, "120001"),
        ("fffffffff", 120_000_001, "120000001"),
        ("fffffffff", 120_001_000, "120001"),
        ("fffffff", 120_001_100, "1200011"),
    ],
)
def test_fractions_of_a_second(layout: str, fraction: int, text: str) -> None:
    """Fixed digits, all nine, or groups of three without zeros at the end."""
    assert Layout(layout)(MONDAY + fraction) == text


def test_each_time_is_printed_anew() -> None:
    """What was printed for one moment is not printed for another."""
    layout = Layout("ss")

    printed = [layout(MONDAY + step * SECOND) for step in (0, 0, 1)]

    assert printed == ["20", "20", "21"]


@pytest.mark.parametrize("layout", ["q", "yyyy-bb", "Z"])
def test_unknown_letters_are_refused(layout: str) -> None:
    """A letter without a meaning is a mistake."""
    with pytest.raises(ValueError, match=r"unknown time format '(q|bb|Z)'"):
        Layout(layout)

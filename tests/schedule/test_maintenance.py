"""Spans of time that open by a rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from heartbeat.schedule import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2026, 11, 2, 2, tzinfo=UTC)
HOUR = 3600 * 10**9
START_NS = int(START.timestamp()) * 10**9


class Days:
    """Every day at the same time, counting how often it is walked over."""

    def __init__(self, count: int = 100) -> None:
        """End after `count` days."""
        self.count = count
        self.walks = 0

    def __iter__(self) -> Iterator[datetime]:
        self.walks += 1
        return (START + timedelta(days=n) for n in range(self.count))


def test_is_looked_up_once_for_each_span() -> None:
    """While nothing changes the rule is not asked again."""
    days = Days()
    window = Window(days, 3600.0)
    for minute in range(60):
        window.is_open(START_NS + minute * HOUR // 60)

    assert days.walks == 1


def test_clock_set_back_is_looked_up_again() -> None:
    """An answer holds for its span only, in both directions."""
    window = Window(Days(), 3600.0)

    assert not window.is_open(START_NS + 2 * HOUR)
    assert window.is_open(START_NS)
    assert not window.is_open(START_NS - 1)


def test_open_through_when_longer_than_its_period() -> None:
    """Windows that overlap leave no gap."""
    window = Window(Days(), 25 * 3600.0)

    assert all(window.is_open(START_NS + n * HOUR) for n in range(100))


def test_closed_after_the_last() -> None:
    """A rule that has ended opens no more."""
    window = Window(Days(2), 3600.0)

    assert window.is_open(START_NS + 24 * HOUR)
    assert not window.is_open(START_NS + 48 * HOUR)


def test_only_so_many_count() -> None:
    """The count of a rule is taken from its begin."""
    window = Window(Days(), 3600.0, count=1)

    assert not window.is_open(START_NS + 24 * HOUR)


@given(
    st.lists(st.integers(-50 * HOUR, 2500 * HOUR), min_size=1, max_size=30),
    st.integers(1, 30),
)
def test_as_if_looked_up_every_time(moments: list[int], hours: int) -> None:
    """What is kept between two questions never shows."""
    kept = Window(Days(), hours * 3600.0)

    for moment in moments:
        fresh = Window(Days(), hours * 3600.0)
        assert kept.is_open(START_NS + moment) == fresh.is_open(START_NS + moment)

"""Intervals, the grid of ticks and Go durations."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.errors import ConfigError
from heartbeat.schedule import (
    NEVER,
    Every,
    Grid,
    Shifted,
    parse,
    parse_duration,
    phase,
)

SECOND = 1_000_000_000
NOW = 1_795_381_246_102_107_475


@pytest.mark.parametrize(
    "text", ["@every 10s", "@every10s", "@every   10s ", "@every +10s"]
)
def test_every(text: str) -> None:
    """An interval is counted from the moment asked about."""
    schedule = parse(text)

    assert schedule.interval == 10.0
    assert schedule.next_after(NOW) == NOW + 10 * SECOND


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@every 0s", "the interval of '@every 0s' must be positive"),
        ("@every -5s", "the interval of '@every -5s' must be positive"),
        ("@every 999us", "the interval of '@every 999us' is shorter than 1ms"),
        ("@every 5", "invalid duration '5'"),
        ("@every", "invalid duration ''"),
        ("@every 1d", "invalid duration '1d'"),
    ],
)
def test_every_refused(text: str, message: str) -> None:
    """An interval that would be a busy loop, or none at all, is refused."""
    with pytest.raises(ConfigError) as caught:
        parse(text)

    assert str(caught.value) == message


def test_shortest_interval() -> None:
    """A millisecond is still an interval."""
    assert parse("@every 1ms").interval == 0.001


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("1ns", 1),
        ("1us", 1_000),
        ("1µs", 1_000),
        ("1\u03bcs", 1_000),
        ("1.5s", 1_500_000_000),
        (".5s", 500_000_000),
        ("1.s", SECOND),
        ("1h5m", 3_900 * SECOND),
        ("-1m0.5s", -60_500_000_000),
        ("2562047h47m16.854775807s", 2**63 - 1),
    ],
)
def test_duration(text: str, expected: int) -> None:
    """Durations are read as in Go, to the nanosecond."""
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", "s", "1", "1.1.1s", "1 s", "1S", "--1s", "2562048h", "1e3s", "\u0661s"]
)
def test_duration_refused(text: str) -> None:
    """What Go refuses is refused."""
    with pytest.raises(ConfigError):
        parse_duration(text)


@given(st.integers(1, 10**15), st.integers(0, 10**15), st.integers(0, 2**62))
def test_grid(interval_ns: int, phase_ns: int, now_ns: int) -> None:
    """The next tick is the first one ahead, and it lies on the grid."""
    tick = Grid(phase_ns, interval_ns).next_after(now_ns)

    assert now_ns < tick <= now_ns + interval_ns
    assert (tick - phase_ns) % interval_ns == 0


@given(st.integers(1, 10**12), st.integers(0, 10**13))
def test_grid_collapses(interval_ns: int, passed_ns: int) -> None:
    """The last tick up to now stands for those before it."""
    tick, skipped = Grid(0, interval_ns).collapse(NOW, NOW + passed_ns)

    assert tick == NOW + skipped * interval_ns
    assert tick <= NOW + passed_ns < tick + interval_ns


def test_ticks_of_an_interval() -> None:
    """An interval becomes a grid with the phase given."""
    assert Every(10).ticks(13) == Grid(3, 10)


def test_phase_is_stable() -> None:
    """Every process gives a monitor the same place in its interval."""
    assert phase("web", 60 * SECOND) == 7_700_000_000


def test_phases_fall_together() -> None:
    """A process need not wake more than 20 times a second to be on time."""
    phases = {phase(f"monitor-{n}", SECOND) for n in range(1000)}

    assert phases == set(range(0, SECOND, SECOND // 20))


def test_phases_are_spread() -> None:
    """The monitors of an interval share it out evenly."""
    tenths = [phase(f"monitor-{n}", 10) for n in range(1000)]

    assert all(60 < tenths.count(tenth) < 140 for tenth in range(10))


class TestShifted:
    """Times of day with a fixed delay."""

    HOURLY = parse("0 * * * *", UTC)
    SHIFTED = Shifted(HOURLY, 90 * 10**9)
    HOUR = 1_790_002_800 * 10**9

    def test_every_moment_is_later(self) -> None:
        """By the same span."""
        assert self.SHIFTED.next_after(self.HOUR) == self.HOUR + 90 * 10**9

    def test_moment_itself_is_not_after_it(self) -> None:
        """As with every schedule."""
        moment = self.HOUR + 90 * 10**9

        assert self.SHIFTED.next_after(moment) == moment + 3600 * 10**9

    def test_end_stays_the_end(self) -> None:
        """What is never due again is not due a bit later than never."""
        schedule = Shifted(parse("0 0 1 1 * 2027", UTC), 10**9)

        assert schedule.next_after(1_900_000_000 * 10**9) == NEVER

    def test_collapses_as_the_schedule_does(self) -> None:
        """Ticks that passed become the last of them."""
        due = self.HOUR + 90 * 10**9
        hours = 3600 * 10**9

        assert self.SHIFTED.collapse(due, due + 2 * hours + 1) == (due + 2 * hours, 2)

    def test_is_not_spread_further(self) -> None:
        """It has no phase beside its shift, and no interval."""
        assert self.SHIFTED.ticks(5) is self.SHIFTED
        assert self.SHIFTED.interval is None

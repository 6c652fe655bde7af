"""The figures of a ping and their limits."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.monitors.icmp.figures import (
    Echoes,
    Limits,
    jitter,
    mean_deviation,
    milliseconds,
)

TIMES = st.lists(st.floats(0, 20), min_size=1, max_size=50)


@given(times=TIMES)
def test_the_deviation_is_the_standard_one(times: list[float]) -> None:
    """It is what the statistics module computes, whatever the times."""
    assert mean_deviation(times) == pytest.approx(statistics.pstdev(times), abs=1e-6)


@given(times=TIMES)
def test_the_average_is_between_the_extremes(times: list[float]) -> None:
    """But for what adding up costs in precision."""
    average = Echoes(len(times), times).average

    assert min(times) - 1e-9 <= average <= max(times) + 1e-9


def test_jitter_depends_on_the_order() -> None:
    """It is about neighbours, where the deviation is about all."""
    assert jitter([0.1, 0.2, 0.3]) == pytest.approx(0.1)
    assert jitter([0.1, 0.3, 0.2]) == pytest.approx(0.15)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(), ""),
        (Limits(loss=33.4, rtt=0.2), ""),
        (
            Limits(loss=33),
            "packet loss of 33.33% (1 of 3) exceeds max_loss of 33%",
        ),
        (
            Limits(rtt=0.199),
            "average round trip of 200ms exceeds max_rtt of 199ms",
        ),
    ],
)
def test_only_what_is_exceeded_is_a_fault(limits: Limits, expected: str) -> None:
    """A figure may be as high as its limit."""
    assert limits.fault(Echoes(3, [0.1, 0.3])) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.0001234, "0.123ms"), (2.5, "2500ms")]
)
def test_durations_in_errors_are_milliseconds(seconds: float, expected: str) -> None:
    """To a thousandth, without trailing zeros."""
    assert milliseconds(seconds) == expected

"""The histogram of delays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from heartbeat.scheduler.delays import LARGEST_US, Delays, Quantiles, quantiles_of

MILLISECOND = 1_000_000


def of(*delays_ns: int) -> Delays:
    """Return what has noted some delays."""
    delays = Delays(0.0)
    for delay_ns in delays_ns:
        delays.add(delay_ns)
    return delays


class TestQuantiles:
    """What is read off."""

    def test_nothing_noted(self) -> None:
        """Without delays all figures are zero."""
        assert quantiles_of([of()]) == quantiles_of([]) == Quantiles(0, 0, 0)

    def test_most_are_punctual(self) -> None:
        """One late run in a hundred shows in the maximum alone."""
        delays = of(*[0] * 99, 70 * MILLISECOND)

        assert quantiles_of([delays]) == Quantiles(0, 0, 70_000)

    def test_two_in_a_hundred(self) -> None:
        """The 99 % are between the two: an eighth off at most, never above the max."""
        delays = of(*[MILLISECOND] * 98, *[70 * MILLISECOND] * 2)
        quantiles = quantiles_of([delays])

        assert (quantiles.p99_us, quantiles.max_us) == (70_000, 70_000)
        assert 1000 <= quantiles.p50_us <= 1125

    def test_kinds_are_counted_together(self) -> None:
        """Every delay counts the same, whatever its kind."""
        punctual, late = of(0, 0, 0), of(MILLISECOND)

        assert quantiles_of([punctual, late]) == Quantiles(0, 1000, 1000)

    @given(st.integers(min_value=0, max_value=2 * LARGEST_US * 1000))
    def test_no_delay_is_understated(self, delay_ns: int) -> None:
        """A bucket stands for its longest delay, at most an eighth above the real."""
        real = min(delay_ns // 1000, LARGEST_US)
        shown = quantiles_of([of(delay_ns, 2 * LARGEST_US * 1000)]).p50_us

        assert real <= shown <= real * 9 / 8


class TestAge:
    """What is forgotten."""

    def test_the_half_minute_before_still_counts(self) -> None:
        """Delays are kept for half a minute at least."""
        delays = of(MILLISECOND)
        delays.age(30.0)
        delays.age(59.0)

        assert quantiles_of([delays]).max_us == 1000

    def test_after_a_minute_it_is_over(self) -> None:
        """A peak of long ago is not the present."""
        delays = of(MILLISECOND)
        delays.age(30.0)
        delays.age(60.0)

        assert quantiles_of([delays]) == Quantiles(0, 0, 0)

    def test_a_long_break_forgets_at_once(self) -> None:
        """Nobody asked for a minute: nothing of before is kept."""
        delays = of(MILLISECOND)
        delays.age(60.0)

        assert quantiles_of([delays]) == Quantiles(0, 0, 0)

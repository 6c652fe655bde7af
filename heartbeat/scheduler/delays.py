"""How late things were within the last minute, as a histogram.

Owns the buckets and what is read off them. Must not know what was late. Noting a delay
allocates nothing: one is noted with every run.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from operator import add
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

HALF_SECONDS = 30.0
"""Delays are forgotten after one to two of these."""

LARGEST_US = 2**40 - 1
"""Longer delays (12 days) count as this."""

_STEPS = 8
"""Buckets for each doubling: a quantile is at most an eighth too high."""

_BUCKETS = 304


@dataclass(frozen=True, slots=True)
class Quantiles:
    """What half, 99 % and all of some delays did not exceed, in microseconds."""

    p50_us: int = 0
    p99_us: int = 0
    max_us: int = 0


class Delays:
    """The delays of one kind: those of this half minute and of the one before."""

    __slots__ = ("_began", "_earlier", "_earlier_max", "_max", "_recent")

    def __init__(self, now: float) -> None:
        """Begin empty at a monotonic moment."""
        self._began = now
        self._recent = [0] * _BUCKETS
        self._earlier = [0] * _BUCKETS
        self._max = self._earlier_max = 0

    def add(self, delay_ns: int) -> None:
        """Note a delay that is not negative."""
        delay_us = min(delay_ns // 1000, LARGEST_US)
        self._recent[_bucket(delay_us)] += 1
        self._max = max(self._max, delay_us)

    def age(self, now: float) -> None:
        """Forget what is too old; to be called every now and then."""
        passed = now - self._began
        if passed < HALF_SECONDS:
            return
        is_gone = passed >= 2 * HALF_SECONDS
        self._earlier = [0] * _BUCKETS if is_gone else self._recent
        self._earlier_max = 0 if is_gone else self._max
        self._recent = [0] * _BUCKETS
        self._max = 0
        self._began = now

    @property
    def counts(self) -> Sequence[int]:
        """Return how many delays there are in each bucket."""
        return list(map(add, self._recent, self._earlier))

    @property
    def longest_us(self) -> int:
        """Return the longest delay, 0 if there is none."""
        return max(self._max, self._earlier_max)


def quantiles_of(kinds: Collection[Delays]) -> Quantiles:
    """Return the quantiles of all kinds together, zeros if there is nothing."""
    counts = [sum(bucket) for bucket in zip(*(k.counts for k in kinds), strict=True)]
    longest = max((kind.longest_us for kind in kinds), default=0)
    return Quantiles(
        p50_us=min(_quantile(counts, 50), longest),
        p99_us=min(_quantile(counts, 99), longest),
        max_us=longest,
    )


def _bucket(delay_us: int) -> int:
    """Return the bucket: one for each value at first, then eight for each doubling."""
    shift = delay_us.bit_length() - 4
    return delay_us if shift <= 0 else shift * _STEPS + (delay_us >> shift)


def _highest(bucket: int) -> int:
    """Return the longest delay that belongs to a bucket."""
    shift = max(bucket // _STEPS - 1, 0)
    return ((bucket - shift * _STEPS + 1) << shift) - 1


def _quantile(counts: Sequence[int], percent: int) -> int:
    """Return the delay that `percent` of all do not exceed."""
    wanted = -(-sum(counts) * percent // 100)
    reached = accumulate(counts)
    return next(
        (_highest(b) for b, passed in enumerate(reached) if passed >= wanted), 0
    )

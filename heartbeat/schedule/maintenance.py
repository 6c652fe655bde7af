"""Spans of time in which a monitor is not checked, repeated by a rule.

Owns whether such a span is open. Must not know how a rule is written or who asks.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from heartbeat.schedule.ticks import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable

_SECOND_NS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Window:
    """A span that opens at given moments, in ascending order, and stays open a while.

    Looking a moment up costs a walk over all that are past, so the answer is kept for
    as long as it holds.
    """

    __slots__ = ("_begins", "_count", "_duration_ns", "_from_ns", "_is_open", "_to_ns")

    def __init__(
        self, begins: Iterable[datetime], duration: float, count: int | None = None
    ) -> None:
        """Take the moments, aware of their zone, of which only `count` are used."""
        self._begins = begins
        self._count = count
        self._duration_ns = round(duration * _SECOND_NS)
        self._from_ns = self._to_ns = 0
        self._is_open = False

    def is_open(self, now_ns: int) -> bool:
        """Return whether it is open now, given in nanoseconds since the epoch."""
        if not self._from_ns <= now_ns < self._to_ns:
            self._look_up(now_ns)
        return self._is_open

    def _look_up(self, now_ns: int) -> None:
        last_ns, next_ns = -NEVER, NEVER
        for moment in islice(self._begins, self._count):
            moment_ns = (moment - _EPOCH) // _MICROSECOND * 1000
            if moment_ns > now_ns:
                next_ns = moment_ns
                break
            last_ns = moment_ns
        end_ns = last_ns + self._duration_ns
        self._is_open = end_ns > now_ns
        self._from_ns = last_ns if self._is_open else min(end_ns, now_ns)
        self._to_ns = min(end_ns, next_ns) if self._is_open else next_ns

"""Log lines that say the same over and over: once a minute, with a count.

Owns what counts as the same and the counting. Must not know where lines go or how they
look. Parts that know what repeats count by themselves, by means of `announce`; this is
for all that nobody thought of.
"""

from __future__ import annotations

import copy
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, TypeAlias

from heartbeat.announce import INTERVAL

if TYPE_CHECKING:
    from heartbeat.clock import Clock

MAX_KNOWN = 500
"""Different lines that are remembered; the oldest is forgotten for a new one."""

Key: TypeAlias = tuple[str, int, str]


class RepeatLimit(logging.Handler):
    """Hands warnings and errors on, equal ones once a minute.

    Equal are those of the same logger, level and text. What came in between is counted,
    and told when the minute is over and something else is logged, or at the end. Lines
    below a warning are let through: whoever follows details wants them all.
    """

    def __init__(self, target: logging.Handler, clock: Clock) -> None:
        """Hand on to `target`."""
        super().__init__()
        self._target = target
        self._clock = clock
        self._known: OrderedDict[Key, _Line] = OrderedDict()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a line on or count it, and tell what was counted long enough."""
        now = self._clock.monotonic()
        self._tell_older(now - INTERVAL)
        if record.levelno < logging.WARNING:
            self._target.handle(record)
            return
        key = (record.name, record.levelno, record.getMessage())
        known = self._known.get(key)
        if known is not None:
            known.count += 1
            known.last = record
            return
        self._known[key] = _Line(now)
        if len(self._known) > MAX_KNOWN:
            self._forget_oldest()
        self._target.handle(record)

    def flush(self) -> None:
        """Have the target write what it holds."""
        self._target.flush()

    def close(self) -> None:
        """Tell what was counted; then nothing more is."""
        while self._known:
            self._forget_oldest()
        self._target.close()
        super().close()

    def _tell_older(self, moment: float) -> None:
        while self._known:
            line = next(iter(self._known.values()))
            if line.since > moment:
                return
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, line = self._known.popitem(last=False)
        if line.last is not None:
            self._target.handle(_counted(line.last, line.count))


class _Line:
    """How often a line came again since it was told, and the last time it did."""

    __slots__ = ("count", "last", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        self.count = 0
        self.last: logging.LogRecord | None = None


def _counted(record: logging.LogRecord, count: int) -> logging.LogRecord:
    counted = copy.copy(record)
    times = "once more" if count == 1 else f"{count} more times"
    counted.msg = f"{record.getMessage()} ({times} within a minute)"
    counted.args = None
    return counted

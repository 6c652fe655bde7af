"""A line in the log every half minute: what has changed, and how things stand.

Owns the lines, in the reference's form, and which figures are counted up: of those the
change is told, of all others the present value. Must not know what the figures mean.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from heartbeat.clock import Clock

log = logging.getLogger("heartbeat.monitoring")

Figures: TypeAlias = "Mapping[tuple[str, ...], int | float]"
"""Numbers by the path to them."""

_GAUGE = re.compile(
    r"beat\.(memstats|handles|info|runtime)\..+|system\..+"
    r"|.+\.(active|clients|waiting|running|pending|p50\.us|p99\.us|max\.us)"
    r"|.+\.filled\..+"
)


class MetricsLog:
    """Tells the figures of a process to its log."""

    def __init__(
        self, figures: Callable[[], Mapping[str, Any]], clock: Clock, period: float
    ) -> None:
        """Take a function that returns nested figures, and the seconds in between."""
        self._figures = figures
        self._clock = clock
        self._period = period

    async def run(self) -> None:
        """Log until cancelled; then log the totals."""
        began = due = self._clock.monotonic()
        before = self._read()
        try:
            while True:
                due += self._period
                await self._clock.sleep_until(due)
                now = self._read()
                self._tell(_changes(before, now))
                before = now
        finally:
            log.info("Total metrics", extra=_extra(self._read()))
            log.info("Uptime: %.3fs", self._clock.monotonic() - began)
            log.info("Stopping metrics logging.")

    def _read(self) -> Figures:
        return dict(_numbers(self._figures(), ()))

    def _tell(self, changes: Figures) -> None:
        if changes:
            form = "Non-zero metrics in the last %gs"
        else:
            form = "No non-zero metrics in the last %gs"
        log.info(form, self._period, extra=_extra(changes))


def _numbers(
    figures: Mapping[str, Any], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], int | float]]:
    """Yield the numbers with their paths; words and switches are no metrics."""
    for name, value in figures.items():
        path = (*above, name)
        if isinstance(value, dict):
            yield from _numbers(cast("Mapping[str, Any]", value), path)
        elif type(value) in {int, float}:
            yield path, value


def _changes(before: Figures, now: Figures) -> Figures:
    """Return gauges as they are and counters by how much they grew, without zeros."""
    told = {
        path: value if _GAUGE.fullmatch(".".join(path)) else value - before.get(path, 0)
        for path, value in now.items()
    }
    return {path: value for path, value in told.items() if value}


def _extra(figures: Figures) -> dict[str, Any]:
    """Return the figures nested again, as members of a log line."""
    metrics: dict[str, Any] = {}
    for path, value in figures.items():
        place = metrics
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value
    return {"monitoring": {"metrics": metrics, "ecs.version": "1.6.0"}}

"""When a monitor is due: intervals, cron expressions and the grid of ticks.

Owns the two notations and the arithmetic of time on them, in whole nanoseconds since
the epoch. Must not know the monitors or the scheduler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.clock import SystemClock
from heartbeat.errors import ConfigError
from heartbeat.schedule.cron import Cron
from heartbeat.schedule.duration import parse_duration
from heartbeat.schedule.fields import parse_fields
from heartbeat.schedule.maintenance import Window
from heartbeat.schedule.ticks import (
    NEVER,
    Every,
    Grid,
    Pause,
    Schedule,
    Shifted,
    Tick,
    Ticks,
    phase,
)

if TYPE_CHECKING:
    from datetime import tzinfo

__all__ = [
    "NEVER",
    "Cron",
    "Every",
    "Grid",
    "Pause",
    "Schedule",
    "Shifted",
    "Tick",
    "Ticks",
    "Window",
    "parse",
    "parse_duration",
    "phase",
]

SHORTEST_NS = 1_000_000
"""No interval is shorter: below a millisecond a schedule is only a busy loop."""

_EVERY = "@every"


def parse(
    text: str, zone: tzinfo | None = None, *, now_ns: int | None = None
) -> Schedule:
    """Return the schedule of `@every <duration>` or of a cron expression.

    Cron is read in `zone`, None being the zone of the process. Raises `ConfigError` for
    what cannot be read and for what will never be due after `now_ns`, the present
    unless given.
    """
    if text.startswith(_EVERY):
        return _every(text.removeprefix(_EVERY).strip())
    cron = Cron(parse_fields(text), zone)
    if cron.next_after(SystemClock().now() if now_ns is None else now_ns) == NEVER:
        raise ConfigError(f"the schedule '{text}' is never due again")
    return cron


def _every(text: str) -> Every:
    interval_ns = parse_duration(text)
    if interval_ns <= 0:
        raise ConfigError(f"the interval of '@every {text}' must be positive")
    if interval_ns < SHORTEST_NS:
        raise ConfigError(f"the interval of '@every {text}' is shorter than 1ms")
    return Every(interval_ns)

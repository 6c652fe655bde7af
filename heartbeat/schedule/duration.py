"""Durations in the syntax of Go, exact to the nanosecond.

Owns that syntax. Must not know what a duration is used for.
"""

from __future__ import annotations

import re
from fractions import Fraction

from heartbeat.errors import ConfigError

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,  # micro sign
    "μs": 1_000,  # Greek letter mu, which Go reads too
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_LONGEST = 2**63 - 1
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_WHOLE = re.compile(rf"[+-]?(?:0|(?:{_PART.pattern})+)", re.ASCII)


def parse_duration(text: str) -> int:
    """Return a duration such as `1h5m` or `-1.5s` in nanoseconds.

    Raises `ConfigError` for anything that Go does not read: no unit, an unknown unit,
    white space, more than 292 years.
    """
    if not _WHOLE.fullmatch(text):
        raise ConfigError(f"invalid duration '{text}'")
    total = sum(
        int(Fraction(number) * _UNITS[unit]) for number, unit in _PART.findall(text)
    )
    if total > _LONGEST:
        raise ConfigError(f"invalid duration '{text}'")
    return -total if text.startswith("-") else total

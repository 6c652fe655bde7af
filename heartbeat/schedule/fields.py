"""The fields of a cron expression, as sets of the values they admit.

Owns the notation: five to seven fields, names, ranges, steps, `L`, `W` and `#`. Must
not know the calendar or a time zone; `heartbeat.schedule.cron` applies the fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from heartbeat.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

_MACROS = {
    "@yearly": "0 0 0 1 1 * *",
    "@annually": "0 0 0 1 1 * *",
    "@monthly": "0 0 0 1 * * *",
    "@weekly": "0 0 0 * * 0 *",
    "@daily": "0 0 0 * * * *",
    "@hourly": "0 0 * * * * *",
}
_FEWEST = 5
_ALL = 7

# fmt: off
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august",
    "september", "october", "november", "december",
)
_WEEKDAYS = (
    "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
)
# fmt: on


def _names(words: Iterable[str], first: int) -> dict[str, int]:
    """Return the number of every name, in full and by its first three letters."""
    numbered = list(enumerate(words, first))
    return {name: n for n, word in numbered for name in (word[:3], word)}


@dataclass(frozen=True, slots=True)
class _Range:
    """The values one field may have; reversed ranges wrap around where it is cyclic.

    `highest` is the highest number that may be written: 7 is one more name of Sunday.
    """

    title: str
    low: int
    high: int
    names: dict[str, int]
    highest: int
    cyclic: bool = True

    def number(self, text: str) -> int | None:
        """Return the value a text stands for, None where it is none of this field."""
        if text in self.names:
            return self.names[text]
        if not re.fullmatch(r"\d{1,4}", text, re.ASCII):
            return None
        value = int(text)
        return value if self.low <= value <= self.highest else None

    def span(self, first: int, last: int) -> list[int] | None:
        """Return the values of a range in its order, None if it runs backwards."""
        if first <= last:
            return list(range(first, last + 1))
        if not self.cyclic:
            return None
        return [*range(first, self.high + 1), *range(self.low, last + 1)]


_SECOND = _Range("second", 0, 59, {}, 59)
_MINUTE = _Range("minute", 0, 59, {}, 59)
_HOUR = _Range("hour", 0, 23, {}, 23)
_DAY = _Range("day-of-month", 1, 31, {}, 31)
_MONTH = _Range("month", 1, 12, _names(_MONTHS, 1), 12)
_WEEKDAY = _Range("day-of-week", 0, 6, _names(_WEEKDAYS, 0), 7)
_YEAR = _Range("year", 1970, 2099, {}, 2099, cyclic=False)


@dataclass(frozen=True, slots=True)
class MonthDays:
    """What the day-of-month field admits; None as `days` is any day."""

    days: frozenset[int] | None
    nearest: frozenset[int] = frozenset()
    last: bool = False
    last_weekday: bool = False


@dataclass(frozen=True, slots=True)
class WeekDays:
    """What the day-of-week field admits, Sunday being 0; None as `days` is any day.

    `nth` holds pairs of weekday and its number in the month from 1.
    """

    days: frozenset[int] | None
    nth: frozenset[tuple[int, int]] = frozenset()
    last: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Fields:
    """A cron expression; the tuples ascend and are never empty."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    month_days: MonthDays
    months: tuple[int, ...]
    week_days: WeekDays
    years: tuple[int, ...]


def parse_fields(text: str) -> Fields:
    """Return the fields of a cron expression.

    Five fields start with the minute, six add the year, seven start with the second;
    more than seven are ignored, as in the reference. Raises `ConfigError`.
    """
    text = text.strip()
    parts = _MACROS.get(text, text).lower().split()[:_ALL]
    if len(parts) < _FEWEST:
        raise ConfigError("missing field(s)")
    if len(parts) < _ALL:
        parts.insert(0, "0")
    if len(parts) < _ALL:
        parts.append("*")
    second, minute, hour, day, month, weekday, year = parts
    return Fields(
        seconds=_plain(second, _SECOND),
        minutes=_plain(minute, _MINUTE),
        hours=_plain(hour, _HOUR),
        month_days=_month_days(day),
        months=_plain(month, _MONTH),
        week_days=_week_days(weekday),
        years=_plain(year, _YEAR),
    )


def _plain(text: str, field: _Range) -> tuple[int, ...]:
    values: set[int] = set()
    for entry in _entries(text, field):
        values.update(_values(entry, field))
    return tuple(sorted(values))


def _month_days(text: str) -> MonthDays:
    days: set[int] = set()
    nearest: set[int] = set()
    entries = _entries(text, _DAY)
    for entry in entries:
        if entry.endswith("w") and (day := _DAY.number(entry[:-1])) is not None:
            nearest.add(day)
        elif entry not in ("l", "lw"):
            days.update(_values(entry, _DAY))
    return MonthDays(
        None if _is_any(entries) else frozenset(days),
        frozenset(nearest),
        last="l" in entries,
        last_weekday="lw" in entries,
    )


def _week_days(text: str) -> WeekDays:
    days: set[int] = set()
    nth: set[tuple[int, int]] = set()
    last: set[int] = set()
    entries = _entries(text, _WEEKDAY)
    for entry in entries:
        name, mark, number = entry.partition("#")
        if mark and number in tuple("12345"):
            nth.add((_weekday(name, entry), int(number)))
        elif entry.endswith("l") and _WEEKDAY.number(entry[:-1]) is not None:
            last.add(_weekday(entry[:-1], entry))
        else:
            days.update(value % 7 for value in _values(entry, _WEEKDAY))
    return WeekDays(
        None if _is_any(entries) else frozenset(days), frozenset(nth), frozenset(last)
    )


def _weekday(text: str, entry: str) -> int:
    return _required(_WEEKDAY.number(text), entry, _WEEKDAY) % 7


def _entries(text: str, field: _Range) -> list[str]:
    entries = [entry for entry in text.split(",") if entry]
    if not entries:
        raise ConfigError(f"{field.title} field: missing directive")
    return entries


def _is_any(entries: Iterable[str]) -> bool:
    return any(entry in ("*", "?") for entry in entries)


def _values(entry: str, field: _Range) -> list[int]:
    """Return what one of `*`, `a`, `a-b`, `*/n`, `a/n` and `a-b/n` admits."""
    body, slash, step = entry.partition("/")
    values = _span(body, entry, field, is_open=bool(slash))
    return values[:: _step(step, entry, field)] if slash else values


def _span(body: str, entry: str, field: _Range, *, is_open: bool) -> list[int]:
    """Return the values of an entry without its step; `is_open` if a step follows."""
    if body == "*" or (body == "?" and not is_open):
        return list(range(field.low, field.high + 1))
    start, dash, end = body.partition("-")
    first = _required(field.number(start), entry, field)
    if dash:
        last = _required(field.number(end), entry, field)
        return _required(field.span(first, last), entry, field)
    if is_open:
        return list(range(first if first <= field.high else field.low, field.high + 1))
    return [first]


def _step(text: str, entry: str, field: _Range) -> int:
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII):
        raise ConfigError(f"syntax error in {field.title} field: '{entry}'")
    step = int(text)
    if not 1 <= step <= field.high:
        raise ConfigError(f"invalid interval {entry}")
    return step


def _required(value: T | None, entry: str, field: _Range) -> T:
    if value is None:
        raise ConfigError(f"syntax error in {field.title} field: '{entry}'")
    return value

"""Maintenance windows: from what an operator wrote to a rule.

Owns their options and ranges. Must not know monitors or what a window does.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import AfterValidator, Field

from heartbeat.config.types import Count, Duration, Integer, Listed, Options, Text
from heartbeat.schedule import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from dateutil.rrule import weekday

_FREQUENCIES: Final[dict[str, Literal[0, 1, 2, 3]]] = {
    "yearly": 0,
    "monthly": 1,
    "weekly": 2,
    "daily": 3,
}
"""As dateutil numbers them."""

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAY = re.compile(rf"([+-]?[1-9]\d?)?({'|'.join(_WEEKDAYS)})", re.ASCII)

_HORIZON = timedelta(days=50 * 366)
"""So long after its start a rule ends; one that never matches must not be followed to
the end of the calendar."""


def _frequency(text: str) -> str:
    if text.lower() not in _FREQUENCIES:
        raise ValueError(
            f"Invalid frequency {text}: only yearly, monthly, weekly, and daily are"
            " supported"
        )
    return text.lower()


def _start(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(
            f"invalid dtstart: '{text}' is no date and time with a zone, such as"
            " 2026-11-22T21:00:00Z"
        )
    return text


def _weekday(text: str) -> str:
    if not _WEEKDAY.fullmatch(text):
        names = ", ".join(_WEEKDAYS)
        raise ValueError(f"'{text}' is no day of the week, use one of {names}")
    return text


def _nonzero(highest: int) -> Callable[[int], int]:
    """Return a validator of a number counted from the begin, or below zero the end."""

    def check(number: int) -> int:
        if not 1 <= abs(number) <= highest:
            raise ValueError(
                f"{number} is not within 1 to {highest} or -{highest} to -1"
            )
        return number

    return check


MonthDay = Annotated[Integer, AfterValidator(_nonzero(31))]
YearDay = Annotated[Integer, AfterValidator(_nonzero(366))]
Week = Annotated[Integer, AfterValidator(_nonzero(53))]
Month = Annotated[Integer, Field(ge=1, le=12)]
Hour = Annotated[Integer, Field(ge=0, le=23)]
Sixtieth = Annotated[Integer, Field(ge=0, le=59)]
Days = Annotated[Integer, Field(ge=-366, le=366)]
Weekday = Annotated[Text, AfterValidator(_weekday)]


class WindowOptions(Options):
    """`maintenance_windows[]`: a recurrence rule of RFC 5545, in UTC, and a length."""

    freq: Annotated[Text, AfterValidator(_frequency)] = Field(
        description="yearly, monthly, weekly or daily."
    )
    dtstart: Annotated[Text, AfterValidator(_start)] = Field(
        description="First begin, as 2026-11-22T21:00:00Z."
    )
    duration: Duration = Field(gt=0, description="How long it lasts each time.")
    interval: Count = Field(default=1, description="Every how many years, months, …")
    count: Count = Field(default=0, description="How many times at most; 0 for any.")
    bysetpos: Listed[YearDay] = Field(default=(), description="Which of the matches.")
    bymonth: Listed[Month] = Field(default=(), description="Months, 1 to 12.")
    bymonthday: Listed[MonthDay] = Field(
        default=(), description="Days of the month; -1 is the last."
    )
    byyearday: Listed[YearDay] = Field(
        default=(), description="Days of the year; -1 is the last."
    )
    byweekno: Listed[Week] = Field(default=(), description="Weeks of the year.")
    byweekday: Listed[Weekday] = Field(
        default=(), description="MO to SU; 1MO is the first Monday, -1MO the last."
    )
    byhour: Listed[Hour] = Field(default=(), description="Hours, 0 to 23.")
    byminute: Listed[Sixtieth] = Field(default=(), description="Minutes.")
    bysecond: Listed[Sixtieth] = Field(default=(), description="Seconds.")
    byeaster: Listed[Days] = Field(default=(), description="Days after Easter Sunday.")
    wkst: Weekday = Field(default="MO", description="First day of the week.")


def window_of(options: WindowOptions) -> Window:
    """Return the window that the options describe, the same one for equal options."""
    return _window(options.model_dump_json())


@lru_cache(maxsize=256)
def _window(text: str) -> Window:
    # Imported here: few have windows, and it would cost all of them at start.
    from dateutil.rrule import rrule  # noqa: PLC0415

    options = WindowOptions.model_validate_json(text)
    start = datetime.fromisoformat(options.dtstart).astimezone(UTC)
    names = [name for name in WindowOptions.model_fields if name.startswith("by")]
    parts = {name: getattr(options, name) or None for name in names}
    parts["byweekday"] = [_day(text) for text in options.byweekday] or None
    rule = rrule(
        _FREQUENCIES[options.freq],
        dtstart=start,
        interval=max(options.interval, 1),
        wkst=_day(options.wkst),
        until=start + _HORIZON,
        **parts,
    )
    return Window(rule, options.duration, options.count or None)


def _day(text: str) -> weekday:
    from dateutil.rrule import weekday  # noqa: PLC0415 - as above

    number = text[:-2]
    return weekday(_WEEKDAYS.index(text[-2:]), int(number) if number else None)

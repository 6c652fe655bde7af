"""The moments a cron expression names, on the calendar of a time zone.

Owns the calendar: ends of months, weekdays, missing and repeated hours. Must not know
how an expression is written; `heartbeat.schedule.fields` reads it.
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING

from heartbeat.schedule.ticks import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from heartbeat.schedule.fields import Fields, MonthDays, WeekDays

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_NANOSECONDS = 1_000_000_000
_HOURS = 24
_SATURDAY, _SUNDAY = 5, 6


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression read in a time zone; None is the zone of the process."""

    fields: Fields
    zone: tzinfo | None = None

    @property
    def interval(self) -> None:
        """Return None: the moments are not evenly spaced."""
        return

    def next_after(self, timestamp_ns: int) -> int:
        """Return the first match after the whole second of the given moment.

        A local time that does not exist is moved forward by what is missing, so the day
        of the change keeps its run. Of a local time that comes twice only the first
        counts, unless the expression admits every hour: such a one means "all the time"
        and goes on through the repeated hour.
        """
        second = timestamp_ns // _NANOSECONDS
        match = self._following(second)
        return NEVER if match is None else match * _NANOSECONDS

    def ticks(self, phase_ns: int) -> Cron:
        """Return itself: what is due at a time of day is not spread."""
        del phase_ns
        return self

    def collapse(self, due_ns: int, now_ns: int) -> tuple[int, int]:
        """Return the last match up to now, and how many from `due_ns` on precede it."""
        skipped = 0
        while (following := self.next_after(due_ns)) <= now_ns:
            due_ns = following
            skipped += 1
        return due_ns, skipped

    def _following(self, second: int) -> int | None:
        local = self._local(second)
        if len(self.fields.hours) == _HOURS and self._is_repeated(local):
            return self._following_in_repeated_hour(local)
        # Just behind a gap, times that it has swallowed may still be ahead.
        gap = local - self._local(second - _DAY // _SECOND) - _DAY
        soonest: int | None = None
        for match in self._matches(local - max(gap, timedelta())):
            instant = self._instant(match)
            if instant > second:
                soonest = min(instant, soonest or instant)
            # Times behind a gap may come before those that were moved out of it.
            if soonest is not None and match >= self._local(soonest):
                break
        return soonest

    def _following_in_repeated_hour(self, local: datetime) -> int | None:
        """Return the next match while the wall clock shows a time that comes twice."""
        match = next(self._matches(local), None)
        if local.fold:
            return None if match is None else self._last_instant(match)
        if match is None or not self._is_repeated(match):
            again = self._start_of_second_pass(local)
            if again is not None:
                return again
        return None if match is None else self._instant(match)

    def _start_of_second_pass(self, local: datetime) -> int | None:
        """Return the first match that comes again once the clock has been set back."""
        length = self._last_instant(local) - self._instant(local)
        earlier = self._matches(local - timedelta(seconds=length))
        seen = takewhile(lambda match: match <= local, earlier)
        repeated = next(filter(self._is_repeated, seen), None)
        return None if repeated is None else self._last_instant(repeated)

    def _local(self, second: int) -> datetime:
        if self.zone is None:
            return datetime.fromtimestamp(second)  # noqa: DTZ006 - the process's zone
        return datetime.fromtimestamp(second, self.zone).replace(tzinfo=None)

    def _instant(self, local: datetime, fold: int = 0) -> int:
        """Return the second of a local time, the first one if it comes twice.

        A time that does not exist is taken with the offset before the change, which
        puts it behind the change.
        """
        return int(local.replace(tzinfo=self.zone, fold=fold).timestamp())

    def _last_instant(self, local: datetime) -> int:
        return max(self._instant(local), self._instant(local, fold=1))

    def _is_repeated(self, local: datetime) -> bool:
        return self._last_instant(local) > self._instant(local)

    def _matches(self, local: datetime) -> Iterator[datetime]:
        """Yield the matches after a local time, on the calendar alone, in order."""
        start = local.replace(fold=0) + _SECOND
        for day in self._days_from(start.date()):
            earliest = start.time() if day == start.date() else time.min
            for moment in self._times_from(earliest):
                yield datetime.combine(day, moment)

    def _days_from(self, first: date) -> Iterator[date]:
        for year in _from(self.fields.years, first.year):
            for month in self.fields.months:
                if (year, month) >= (first.year, first.month):
                    days = _days_of(self.fields, year, month)
                    yield from (day for day in days if day >= first)

    def _times_from(self, earliest: time) -> Iterator[time]:
        for hour in _from(self.fields.hours, earliest.hour):
            is_first = hour == earliest.hour
            for minute in _from(self.fields.minutes, earliest.minute * is_first):
                is_first = is_first and minute == earliest.minute
                for second in _from(self.fields.seconds, earliest.second * is_first):
                    yield time(hour, minute, second)


def _from(values: tuple[int, ...], lowest: int) -> tuple[int, ...]:
    return values[bisect_left(values, lowest) :]


@lru_cache(maxsize=1024)
def _days_of(fields: Fields, year: int, month: int) -> tuple[date, ...]:
    """Return the days of a month that an expression admits.

    As in crontab: if both the day of the month and the day of the week are restricted,
    either of them will do.
    """
    length = monthrange(year, month)[1]
    days = [date(year, month, number) for number in range(1, length + 1)]
    by_month, by_week = fields.month_days, fields.week_days
    if by_month.days is None and by_week.days is None:
        return tuple(days)
    return tuple(
        day
        for day in days
        if (by_month.days is not None and _fits_month(by_month, day, length))
        or (by_week.days is not None and _fits_week(by_week, day, length))
    )


def _fits_month(rule: MonthDays, day: date, length: int) -> bool:
    return (
        day.day in (rule.days or ())
        or (rule.last and day.day == length)
        or (rule.last_weekday and day == _nearest_weekday(day, length, length))
        or any(
            day == _nearest_weekday(day, wanted, length)
            for wanted in rule.nearest
            if wanted <= length
        )
    )


def _fits_week(rule: WeekDays, day: date, length: int) -> bool:
    weekday = day.isoweekday() % 7
    return (
        weekday in (rule.days or ())
        or (weekday, (day.day + 6) // 7) in rule.nth
        or (weekday in rule.last and day.day > length - 7)
    )


def _nearest_weekday(month: date, wanted: int, length: int) -> date:
    """Return the weekday nearest to a day of the month, without leaving the month."""
    day = month.replace(day=wanted)
    if day.weekday() == _SATURDAY:
        return day + timedelta(days=2 if wanted == 1 else -1)
    if day.weekday() == _SUNDAY:
        return day + timedelta(days=-2 if wanted == length else 1)
    return day

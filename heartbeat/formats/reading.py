"""Times read from texts, by layouts that show how a certain moment would be written.

That moment is Monday, 2 January 2006, 15:04:05, seven hours west of Greenwich: Go's way
to write a layout. Owns those layouts and names of time zones. Must not know where a
text comes from.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.tz import tzlocal

from heartbeat.formats.layout import MONTHS, NANOSECOND_DIGITS, SECOND, WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NOON: Final = 12
_CENTURY_TURN: Final = 69
"""Two digits of a year from here on are of the last century."""

_PIECE: Final = re.compile(
    r"January|Jan|Monday|Mon|MST|2006|__2|002|_2(?!006)|0[1-6]|15|PM|pm"
    r"|[-Z]07(?:00(?:00)?|:00(?::00)?)?|[.,](?:0+|9+)(?![0-9])|[1-5]"
)
_FRACTION: Final = re.compile(r"[.,](?:0+|9+)(?![0-9])")
_SHORT_NAME: Final = 3


def _names(names: tuple[str, ...], length: int | None = None) -> str:
    return "|".join(name[:length] for name in names)


_ZONE: Final = r"[+-]\d\d(?::?\d\d(?::?\d\d)?)?"
_PATTERNS: Final[Mapping[str, str]] = {
    "January": f"(?P<month_name>{_names(MONTHS)})",
    "Jan": f"(?P<month_name>{_names(MONTHS, _SHORT_NAME)})",
    "Monday": f"(?:{_names(WEEKDAYS)})",
    "Mon": f"(?:{_names(WEEKDAYS, _SHORT_NAME)})",
    "MST": "(?P<zone_name>[A-Za-z]{3,5})",
    "2006": r"(?P<year>\d{4})",
    "06": r"(?P<short_year>\d\d)",
    "01": r"(?P<month>\d\d)",
    "1": r"(?P<month>\d\d?)",
    "02": r"(?P<day>\d\d)",
    "2": r"(?P<day>\d\d?)",
    "_2": r"[ ]?(?P<day>\d\d?)",
    "002": r"(?P<day_of_year>\d{3})",
    "__2": r"[ ]{0,2}(?P<day_of_year>\d{1,3})",
    "15": r"(?P<hour>\d\d?)",
    "03": r"(?P<hour>\d\d)",
    "3": r"(?P<hour>\d\d?)",
    "04": r"(?P<minute>\d\d)",
    "4": r"(?P<minute>\d\d?)",
    "05": r"(?P<second>\d\d)",
    "5": r"(?P<second>\d\d?)",
    "PM": "(?P<half>AM|PM)",
    "pm": "(?P<half>am|pm)",
}


class TimeLayout:
    """A layout, and the zone of times that name none."""

    def __init__(self, layout: str, zone: tzinfo = UTC) -> None:
        """Read the layout; raises `ValueError` if it asks for one thing twice."""
        self.layout = layout
        self._zone = zone
        try:
            self._pattern = re.compile("".join(_pieces(layout)), re.IGNORECASE)
        except re.error:
            raise ValueError(f"'{layout}' asks for the same thing twice") from None

    def read(self, text: str, year: int) -> int | None:
        """Return the time in nanoseconds since the epoch, None if the form is another.

        `year` is the one of texts that have none. Raises `ValueError` for a time there
        is not, such as 30 February.
        """
        found = self._pattern.fullmatch(text)
        if found is None:
            return None
        parts = found.groupdict()
        moment = _moment(parts, year).replace(tzinfo=_zone(parts) or self._zone)
        span = moment.astimezone(UTC) - _EPOCH
        fraction = (parts.get("fraction") or "").ljust(NANOSECOND_DIGITS, "0")
        seconds = span.days * 86400 + span.seconds
        return seconds * SECOND + int(fraction[:NANOSECOND_DIGITS])


def zone_of(name: str) -> tzinfo:
    """Return the zone of a name, an offset or `Local`; raises `ValueError`."""
    if name in {"", "UTC"}:
        return UTC
    if name == "Local":
        return tzlocal()
    if re.fullmatch(_ZONE, name):
        return _offset(name)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise ValueError(f"unknown time zone {name}") from None


def _pieces(layout: str) -> Iterator[str]:
    """Yield the pattern of each piece of a layout.

    Behind the seconds a fraction may stand that the layout does not show.
    """
    end = 0
    for piece in _PIECE.finditer(layout):
        yield re.escape(layout[end : piece.start()])
        end = piece.end()
        word = piece[0]
        if word[0] in ".,":
            digits = rf"\d{{{len(word) - 1}}}" if word[1] == "0" else r"\d*"
            yield rf"(?:[.,](?P<fraction>{digits}))" + ("?" if word[1] == "9" else "")
        elif word[0] in "-Z":
            yield f"(?P<zone>{'Z|' if word[0] == 'Z' else ''}{_ZONE})"
        else:
            yield _PATTERNS[word]
            if word in {"05", "5"} and not _FRACTION.match(layout, end):
                yield r"(?:[.,](?P<fraction>\d+))?"
    yield re.escape(layout[end:])


def _moment(parts: Mapping[str, str | None], year: int) -> datetime:
    if (short := parts.get("short_year")) is not None:
        year = int(short) + (1900 if int(short) >= _CENTURY_TURN else 2000)
    year = int(parts.get("year") or year)
    moment = datetime(  # noqa: DTZ001 - the zone comes later
        year,
        _month(parts),
        int(parts.get("day") or 1),
        _hour(parts),
        int(parts.get("minute") or 0),
        int(parts.get("second") or 0),
    )
    if (day := parts.get("day_of_year")) is not None:
        moment = moment.replace(month=1, day=1) + timedelta(days=int(day) - 1)
    return moment


def _month(parts: Mapping[str, str | None]) -> int:
    name = parts.get("month_name")
    if name is None:
        return int(parts.get("month") or 1)
    short = name[:_SHORT_NAME].capitalize()
    return [month[:_SHORT_NAME] for month in MONTHS].index(short) + 1


def _hour(parts: Mapping[str, str | None]) -> int:
    hour = int(parts.get("hour") or 0)
    match (parts.get("half") or "").upper():
        case "PM":
            return hour % _NOON + _NOON
        case "AM":
            return hour % _NOON
        case _:
            return hour


def _zone(parts: Mapping[str, str | None]) -> tzinfo | None:
    """Return the zone a text names; of names only those that mean one thing."""
    if (offset := parts.get("zone")) is not None:
        return UTC if offset in {"Z", "z"} else _offset(offset)
    return UTC if parts.get("zone_name") in {"UTC", "GMT"} else None


def _offset(text: str) -> timezone:
    digits = text[1:].replace(":", "").ljust(6, "0")
    hours, minutes, seconds = (int(digits[i : i + 2]) for i in (0, 2, 4))
    span = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return timezone(-span if text[0] == "-" else span)

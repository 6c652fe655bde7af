"""Layouts of times: `yyyy.MM.dd`, as the reference's documentation has them.

Owns the letters and what each of them prints; everything is English and in UTC. Must
not know where a layout is written or what the text is for.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Moment: TypeAlias = time.struct_time
Part: TypeAlias = "str | Callable[[Moment, int], str]"
"""Fixed text, or what a moment and its nanoseconds beyond the second print."""

SECOND = 1_000_000_000
LONG, SHORT = 4, 3
"""How many letters ask for a name, and for a short one."""

NANOSECOND_DIGITS = 9
GROUP = 3
"""Fractions of seconds are cut in groups of so many digits."""

WEEKDAYS = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

_PIECE = re.compile(
    r"(?P<run>(?P<letter>[A-Za-z])(?P=letter)*)|'(?P<quoted>[^']*)'|(?P<plain>.)",
    re.DOTALL,
)

NUMBERS: Mapping[str, Callable[[Moment], int]] = {
    "y": lambda moment: moment.tm_year,
    "Y": lambda moment: moment.tm_year,
    "x": lambda moment: int(time.strftime("%G", moment)),
    "w": lambda moment: int(time.strftime("%V", moment)),
    "e": lambda moment: (moment.tm_wday + 1) % 7,
    "D": lambda moment: moment.tm_yday,
    "M": lambda moment: moment.tm_mon,
    "d": lambda moment: moment.tm_mday,
    "K": lambda moment: moment.tm_hour % 12,
    "h": lambda moment: moment.tm_hour % 12 or 12,
    "H": lambda moment: moment.tm_hour,
    "k": lambda moment: moment.tm_hour or 24,
    "m": lambda moment: moment.tm_min,
    "s": lambda moment: moment.tm_sec,
}
"""Letters that print a number, with as many digits as there are letters at least."""

YEARS = frozenset("yYx")
"""Of those, the ones that two letters cut to two digits."""


class Layout:
    """Prints times in one way."""

    __slots__ = ("_has_fraction", "_last", "_parts")

    def __init__(self, text: str) -> None:
        """Read the letters; raises `ValueError` for those without a meaning."""
        self._parts = tuple(_parts(text))
        self._has_fraction = any(run[0] in "Sfn" for run in _runs(text))
        self._last = (-1, "")

    def __call__(self, timestamp: int) -> str:
        """Return the text for nanoseconds since the epoch."""
        second, fraction = divmod(timestamp, SECOND)
        # Neighbouring events mostly share a second.
        known, text = self._last
        if known != second or self._has_fraction:
            moment = time.gmtime(second)
            text = "".join(
                part if isinstance(part, str) else part(moment, fraction)
                for part in self._parts
            )
            self._last = (second, text)
        return text


def _runs(text: str) -> Iterator[str]:
    return (piece["run"] for piece in _PIECE.finditer(text) if piece["run"])


def _parts(text: str) -> Iterator[Part]:
    for piece in _PIECE.finditer(text):
        if piece["run"]:
            yield _meaning(piece["letter"], len(piece["run"]))
        elif piece["quoted"] is not None:
            yield piece["quoted"] or "'"
        else:
            yield piece["plain"]


def _meaning(letter: str, width: int) -> Part:
    if letter == "E":
        return _name(lambda moment: WEEKDAYS[moment.tm_wday], width)
    if letter == "M" and width >= SHORT:
        return _name(lambda moment: MONTHS[moment.tm_mon - 1], width)
    if letter in YEARS and width == len("yy"):
        year = NUMBERS[letter]
        return lambda moment, _: f"{year(moment) % 100:02d}"
    if letter in NUMBERS:
        number = NUMBERS[letter]
        return lambda moment, _: f"{number(moment):0{width}d}"
    if letter in OTHERS:
        return OTHERS[letter](width)
    raise ValueError(f"unknown time format '{letter * width}'")


def _name(name: Callable[[Moment], str], width: int) -> Part:
    if width >= LONG:
        return lambda moment, _: name(moment)
    return lambda moment, _: name(moment)[:SHORT]


def _half_day(_width: int) -> Part:
    return lambda moment, _: "AM" if moment.tm_hour < 12 else "PM"  # noqa: PLR2004 - noon


def _offset(_width: int) -> Part:
    return "+00:00"


def _fixed_fraction(width: int) -> Part:
    return lambda _, fraction: f"{fraction:09d}"[:width].ljust(width, "0")


def _nanoseconds(_width: int) -> Part:
    return _fixed_fraction(NANOSECOND_DIGITS)


def _trimmed_fraction(width: int) -> Part:
    """Return the fraction without groups of zeros at its end, but for the first."""

    def text(_: Moment, fraction: int) -> str:
        digits = f"{fraction:09d}"[:width]
        while len(digits) > GROUP and not digits[_last_group(digits) :].strip("0"):
            digits = digits[: _last_group(digits)]
        return digits

    return text


def _last_group(digits: str) -> int:
    return (len(digits) - 1) // GROUP * GROUP


OTHERS: Mapping[str, Callable[[int], Part]] = {
    "a": _half_day,
    "z": _offset,
    "S": _fixed_fraction,
    "n": _nanoseconds,
    "f": _trimmed_fraction,
}

"""Messages of syslog, in the form of RFC 3164 or RFC 5424.

Owns what the parts of a message are. Must not know events.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

FACILITIES: Final = (
    *("kernel", "user-level", "mail", "system", "security/authorization", "syslogd"),
    *("line printer", "network news", "UUCP", "clock", "security/authorization"),
    *("FTP", "NTP", "log audit", "log alert", "clock", "local0", "local1", "local2"),
    *("local3", "local4", "local5", "local6", "local7"),
)
SEVERITIES: Final = (
    *("Emergency", "Alert", "Critical", "Error", "Warning", "Notice"),
    *("Informational", "Debug"),
)
_HIGHEST: Final = 191
_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_NEW_YEAR: Final = timedelta(days=2)

_PRIORITY: Final = r"<(?P<priority>\d{1,3})>"
_3164: Final = re.compile(
    rf"(?s)(?:{_PRIORITY})?"
    r"(?:(?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2})"
    r" (?P<clock>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?"
    r"|(?P<time>\d{4}-\d\d-\d\dT\S+)) "
    r"(?:(?P<hostname>[^ :\[]+) )?"
    r"(?:(?P<appname>[^\[:\s]{1,128})(?:\[(?P<procid>[^\]]*)\])?: ?)?(?P<message>.*)"
)
_5424: Final = re.compile(
    rf"(?s){_PRIORITY}(?P<version>[1-9]\d{{0,2}}) (?P<time>\S+) (?P<hostname>\S+)"
    r" (?P<appname>\S+) (?P<procid>\S+) (?P<msgid>\S+) (?P<rest>.*)"
)
_IS_5424: Final = re.compile(r"<\d{1,3}>[1-9]\d{0,2} ")
_ELEMENT: Final = re.compile(r"\[(?P<id>[^\s=\]\"]{1,128})")
_PARAMETER: Final = re.compile(
    r' (?P<name>[^\s=\]"]{1,32})="(?P<value>(?:[^"\\\]]|\\.)*+)"', re.DOTALL
)
_ESCAPED: Final = re.compile(r'\\(["\\\]])')
_NONE: Final = "-"
_MARK: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Message:
    """What a message says; `time` is None where it does not say when.

    `parts` are those of the names in the documents: hostname, appname, procid, msgid,
    version. `data` is structured data, by element and parameter.
    """

    text: str
    time: datetime | None = None
    priority: int | None = None
    parts: Mapping[str, str] = field(default_factory=dict[str, str])
    data: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict[str, dict[str, str]]
    )


def is_5424(text: str) -> bool:
    """Return whether a message looks like one of RFC 5424."""
    return _IS_5424.match(text) is not None


def read_3164(text: str, zone: tzinfo, now: datetime) -> Message:
    """Return a message of RFC 3164, whose year is that of `now`, or the one before.

    Raises `ValueError`.
    """
    found = _3164.fullmatch(text)
    if found is None:
        raise ValueError("message is not as RFC 3164 has it")
    names = ("hostname", "appname", "procid")
    parts = {name: found[name] for name in names if found[name]}
    time = _iso(found["time"], zone) if found["time"] else _dated(found, zone, now)
    return Message(found["message"], time, _priority(found["priority"]), parts)


def read_5424(text: str) -> Message:
    """Return a message of RFC 5424; raises `ValueError`."""
    found = _5424.fullmatch(text)
    if found is None:
        raise ValueError("message is not as RFC 5424 has it")
    names = ("hostname", "appname", "procid", "msgid", "version")
    parts = {name: found[name] for name in names if found[name] != _NONE}
    data, rest = _data(found["rest"])
    time = None if found["time"] == _NONE else _iso(found["time"], UTC)
    text = rest.removeprefix(" ").removeprefix(_MARK)
    return Message(text, time, _priority(found["priority"]), parts, data)


def _priority(text: str | None) -> int | None:
    number = None if text is None else int(text)
    if number is not None and number > _HIGHEST:
        raise ValueError(f"priority {number} is more than {_HIGHEST}")
    return number


def _iso(text: str, zone: tzinfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is no time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _dated(found: re.Match[str], zone: tzinfo, now: datetime) -> datetime:
    """Return a time without a year: the latest that does not lie in the future."""
    written = f"{found['month']} {found['day']} {found['clock']}"
    if found["month"] not in _MONTHS:
        raise ValueError(f"'{written}' is no time")
    hour, minute, second = map(int, found["clock"].split(":"))
    month, day = _MONTHS.index(found["month"]) + 1, int(found["day"])
    fraction = int((found["fraction"] or "0").ljust(9, "0")) // 1000
    for year in (now.year, now.year - 1):
        try:
            moment = datetime(
                *(year, month, day, hour, minute, second, fraction), tzinfo=zone
            )
        except ValueError:
            continue
        if moment <= now + _NEW_YEAR:
            return moment
    raise ValueError(f"'{written}' is no time")


def _data(text: str) -> tuple[dict[str, dict[str, str]], str]:
    """Return the structured data at the beginning of a text, and what follows it."""
    if text == _NONE or text.startswith(f"{_NONE} "):
        return {}, text[1:]
    data: dict[str, dict[str, str]] = {}
    place = 0
    while element := _ELEMENT.match(text, place):
        parameters = data.setdefault(element["id"], {})
        place = element.end()
        while parameter := _PARAMETER.match(text, place):
            parameters[parameter["name"]] = _ESCAPED.sub(r"\1", parameter["value"])
            place = parameter.end()
        if text[place : place + 1] != "]":
            raise ValueError(f"structured data ends too early in '{text[:80]}'")
        place += 1
    if not data:
        raise ValueError(f"there is no structured data in '{text[:80]}'")
    return data, text[place:]

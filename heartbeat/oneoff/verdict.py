"""The verdict on a check in the terms of monitoring plug-ins: grade, line, figures.

Owns thresholds, exit codes and the form of performance data, as the Monitoring Plugins
Development Guidelines have them. Must not know how a check was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from heartbeat.event import UP
from heartbeat.monitors.icmp.sockets import NO_PRIVILEGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from heartbeat.event import Fields

NANOSECONDS = 1_000_000_000
SECONDS_A_DAY = 86_400
TEN_MILLISECONDS = 0.01
TENTH = 0.0001

PHASES: Final[Mapping[str, tuple[str, ...]]] = {
    "resolve": ("resolve.rtt", "heartbeat.hops.resolve"),
    "connect": ("tcp.rtt.connect", "heartbeat.hops.connect"),
    "tunnel": (
        "socks5.rtt.connect",
        "heartbeat.proxy.rtt.connect",
        "heartbeat.hops.tunnel",
    ),
    "tls": ("tls.rtt.handshake", "heartbeat.hops.tls"),
    "request": ("http.rtt.write_request",),
    "response": ("http.rtt.response_header", "heartbeat.hops.response_header"),
    "content": ("http.rtt.content",),
    "validate": ("tcp.rtt.validate",),
    "ping": ("icmp.rtt",),
}
"""The phases of a check in their order, and where documents have their times."""


class Grade(IntEnum):
    """The exit codes of plug-ins."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What is too long, in seconds, and too few days of a certificate; None for any."""

    warning: float | None = None
    critical: float | None = None
    warning_days: float | None = None
    critical_days: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A grade, the words for it and the figures: `label=value;warn;crit;min`."""

    grade: Grade
    words: str
    figures: Sequence[str]

    def line(self) -> str:
        """Return the line that a plug-in prints."""
        words = " ".join(self.words.replace("|", "/").split())
        return f"{self.grade.name}: {words} | {' '.join(self.figures)}"


def judged(documents: Sequence[Fields], thresholds: Thresholds, now: int) -> Verdict:
    """Return the verdict on the documents of a check, the last one with the summary.

    `now` is in nanoseconds since the epoch.
    """
    last = documents[-1]
    seconds = _elapsed(last)
    ends = [left for one in documents if (left := days_left(one, now)) is not None]
    days = min(ends, default=None)
    grade, words = _outcome(documents, seconds)
    found = [
        (grade, words),
        *_on_time(seconds, thresholds),
        *_on_days(days, thresholds),
    ]
    url = last.get("url", {}).get("full", last["monitor"]["name"])
    said = "; ".join(text for _, text in found)
    return Verdict(
        max(grade for grade, _ in found),
        f"{url} {said}",
        list(_figures(documents, seconds, days, thresholds)),
    )


def _elapsed(document: Fields) -> float:
    """Return what counts as the time of a check: of pings, the average round trip."""
    us = member(document, "icmp.rtt.us")
    whole: float = document["monitor"]["duration"]["us"] if us is None else us
    return whole / 1e6


def _outcome(documents: Sequence[Fields], seconds: float) -> tuple[Grade, str]:
    down = [one for one in documents if one["monitor"]["status"] != UP]
    if not down:
        return Grade.OK, f"is up in {duration(seconds)}{_what_came(documents[-1])}"
    told = plain(down[-1]["error"]["message"])
    if told == NO_PRIVILEGE:
        return Grade.UNKNOWN, f"cannot be checked from here: {told}"
    some = f" at {len(down)} of {len(documents)} addresses" if documents[1:] else ""
    return Grade.CRITICAL, f"is down{some}: {told}"


def _what_came(document: Fields) -> str:
    status = member(document, "http.response.status_code")
    return "" if status is None else f", status {status}"


def _on_time(seconds: float, thresholds: Thresholds) -> Iterator[tuple[Grade, str]]:
    for grade, limit in (
        (Grade.CRITICAL, thresholds.critical),
        (Grade.WARNING, thresholds.warning),
    ):
        if limit is not None and seconds > limit:
            yield grade, f"{duration(seconds)} is longer than {duration(limit)}"
            return


def _on_days(days: float | None, thresholds: Thresholds) -> Iterator[tuple[Grade, str]]:
    if days is None:
        return
    ended = "its certificate has expired"
    words = ended if days < 0 else f"its certificate ends in {days:.1f} days"
    if thresholds.critical_days is not None and days < thresholds.critical_days:
        yield Grade.CRITICAL, words
    elif thresholds.warning_days is not None and days < thresholds.warning_days:
        yield Grade.WARNING, words


def _figures(
    documents: Sequence[Fields],
    seconds: float,
    days: float | None,
    thresholds: Thresholds,
) -> Iterator[str]:
    limits = f"{_number(thresholds.warning)};{_number(thresholds.critical)}"
    yield f"time={seconds:.6f}s;{limits};0"
    for name in PHASES:
        times = [took for one in documents if (took := phases(one).get(name))]
        if times:
            yield f"{name}={max(times):.6f}s;;;0"
    size = member(documents[-1], "http.response.body.bytes")
    if size is not None:
        yield f"size={size}B;;;0"
    loss = member(documents[-1], "heartbeat.icmp.loss")
    if loss is not None:
        yield f"loss={loss:g}%;;;0;100"
    if days is not None:
        # A range with a colon at its end alerts below its number.
        limits = f"{_range(thresholds.warning_days)};{_range(thresholds.critical_days)}"
        yield f"cert_days={days:.2f};{limits}"


def _number(limit: float | None) -> str:
    return "" if limit is None else f"{limit:g}"


def _range(limit: float | None) -> str:
    return "" if limit is None else f"{limit:g}:"


def phases(document: Fields) -> dict[str, float]:
    """Return how long each phase took that took place, in seconds; hops added up."""
    took: dict[str, float] = {}
    for name, places in PHASES.items():
        found = [us for place in places for us in _microseconds(document, place)]
        if found:
            took[name] = sum(found) / 1e6
    return took


def _microseconds(document: Fields, place: str) -> Iterator[int]:
    hops, _, phase = place.partition(".hops.")
    if phase:
        for hop in member(document, f"{hops}.hops") or ():
            if phase in hop:
                yield hop[phase]["us"]
    elif (us := member(document, f"{place}.us")) is not None:
        yield us


def days_left(document: Fields, now: int) -> float | None:
    """Return how many days the certificate has left, None for no certificate."""
    text = member(document, "tls.server.x509.not_after")
    if text is None:
        return None
    return (moment(text) - now / NANOSECONDS) / SECONDS_A_DAY


def moment(text: str) -> float:
    """Return the time that documents carry as text, in seconds since the epoch."""
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()


def member(document: Mapping[str, Any], path: str) -> Any:
    """Return what stands at a dotted path, None if nothing does."""
    found: Any = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return found  # pyright: ignore[reportUnknownVariableType]


def plain(text: str) -> str:
    """Return text of a stranger as it can be put on a terminal, on one line."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def duration(seconds: float) -> str:
    """Return a time as people read it: `40µs`, `0.4ms`, `23ms`, `1.25s`."""
    if seconds >= 1:
        return f"{seconds:.2f}s"
    if seconds >= TEN_MILLISECONDS:
        return f"{seconds * 1e3:.0f}ms"
    return f"{seconds * 1e3:.1f}ms" if seconds >= TENTH else f"{seconds * 1e6:.0f}µs"

"""A record as one line for people.

Owns which facts are shown, their order and their colours. Must not know where lines go.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from heartbeat.outputs.fields import RecordFields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from heartbeat.event import Record

SECOND = 1_000_000_000
MICROSECONDS = 1_000_000
MILLISECOND = 1_000
WIDE = 10_000
"""Microseconds from which on milliseconds need no fraction."""

RED, GREEN, DIM, BOLD, PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[2m", "\x1b[1m", "\x1b[0m"
COLOURS = {"up": GREEN, "down": RED}


def has_colours(descriptor: int, environment: Mapping[str, str] | None = None) -> bool:
    """Tell whether colours are wanted: on terminals, unless the user says no."""
    told = os.environ if environment is None else environment
    if told.get("NO_COLOR") or told.get("TERM") == "dumb":
        return False
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


class HumanCodec:
    """Time, status, monitor, place, what came back and how long it took."""

    def __init__(self, *, colours: bool = False) -> None:
        """Keep whether to paint."""
        self._colours = colours

    def __call__(self, record: Record) -> bytes:
        """Return the line."""
        moment = time.strftime("%H:%M:%S", time.localtime(record.timestamp // SECOND))
        fields = RecordFields(record)
        status = _text(fields("monitor.status"))
        colour = COLOURS.get(status, "")
        name = fields("monitor.name") or fields("monitor.id")
        parts = [
            self._painted(moment, DIM),
            self._painted(f"{status.upper() or '-':<4}", colour),
            self._painted(_text(name) or "-", BOLD),
            *_facts(fields),
        ]
        error = _text(fields("error.message"))
        if error:
            parts.append(self._painted(error, RED))
        return f"{'  '.join(parts)}\n".encode("utf-8", "replace")

    def _painted(self, text: str, colour: str) -> str:
        return f"{colour}{text}{PLAIN}" if self._colours and colour else text


def _facts(fields: RecordFields) -> Iterator[str]:
    found = (
        _text(fields("url.full")),
        _text(fields("monitor.ip")),
        _text(fields("http.response.status_code")),
        _duration(fields("monitor.duration.us")),
    )
    return (text for text in found if text)


def _text(value: Any) -> str:
    """Return a field so that it cannot steer the terminal or break the line."""
    if value is None:
        return ""
    return "".join(one if one.isprintable() else "\ufffd" for one in str(value))


def _duration(microseconds: Any) -> str:
    if not isinstance(microseconds, int):
        return ""
    if microseconds >= MICROSECONDS:
        return f"{microseconds / MICROSECONDS:.2f} s"
    digits = 0 if microseconds >= WIDE else 1
    return f"{microseconds / MILLISECOND:.{digits}f} ms"

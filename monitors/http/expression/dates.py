"""The function `date`: text to a point in time.

Owns the layouts it reads; those without a zone are in the local one. Must not know
expressions.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from heartbeat.monitors.http.expression.values import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMED = (
    "%a %b %d %H:%M:%S %Y",
    "%a %b %d %H:%M:%S %Z %Y",
    "%a %b %d %H:%M:%S %z %Y",
    "%I:%M%p",
)
"""Layouts with names of days, months or halves of a day."""

_ISO = re.compile(
    r"""\d{4}-\d\d-\d\d
        (?: T\d\d:\d\d:\d\d (?:[.,]\d+)? (?:Z|[+-]\d\d:\d\d)
          | T\d\d (?: :\d\d (?: :\d\d (?:[.,]\d+)? )? )? (?:Z|[+-]\d{4})
          | \ \d\d:\d\d (?: :\d\d (?: (?:[.,]\d+)? (?:[+-]\d\d:\d\d)? ) )?
        )?""",
    re.VERBOSE,
)


def date(arguments: Sequence[Any]) -> datetime:
    """Return the point in time that one text names.

    Raises `EvaluationError`.
    """
    if len(arguments) != 1 or not isinstance(arguments[0], str):
        raise EvaluationError("date() expects exactly one string argument")
    text = arguments[0]
    moment = _iso(text) if _ISO.fullmatch(text) else _named(text)
    if moment is None:
        raise EvaluationError(f"date() could not parse {text}")
    return moment if moment.tzinfo is not None else moment.astimezone()


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _named(text: str) -> datetime | None:
    for layout in NAMED:
        try:
            return datetime.strptime(text, layout)  # noqa: DTZ007 - may have no zone
        except ValueError:
            continue
    return None

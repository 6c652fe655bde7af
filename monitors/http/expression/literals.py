"""Numbers and texts as they are written in expressions.

Owns Go's notation for them. Must not know what they are for.
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ESCAPE = re.compile(
    r"""\\(?: (?P<named>[abfnrtv\\'"])
            | (?: x(?P<x>[0-9a-fA-F]{2}) | u(?P<u>[0-9a-fA-F]{4})
                | U(?P<U>[0-9a-fA-F]{8}) )
            | (?P<octal>[0-7]{3})
            | (?P<bad>.) )""",
    re.VERBOSE | re.DOTALL,
)
_NAMED = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))


class ParseError(Exception):
    """A text is no expression."""


def number(written: str) -> float:
    """Return the number; raises `ParseError`."""
    if not _NUMBER.fullmatch(written):
        raise ParseError(f'strconv.ParseFloat: parsing "{written}": invalid syntax')
    return float(written)


def text(written: str) -> str:
    """Return what stands between the quotes; raises `ParseError`.

    Between back quotes nothing has a meaning of its own; between single quotes is one
    character.
    """
    inner = written[1:-1]
    if written[0] == "`":
        return inner.replace("\r", "")
    inner = _ESCAPE.sub(_meant, inner)
    if written[0] == "'" and len(inner) != 1:
        raise ParseError("could not parse string: invalid syntax")
    return inner


def _meant(escape: re.Match[str]) -> str:
    named, octal = escape["named"], escape["octal"]
    if named:
        return _NAMED.get(named, named)
    digits = escape["x"] or escape["u"] or escape["U"]
    try:
        return chr(int(octal, 8) if octal else int(digits or "none", 16))
    except (ValueError, OverflowError):
        raise ParseError("could not parse string: invalid syntax") from None

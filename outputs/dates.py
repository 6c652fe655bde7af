"""`%{+yyyy.MM.dd}` in options: dates in the layout language of the reference.

Owns the letters of a layout. Must not know what the text is for.
"""

from __future__ import annotations

import re
import time

TOKEN = re.compile(r"%\{(.*?)\}")
RUN = re.compile(r"'[^']*'|([A-Za-z])\1*|.", re.DOTALL)
LONG = 4
SHORT = 3

_NUMBERS = {"M": "%m", "d": "%d", "H": "%H", "h": "%I", "m": "%M", "s": "%S", "D": "%j"}
_PLAIN = {"y": "%Y", "Y": "%Y", "x": "%G", "w": "%V", "e": "%u", "a": "%p"}


def format_dates(text: str, moment: time.struct_time) -> str:
    """Return the text with every `%{+layout}` replaced by that form of the moment.

    Raises `ValueError` for anything else in `%{…}` and for letters that have no
    meaning.
    """
    return TOKEN.sub(lambda match: _formatted(match[1], moment), text)


def _formatted(token: str, moment: time.struct_time) -> str:
    if not token.startswith("+"):
        raise ValueError(
            f"only dates such as %{{+yyyy.MM.dd}} work here, not %{{{token}}}"
        )
    return "".join(
        _run(match[0], match[1], moment) for match in RUN.finditer(token[1:])
    )


def _run(run: str, letter: str | None, moment: time.struct_time) -> str:
    if letter is None:
        return run.strip("'")
    if letter in _PLAIN:
        number = time.strftime(_PLAIN[letter], moment)
        return number[-2:] if letter in "yYx" and len(run) == len("yy") else number
    if letter == "M" and len(run) >= SHORT:
        return time.strftime("%b" if len(run) == SHORT else "%B", moment)
    if letter == "E":
        return time.strftime("%A" if len(run) >= LONG else "%a", moment)
    if letter in _NUMBERS:
        number = time.strftime(_NUMBERS[letter], moment).lstrip("0") or "0"
        return number.rjust(len(run), "0")
    raise ValueError(f"unknown letter '{letter}' in the layout of a date")

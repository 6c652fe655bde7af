"""The small language of values outside YAML: `-E` overrides and resolved variables.

`true`, `0x10`, `'raw'`, `"text"`, `[a, b]`, `{k: v}`, `a,b,c`. Owns its grammar. Must
not know where a text comes from or what becomes of the value.
"""

from __future__ import annotations

import re
from typing import Any, Final

from heartbeat.config.types import parse_number

_WORDS: Final[dict[str, bool | None]] = {
    "null": None,
    **dict.fromkeys(("t", "T", "true", "TRUE", "True", "on", "ON"), True),
    **dict.fromkeys(("f", "F", "false", "FALSE", "False", "off", "OFF"), False),
}
_ESCAPE = re.compile(r'\\(u[0-9a-fA-F]{4}|["\\/bfnrt])')
_ESCAPED = {'"': '"', "\\": "\\", "/": "/"} | dict(
    zip("bfnrt", "\b\f\n\r\t", strict=True)
)
_QUOTED = {
    '"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL),
    "'": re.compile(r"'([^']*)'", re.DOTALL),
}
_BLANKS = " \t\r\n"
_REPLACEMENT = "\ufffd"


def is_text(text: str) -> bool:
    """Say whether a text of the environment or the command line was UTF-8."""
    return text.isascii() or not any("\ud800" <= part <= "\udfff" for part in text)


def parse_value(text: str, *, objects: bool = True) -> Any:
    """Return what a text stands for; `objects` allows `{k: v}`.

    Raises `ValueError` for quotes and brackets that do not fit.
    """
    parser = _Parser(text, objects=objects)
    try:
        values = [parser.value(",")]
        while parser.skip(","):
            values.append(parser.value(","))
    except RecursionError:
        raise ValueError("brackets are nested too deeply") from None
    parser.finish()
    return values[0] if len(values) == 1 else values


def parse_word(text: str) -> Any:
    """Return an unquoted word as boolean, null, number or text."""
    if text in _WORDS:
        return _WORDS[text]
    number = parse_number(text)
    return text if number is None else number


class _Parser:
    """A cursor over the text."""

    __slots__ = ("_at", "_objects", "_text")

    def __init__(self, text: str, *, objects: bool) -> None:
        self._text = text.strip(_BLANKS)
        self._objects = objects
        self._at = 0

    def skip(self, wanted: str) -> bool:
        """Pass blanks, then `wanted` if it comes next; say whether it did."""
        while self._peek() and self._peek() in _BLANKS:
            self._at += 1
        found = self._peek() == wanted
        self._at += found
        return found

    def finish(self) -> None:
        if self._at < len(self._text):
            raise ValueError(f"unexpected '{self._peek()}' at {self._at + 1}")

    def value(self, ends: str) -> Any:
        self.skip("")
        match self._peek():
            case "[":
                return self._array()
            case "{" if self._objects:
                return self._object()
            case '"' | "'":
                return self._quoted()
            case _:
                return parse_word(self._word(ends))

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _array(self) -> list[Any]:
        self._at += 1
        values: list[Any] = []
        while not self.skip("]"):
            values.append(self.value(",]"))
            if not self.skip(","):
                self._expect("]")
                break
        return values

    def _object(self) -> dict[str, Any]:
        self._at += 1
        members: dict[str, Any] = {}
        while not self.skip("}"):
            key = self._quoted() if self._peek() in {'"', "'"} else self._word(":")
            self._expect(":")
            members[key] = self.value(",}")
            if not self.skip(","):
                self._expect("}")
                break
        return members

    def _expect(self, wanted: str) -> None:
        if not self.skip(wanted):
            raise ValueError(f"expected '{wanted}' at {self._at + 1}")

    def _word(self, ends: str) -> str:
        start = self._at
        found = (self._text.find(end, start) for end in ends)
        self._at = min((at for at in found if at >= 0), default=len(self._text))
        return self._text[start : self._at].strip(_BLANKS)

    def _quoted(self) -> str:
        quote = self._peek()
        match = _QUOTED[quote].match(self._text, self._at)
        if match is None:
            raise ValueError(f"the {quote} at {self._at + 1} is never closed")
        self._at = match.end()
        return _ESCAPE.sub(_unescaped, match[1]) if quote == '"' else match[1]


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] != "u":
        return _ESCAPED[code]
    character = chr(int(code[1:], 16))
    return _REPLACEMENT if "\ud800" <= character <= "\udfff" else character

"""From the text of an expression to tokens.

Owns what a token is: Go's, with comments passed over. Must not know what tokens mean
together.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a token is; the value is how errors name it."""

    END = "EOF"
    NAME = "Ident"
    INTEGER = "Int"
    FLOAT = "Float"
    STRING = "String"
    RAW = "RawString"
    CHARACTER = "Char"
    SYMBOL = "Symbol"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text from `start` to `end`."""

    kind: Kind
    text: str
    start: int
    end: int

    def __str__(self) -> str:
        """Return how errors name the token."""
        if self.kind is Kind.SYMBOL:
            return json.dumps(self.text, ensure_ascii=False)
        return self.kind.value


_BLANK = re.compile(r"(?:[ \t\r\n]|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_TOKEN = re.compile(
    r"""(?P<NAME> [^\W\d]\w* )
      | (?P<FLOAT> (?: [0-9]+\.[0-9]* | \.[0-9]+ ) (?:[eE][+-]?[0-9]+)?
                 | [0-9]+[eE][+-]?[0-9]+ )
      | (?P<INTEGER> [0-9]\w* )
      | (?P<STRING> "(?: [^"\\\n] | \\. )*" )
      | (?P<RAW> `[^`]*` )
      | (?P<CHARACTER> '(?: [^'\\\n] | \\. )*' )
      | (?P<SYMBOL> . )""",
    re.VERBOSE | re.DOTALL,
)


class Lexer:
    """Reads an expression token by token."""

    __slots__ = ("_position", "text")

    def __init__(self, text: str) -> None:
        """Stand before the first token."""
        self.text = text
        self._position = 0

    def next(self) -> Token:
        """Return the next token, that of the end over and over."""
        start = self._skip()
        match = _TOKEN.match(self.text, start)
        if match is None:
            return Token(Kind.END, "", start, start)
        self._position = match.end()
        return Token(Kind[str(match.lastgroup)], match[0], start, match.end())

    def symbol_follows(self, symbols: str) -> str:
        """Return the next character if it is one of these, and pass over it.

        It must follow at once: blanks end an operator.
        """
        character = self.text[self._position : self._position + 1]
        if not character or character not in symbols:
            return ""
        return character

    def skip_character(self) -> int:
        """Pass over one character and return where it ended."""
        self._position += 1
        return self._position

    def place(self, position: int) -> str:
        """Return a position as `line:column`, both from 1."""
        before = self.text[:position]
        column = position - before.rfind("\n")
        return f"{before.count(chr(10)) + 1}:{column}"

    def _skip(self) -> int:
        blank = _BLANK.match(self.text, self._position)
        return blank.end() if blank else self._position

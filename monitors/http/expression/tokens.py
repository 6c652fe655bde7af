"""The tokens of an expression with a step back, and the words for unexpected ones.

Owns what has been read and where it stood. Must not know the grammar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.monitors.http.expression.lexer import Kind, Lexer, Token

if TYPE_CHECKING:
    from collections.abc import Callable


class Tokens:
    """Gives out tokens; the last one can be given back."""

    __slots__ = ("_end", "_is_back", "_last", "_lexer", "_refusal")

    def __init__(self, text: str) -> None:
        """Stand before the first token."""
        self._lexer = Lexer(text)
        self._last = Token(Kind.END, "", 0, 0)
        self._end = 0
        self._is_back = False
        self._refusal = ""

    def take(self) -> Token:
        """Return the next token."""
        if not self._is_back:
            self._last = self._lexer.next()
            self._end = self._last.end
        self._is_back = False
        return self._last

    def give_back(self, unit: str, *expected: str) -> None:
        """Let the last token be taken again; what wanted another is remembered."""
        self._is_back = True
        self._refusal = self.unexpected(unit, *expected)

    def take_operator(self, known: Callable[[str], bool], symbols: str) -> str:
        """Return the text of an operator that begins with the last token.

        `known` tells whether an operator begins with a text.
        """
        text = self._last.text
        while (character := self._lexer.symbol_follows(symbols)) and known(
            text + character
        ):
            text += character
            self._end = self._lexer.skip_character()
        return text

    def unexpected(self, unit: str, *expected: str) -> str:
        """Return the words for the last token being none of what was expected."""
        text = f"unexpected {self._last} while scanning {unit}"
        if not expected:
            return text
        *most, last = (f'"{word}"' if len(word) == 1 else word for word in expected)
        return f"{text} expected {', '.join(most)}{' or ' if most else ''}{last}"

    def leftover(self) -> str | None:
        """Return what is wrong with the token given back last, None at the end."""
        if self._is_back and self._last.kind is not Kind.END:
            return self._refusal
        return None

    def place(self) -> str:
        """Return where the last token begins, and where reading has come to."""
        lexer = self._lexer
        begin = lexer.place(self._last.start)
        return f"{lexer.text}\t:{begin} - {lexer.place(self._end)}"

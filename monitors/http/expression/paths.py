"""How JSON paths and object literals are written.

Owns the grammar behind `$`, `@`, `#` and `{`. Must not know what is found with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from heartbeat.monitors.http.expression.jsonpath import (
    Path,
    descendants,
    every,
    filtered,
    member,
    members,
    placeholder,
    ranged,
    script,
)
from heartbeat.monitors.http.expression.lexer import Kind
from heartbeat.monitors.http.expression.literals import ParseError
from heartbeat.monitors.http.expression.scope import Constant
from heartbeat.monitors.http.expression.values import as_text

if TYPE_CHECKING:
    from heartbeat.monitors.http.expression.scope import Evaluable, Scope
    from heartbeat.monitors.http.expression.tokens import Tokens

FIRST, LAST, EACH = 0.0, float(2**31 - 1), 1.0
"""What the parts of `[start:end:step]` are where they are left out."""

RANGE, FILTER, LIST = ":", "?", ","


class Expressions(Protocol):
    """The parser of the expressions in between."""

    tokens: Tokens
    has_placeholder: bool | None

    def expression(self) -> Evaluable:
        """Return the longest expression that begins here."""
        ...

    def expect(self, unit: str, *symbols: str) -> str:
        """Take one of these symbols and return it; raises `ParseError`."""
        ...

    def takes(self, unit: str, *symbols: str) -> str:
        """Take one of these symbols if it is next; return it, else nothing."""
        ...


def parse_path(parser: Expressions, *, from_current: bool) -> Path:
    """Return the path whose first character was taken."""
    path = Path(from_current)
    while step := parser.takes("jsonpath", ".", "[", "("):
        if step == ".":
            _select(parser, path)
        elif step == "[":
            _bracket(parser, path)
        else:
            _script(parser, path)
    return path


def _select(parser: Expressions, path: Path) -> None:
    """Read on after a dot."""
    token = parser.tokens.take()
    if token.kind is Kind.NAME:
        path.plain(member(Constant(token.text)))
    elif token.text == "*":
        path.ambiguous(every)
    elif token.text == ".":
        path.ambiguous(descendants)
        _select_each(parser, path)
    else:
        words = parser.tokens.unexpected("JSON select", Kind.NAME.value, ".", "*")
        raise ParseError(words)


def _select_each(parser: Expressions, path: Path) -> None:
    """Read on after two dots."""
    token = parser.tokens.take()
    if token.kind is Kind.NAME:
        path.plain(member(Constant(token.text)))
    elif token.text == "*":
        path.ambiguous(every)
    elif token.text == "(":
        _script(parser, path)
    elif token.text == "[":
        keys, separator = _keys(parser)
        if separator == RANGE:
            raise ParseError("mapper can not be combined with range query")
        if separator == FILTER:
            path.ambiguous(filtered(keys[0]))
        else:
            path.ambiguous(members(keys) if keys else every)
    else:
        words = parser.tokens.unexpected("JSON mapper", "[", Kind.NAME.value, "*")
        raise ParseError(words)


def _bracket(parser: Expressions, path: Path) -> None:
    """Read on after an opening bracket."""
    keys, separator = _keys(parser)
    if separator == RANGE:
        if len(keys) > len((FIRST, LAST, EACH)):
            raise ParseError("range query has at least the parameter [min:max:step]")
        rest = (Constant(FIRST), Constant(LAST), Constant(EACH))[len(keys) :]
        path.ambiguous(ranged(*keys, *rest))
    elif separator == FILTER:
        path.ambiguous(filtered(keys[0]))
    elif len(keys) == 1:
        path.plain(member(keys[0]))
    else:
        path.ambiguous(members(keys) if keys else every)


def _keys(parser: Expressions) -> tuple[list[Evaluable], str]:
    """Return what stands between brackets, and by what it is separated."""
    keys: list[Evaluable] = []
    separator = ""
    while True:
        mark = parser.takes("jsonpath brackets", FILTER, RANGE, "*", "]")
        if mark == "*":
            parser.expect("JSON bracket star", "]")
            return [], ""
        if mark == RANGE:
            keys.append(Constant(LAST if len(keys) == 1 else FIRST))
        elif not mark or (mark == "]" and separator != RANGE):
            if mark:
                parser.tokens.give_back("jsonpath brackets")
            keys.append(parser.expression())
            mark = parser.expect("JSON bracket separator", RANGE, LIST, "]")
        if mark == "]":
            return keys, separator
        if mark == FILTER and keys:
            raise ParseError(parser.tokens.unexpected("JSON filter", "]"))
        if separator not in {"", mark}:
            raise ParseError(f"mixed {separator} and {mark} in JSON bracket")
        separator = mark


def _script(parser: Expressions, path: Path) -> None:
    path.plain(script(parser.expression()))
    parser.expect("jsonpath script", ")")


def parse_placeholder(parser: Expressions) -> Evaluable:
    """Return the placeholder whose first character was taken."""
    if parser.has_placeholder is None:
        raise ParseError("JSONPath placeholder must only be used in an JSON object key")
    parser.has_placeholder = True
    token = parser.tokens.take()
    if token.kind is Kind.INTEGER and token.text.isdecimal():
        return placeholder(int(token.text))
    parser.tokens.give_back("JSONPath placeholder")
    return placeholder(None)


def parse_object(parser: Expressions) -> Evaluable:
    """Return the object literal whose opening brace was taken."""
    pairs: list[tuple[Evaluable, Evaluable, bool]] = []
    while (mark := parser.takes("object", ",", "}")) != "}":
        if not mark:
            pairs.append(_pair(parser))

    def evaluate(scope: Scope) -> Any:
        members: dict[str, Any] = {}
        for key, value, is_many in pairs:
            if is_many and isinstance(value, Path):
                for wildcards, found in value.matches(scope):
                    members[as_text(key(scope.keyed(wildcards)))] = found
            else:
                members[as_text(key(scope))] = value(scope)
        return members

    return evaluate


def _pair(parser: Expressions) -> tuple[Evaluable, Evaluable, bool]:
    """Return a key, its value, and whether the value is a path with many keys."""
    outer, parser.has_placeholder = parser.has_placeholder, False
    key = parser.expression()
    is_many, parser.has_placeholder = bool(parser.has_placeholder), outer
    parser.expect("object", ":")
    if not is_many:
        return key, parser.expression(), False
    token = parser.tokens.take()
    if token.text not in {"$", "@"}:
        raise ParseError(parser.tokens.unexpected("JSONPath key and value"))
    return key, parse_path(parser, from_current=token.text == "@"), True

"""From tokens to callables: the grammar of expressions.

Owns precedence, literals, variables and calls. What is made of constants only is
computed at once, so that what can never work is refused when it is written. Must not
know documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heartbeat.monitors.http.expression.dates import date
from heartbeat.monitors.http.expression.lexer import Kind
from heartbeat.monitors.http.expression.literals import ParseError, number, text
from heartbeat.monitors.http.expression.operators import INFIXES, PREFIXES
from heartbeat.monitors.http.expression.paths import (
    parse_object,
    parse_path,
    parse_placeholder,
)
from heartbeat.monitors.http.expression.scope import Budget, Constant, Scope
from heartbeat.monitors.http.expression.tokens import Tokens
from heartbeat.monitors.http.expression.variables import called, variable

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.monitors.http.expression.lexer import Token
    from heartbeat.monitors.http.expression.operators import Infix
    from heartbeat.monitors.http.expression.scope import Evaluable

SYMBOLS = "".join(sorted({*"".join(INFIXES), "?"}))
WORDS = {"true": Constant(True), "false": Constant(False)}  # noqa: FBT003
CHOICE = "?"


def _begins_operator(beginning: str) -> bool:
    return any(name.startswith(beginning) for name in INFIXES)


class Parser:
    """Reads one expression.

    `has_placeholder` is None outside of the keys of object literals, and within one
    tells whether there was a placeholder.
    """

    def __init__(self, written: str) -> None:
        """Stand before the first token."""
        self.tokens = Tokens(written)
        self.has_placeholder: bool | None = None

    def whole(self) -> Evaluable:
        """Return the expression that the text is; raises `ParseError`."""
        evaluable = self.expression()
        if leftover := self.tokens.leftover():
            raise ParseError(leftover)
        return evaluable

    def expression(self) -> Evaluable:
        """Return the longest expression that begins here."""
        waiting: list[tuple[Evaluable, Infix]] = []
        while True:
            evaluable = self._operand()
            name = self._operator()
            while name == CHOICE:
                evaluable = self._choice(_joined(waiting, evaluable, 0))
                name = self._operator()
            if name is None:
                return _joined(waiting, evaluable, 0)
            infix = INFIXES[name]
            evaluable = _joined(waiting, evaluable, infix.precedence)
            waiting.append((evaluable, infix))

    def expect(self, unit: str, *symbols: str) -> str:
        """Take one of these symbols and return it; raises `ParseError`."""
        token = self.tokens.take()
        if token.kind is Kind.SYMBOL and token.text in symbols:
            return token.text
        raise ParseError(self.tokens.unexpected(unit, *symbols))

    def takes(self, unit: str, *symbols: str) -> str:
        """Take one of these symbols if it is next; return it, else nothing."""
        token = self.tokens.take()
        if token.kind is Kind.SYMBOL and token.text in symbols:
            return token.text
        self.tokens.give_back(unit, *symbols)
        return ""

    def _operator(self) -> str | None:
        """Take the name of the operator that follows, None if none does."""
        token = self.tokens.take()
        name = token.text
        if token.kind is Kind.SYMBOL and name in SYMBOLS:
            name = self.tokens.take_operator(_begins_operator, SYMBOLS)
        if name in INFIXES or name == CHOICE:
            return name
        self.tokens.give_back("operator")
        return None

    def _choice(self, condition: Evaluable) -> Evaluable:
        """Return one of two expressions; the second may be missing at the end."""
        one: Evaluable = self.expression()
        other: Evaluable = _NOTHING
        token = self.tokens.take()
        if token.kind is Kind.SYMBOL and token.text == ":":
            other = self.expression()
        elif token.kind is not Kind.END:
            raise ParseError(self.tokens.unexpected("<> ? <> : <>", ":", "EOF"))
        else:
            self.tokens.give_back("operator")

        def choose(scope: Scope) -> Any:
            return (one if _is_set(condition(scope)) else other)(scope)

        return choose

    def _operand(self) -> Evaluable:
        token = self.tokens.take()
        match token.kind:
            case Kind.NAME:
                return self._named(token)
            case Kind.INTEGER | Kind.FLOAT:
                return Constant(number(token.text))
            case Kind.STRING | Kind.RAW | Kind.CHARACTER:
                return Constant(text(token.text))
            case Kind.SYMBOL if token.text in PREFIXES:
                return _prefixed(PREFIXES[token.text], self._operand())
            case Kind.SYMBOL if token.text in _BEGINNINGS:
                return _BEGINNINGS[token.text](self)
            case _:
                raise ParseError(self.tokens.unexpected("extensions"))

    def _named(self, token: Token) -> Evaluable:
        if token.text in WORDS:
            return WORDS[token.text]
        if token.text == "date":
            arguments = self._arguments() if self.takes("function call", "(") else []
            return lambda scope: date([argument(scope) for argument in arguments])
        return self._variable(token.text)

    def _variable(self, name: str) -> Evaluable:
        keys: list[Evaluable] = [Constant(name)]
        while step := self.takes("variable", ".", "(", "["):
            if step == "(":
                self._arguments()
                return called(name, keys)
            if step == "[":
                keys.append(self.expression())
                self.expect("array key", "]")
                continue
            token = self.tokens.take()
            if token.kind is not Kind.NAME:
                raise ParseError(self.tokens.unexpected("field", Kind.NAME.value))
            keys.append(Constant(token.text))
        return variable(keys)

    def _arguments(self) -> list[Evaluable]:
        """Take what stands between parentheses, the first of them taken already."""
        arguments: list[Evaluable] = []
        if self.takes("scan arguments", ")"):
            return arguments
        while True:
            arguments.append(self.expression())
            if self.expect("arguments", ")", ",") == ")":
                return arguments

    def parentheses(self) -> Evaluable:
        """Return the expression up to the closing parenthesis."""
        evaluable = self.expression()
        self.expect("parentheses", ")")
        return evaluable

    def listing(self) -> Evaluable:
        """Return the list up to the closing bracket."""
        items: list[Evaluable] = []
        while (mark := self.takes("array", ",", "]")) != "]":
            if not mark:
                items.append(self.expression())
        return lambda scope: [item(scope) for item in items]


_NOTHING = Constant(None)
_NO_SCOPE = Scope(None, Budget())

_BEGINNINGS: dict[str, Callable[[Parser], Evaluable]] = {
    "(": Parser.parentheses,
    "[": Parser.listing,
    "{": parse_object,
    "#": parse_placeholder,
    "$": lambda parser: parse_path(parser, from_current=False),
    "@": lambda parser: parse_path(parser, from_current=True),
}


def _is_set(value: Any) -> bool:
    """Tell whether a choice takes its first way: for anything but zero values."""
    return bool(value) or isinstance(value, (dict, list))


def _joined(
    waiting: list[tuple[Evaluable, Infix]], right: Evaluable, precedence: int
) -> Evaluable:
    """Apply the operators that bind at least so closely to what stands around them."""
    while waiting and waiting[-1][1].precedence >= precedence:
        left, infix = waiting.pop()
        right = _combined(infix, left, right)
    return right


def _combined(infix: Infix, left: Evaluable, right: Evaluable) -> Evaluable:
    evaluable = _applied(infix, left, right)
    if isinstance(left, Constant) and isinstance(right, Constant):
        return Constant(evaluable(_NO_SCOPE))
    return evaluable


def _applied(infix: Infix, left: Evaluable, right: Evaluable) -> Evaluable:
    apply, stops = infix.apply, infix.stops
    if infix.bind is not None and isinstance(right, Constant):
        test = infix.bind(right.value)
        return lambda scope: test(left(scope))
    if stops is None:
        return lambda scope: apply(left(scope), right(scope))

    def evaluate(scope: Scope) -> Any:
        one = left(scope)
        return one if stops(one) else apply(one, right(scope))

    return evaluate


def _prefixed(apply: Callable[[Any], Any], operand: Evaluable) -> Evaluable:
    if isinstance(operand, Constant):
        return Constant(apply(operand.value))
    return lambda scope: apply(operand(scope))

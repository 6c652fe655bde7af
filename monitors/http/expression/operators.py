"""The operators of expressions: which there are, how they bind, what they do.

Owns arithmetic in Go's sense and the order in which an operator tries to read its
operands: as they are first, converted after. Must not know how expressions are parsed.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from heartbeat.monitors.http.expression.values import (
    EvaluationError,
    as_boolean,
    as_number,
    as_text,
    is_equal,
    is_list,
    type_name,
)
from heartbeat.pattern import search_for

Operation: TypeAlias = Callable[[Any, Any], Any]
Stop: TypeAlias = Callable[[Any], bool]

LONGEST_TEXT = 1 << 20
"""Characters that texts may grow to by addition."""

BITS_64: Final = 0xFFFF_FFFF_FFFF_FFFF
SMALLEST_64: Final = -(1 << 63)
WORD = 64


@dataclass(frozen=True, slots=True)
class Infix:
    """An operator between two operands.

    The higher `precedence`, the closer it binds; all associate to the left. `stops`
    tells from the left operand alone that it is the result; `bind` gives what is left
    to do when the right one is known beforehand.
    """

    name: str
    precedence: int
    apply: Operation
    stops: Stop | None = None
    bind: Callable[[Any], Callable[[Any], Any]] | None = None


def typed(
    name: str,
    *,
    numbers: Operation | None = None,
    texts: Operation | None = None,
    booleans: Operation | None = None,
    anything: Operation | None = None,
) -> Operation:
    """Return an operation that does what the types of its operands ask for."""
    exact: Mapping[type, Operation | None] = {
        float: numbers,
        bool: booleans,
        str: texts,
    }

    def apply(one: Any, other: Any) -> Any:
        operation = exact.get(one.__class__)
        if operation is not None and one.__class__ is other.__class__:
            return operation(one, other)
        return _converted(one, other)

    def _converted(one: Any, other: Any) -> Any:
        for operation, convert in ((numbers, as_number), (booleans, as_boolean)):
            if operation is not None:
                pair = convert(one), convert(other)
                if None not in pair:
                    return operation(*pair)
        if anything is not None:
            return anything(one, other)
        if texts is not None and one is not None and other is not None:
            return texts(as_text(one), as_text(other))
        raise EvaluationError(
            f"invalid operation ({type_name(one)}) {name} ({type_name(other)})"
        )

    return apply


def negative(value: Any) -> float:
    """Return the number with its sign changed; raises `EvaluationError`."""
    number = as_number(value)
    if number is None:
        text = f"{as_text(value)}({type_name(value)})"
        raise EvaluationError(f"unexpected {text} expected number")
    return -number


def inverse(value: Any) -> float:
    """Return the number with its bits inverted; raises `EvaluationError`."""
    number = as_number(value)
    if number is None:
        raise EvaluationError(f"unexpected {type_name(value)} expected number")
    return float(~_integer(number))


def opposite(value: Any) -> bool:
    """Return the boolean that this one is not; raises `EvaluationError`."""
    boolean = as_boolean(value)
    if boolean is None:
        raise EvaluationError(f"unexpected {type_name(value)} expected bool")
    return not boolean


def _sum(one: str, other: str) -> str:
    if len(one) + len(other) > LONGEST_TEXT:
        raise EvaluationError(f"text is longer than {LONGEST_TEXT} characters")
    return one + other


def _quotient(one: float, other: float) -> float:
    if other:
        return one / other
    if not one or math.isnan(one):
        return math.nan
    return math.copysign(math.inf, one) * math.copysign(1.0, other)


def _remainder(one: float, other: float) -> float:
    try:
        return math.fmod(one, other)
    except ValueError:
        return math.nan


def _power(one: float, other: float) -> float:
    try:
        return math.pow(one, other)
    except OverflowError:
        return -math.inf if one < 0 and other % 2 == 1 else math.inf
    except ValueError:
        return math.inf if one == 0 else math.nan


def _integer(number: float) -> int:
    """Return the number as Go makes a signed 64 bit integer of it."""
    if not -float(1 << 63) <= number < float(1 << 63):
        return SMALLEST_64
    return int(number)


def _signed(bits: int) -> float:
    bits &= BITS_64
    return float(bits - (BITS_64 + 1) if bits >> (WORD - 1) else bits)


def _left(one: float, other: float) -> float:
    count = _integer(other) & BITS_64
    return _signed(_integer(one) << count) if count < WORD else 0.0


def _right(one: float, other: float) -> float:
    count = _integer(other) & BITS_64
    return float(_integer(one) >> min(count, WORD))


def _on_bits(operation: Callable[[int, int], int]) -> Operation:
    return lambda one, other: float(operation(_integer(one), _integer(other)))


def _contained(one: Any, other: Any) -> bool:
    if not is_list(other):
        raise EvaluationError(
            "expected type []interface{} for in operator but got " + type_name(other)
        )
    return any(is_equal(one, item) for item in other)


def _matcher(pattern: Any) -> Callable[[Any], bool]:
    try:
        search = search_for(as_text(pattern))
    except ValueError as error:
        raise EvaluationError(str(error)) from error
    return lambda value: search(_bytes(as_text(value))) is not None


def _mismatcher(pattern: Any) -> Callable[[Any], bool]:
    matches = _matcher(pattern)
    return lambda value: not matches(value)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _pattern(name: str, bind: Callable[[Any], Callable[[Any], bool]]) -> Infix:
    return Infix(name, 40, lambda one, other: bind(other)(one), bind=bind)


def _order(name: str, compare: Operation) -> Infix:
    """Return an operator that compares numbers, points in time, or else texts."""
    other_types = typed(name, numbers=compare, texts=compare)

    def apply(one: Any, other: Any) -> Any:
        if isinstance(one, datetime) and isinstance(other, datetime):
            return compare(one, other)
        return other_types(one, other)

    return Infix(name, 40, apply)


def _number(name: str, precedence: int, operation: Operation) -> Infix:
    return Infix(name, precedence, typed(name, numbers=operation))


def _logic(name: str, precedence: int, operation: Operation, stops: Stop) -> Infix:
    return Infix(name, precedence, typed(name, booleans=operation), stops)


def _sameness(name: str, compare: Operation, anything: Operation) -> Infix:
    apply = typed(name, numbers=compare, booleans=compare, anything=anything)
    return Infix(name, 40, apply)


def _is_something(value: Any) -> bool:
    return value is not None and value is not False


_ALL = (
    Infix(
        "??",
        0,
        lambda one, other: one if _is_something(one) else other,
        _is_something,
    ),
    _logic("||", 20, lambda one, other: one or other, lambda value: value is True),
    _logic("&&", 21, lambda one, other: one and other, lambda value: value is False),
    _sameness("==", operator.eq, is_equal),
    _sameness("!=", operator.ne, lambda one, other: not is_equal(one, other)),
    _order("<", operator.lt),
    _order("<=", operator.le),
    _order(">", operator.gt),
    _order(">=", operator.ge),
    _pattern("=~", _matcher),
    _pattern("!~", _mismatcher),
    Infix("in", 40, _contained),
    _number("^", 60, _on_bits(lambda one, other: one ^ other)),
    _number("&", 60, _on_bits(lambda one, other: one & other)),
    _number("|", 60, _on_bits(lambda one, other: one | other)),
    _number("<<", 90, _left),
    _number(">>", 90, _right),
    Infix("+", 120, typed("+", numbers=operator.add, texts=_sum)),
    _number("-", 120, operator.sub),
    _number("*", 150, operator.mul),
    _number("/", 150, _quotient),
    _number("%", 150, _remainder),
    _number("**", 200, _power),
)

INFIXES: Mapping[str, Infix] = {infix.name: infix for infix in _ALL}

PREFIXES: Mapping[str, Callable[[Any], Any]] = {
    "-": negative,
    "~": inverse,
    "!": opposite,
}

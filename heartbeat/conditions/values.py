"""What the operators ask of a single value: `equals`, `contains`, `regexp`, `range`.

Owns their types and coercions. Must not know where the value stands. Options that
cannot work raise `ValueError`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from heartbeat.pattern import trimmed_search

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Test: TypeAlias = Callable[[Any], bool]
"""Tells whether a value is as wanted."""

BITS_64 = 0xFFFF_FFFF_FFFF_FFFF
"""Integers are compared as unsigned 64 bit, like the reference does."""

BOUNDS: Mapping[str, Callable[[float, float], bool]] = {
    "gte": operator.ge,
    "gt": operator.gt,
    "lte": operator.le,
    "lt": operator.lt,
}

KINDS: Mapping[type, str] = {
    str: "string",
    dict: "map",
    list: "list",
    tuple: "list",
    type(None): "nil",
}
"""What the reference calls types that Python calls otherwise."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def equal_to(path: str, wanted: Any) -> Test:
    """Return the test for a string, a boolean or an integer; types do not mix."""
    if type(wanted) not in {str, bool, int}:
        raise ValueError(
            f"condition attempted to set '{path}' -> '{wanted}' and encountered "
            f"unexpected type '{kind(wanted)}', "
            "only strings, ints, and booleans are allowed"
        )
    if type(wanted) is int:
        number = wanted & BITS_64
        return lambda value: type(value) is int and value & BITS_64 == number
    return lambda value: type(value) is type(wanted) and value == wanted


def containing(path: str, wanted: Any) -> Test:
    """Return the test for a piece of text, in a string or in any of a list."""
    text = _text(path, wanted)
    return lambda value: any(text in item for item in _strings(value))


def matching(path: str, wanted: Any) -> Test:
    """Return the test for a pattern, in a string or in any of a list."""
    search = trimmed_search(_text(path, wanted))
    return lambda value: any(
        search(item.encode("utf-8", "surrogateescape")) is not None
        for item in _strings(value)
    )


def within(bounds: Iterable[tuple[str, Any]]) -> Test:
    """Return the test for a number between bounds, given by their names."""
    limits = [(_bound(name), _limit(written)) for name, written in bounds]

    def test(value: Any) -> bool:
        number = as_number(value)
        return number is not None and all(
            is_kept(number, limit) for is_kept, limit in limits
        )

    return test


def as_number(value: Any) -> float | None:
    """Return a number, also one written as text, None for anything else."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value)


def kind(value: Any) -> str:
    """Return the name of a value's type, for texts."""
    return KINDS.get(value.__class__, value.__class__.__name__)


def _bound(name: str) -> Callable[[float, float], bool]:
    if name not in BOUNDS:
        raise ValueError(f"unexpected range operator {name}")
    return BOUNDS[name]


def _limit(written: Any) -> float:
    number = as_number(written)
    if number is None:
        raise ValueError(f"'{written}' is no number to compare with")
    return number


def _text(path: str, wanted: Any) -> str:
    if not isinstance(wanted, str):
        raise ValueError(f"unexpected type {kind(wanted)} of {wanted} for '{path}'")  # noqa: TRY004 - a fault of the options
    return wanted


def listed(value: Any) -> Iterable[Any]:
    """Return the items of a list; anything else is the only item of one."""
    if isinstance(value, (list, tuple)):
        return cast("Iterable[Any]", value)
    return (value,)


def _strings(value: Any) -> Iterable[str]:
    return [item for item in listed(value) if isinstance(item, str)]

"""The values of expressions and how they turn into one another.

Owns gval's conversions, its equality and its texts. Values are those of JSON, every
number a float, and points in time. Must not know operators.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from heartbeat.config.types import format_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NUMBER = re.compile(
    r"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf(?:inity)?|nan)",
    re.IGNORECASE,
)
_BOOLEANS = {"true": True, "TRUE": True, "false": False, "FALSE": False}


class EvaluationError(Exception):
    """An expression has no value for this document; the rule does not hold then."""


def as_number(value: Any) -> float | None:
    """Return a number, also one written as text; None for what is none."""
    if isinstance(value, float):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    return None


def as_boolean(value: Any) -> bool | None:
    """Return what counts as true or false, None for what is neither."""
    if value is None:
        return False
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _BOOLEANS:
        return _BOOLEANS[value]
    number = as_number(value)
    return None if number is None else number != 0


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Tell whether a value is a list."""
    return isinstance(value, list)


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Tell whether a value is an object."""
    return isinstance(value, dict)


def as_text(value: Any) -> str:
    """Return the value as the reference prints it."""
    return _KINDS[type(value)].text(value)


def type_name(value: Any) -> str:
    """Return the reference's name of a value's type."""
    return _KINDS[type(value)].name


def is_equal(one: Any, other: Any) -> bool:
    """Tell whether two values are the same, type by type and all the way down."""
    if type(one) is not type(other):
        return False
    if is_object(one):
        return one.keys() == other.keys() and all(
            is_equal(value, other[name]) for name, value in one.items()
        )
    if is_list(one):
        return len(one) == len(other) and all(map(is_equal, one, other))
    return bool(one == other)


def _null_text(_: None) -> str:
    return "<nil>"


def _boolean_text(value: bool) -> str:  # noqa: FBT001 - it is the value
    return "true" if value else "false"


def _object_text(members: dict[str, Any]) -> str:
    texts = (f"{name}:{as_text(members[name])}" for name in sorted(members))
    return f"map[{' '.join(texts)}]"


def _list_text(items: list[Any]) -> str:
    return f"[{' '.join(map(as_text, items))}]"


def _moment_text(moment: datetime) -> str:
    fraction = f".{moment.microsecond:06d}".rstrip("0").rstrip(".")
    zone = moment.strftime("%Z")
    if zone.startswith("UTC") and moment.tzinfo is not UTC:
        zone = moment.strftime("%z")
    return f"{moment:%Y-%m-%d %H:%M:%S}{fraction} {moment:%z} {zone}"


class _Kind(NamedTuple):
    """What the reference calls a type, and how it prints its values."""

    name: str
    text: Callable[[Any], str]


_KINDS: Mapping[type, _Kind] = {
    type(None): _Kind("<nil>", _null_text),
    bool: _Kind("bool", _boolean_text),
    str: _Kind("string", str),
    float: _Kind("float64", format_number),
    datetime: _Kind("time.Time", _moment_text),
    dict: _Kind("map[string]interface {}", _object_text),
    list: _Kind("[]interface {}", _list_text),
}

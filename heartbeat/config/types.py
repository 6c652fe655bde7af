"""What a value of the configuration may be written as, and what it becomes.

Owns the coercions every option shares: Go durations, Go booleans, base-prefixed
integers, byte sizes, scalars that stand for lists. Must not know where a value was
written or which option it is for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from heartbeat.errors import ConfigError
from heartbeat.schedule import parse_duration

T = TypeVar("T")

_INTEGER = re.compile(
    r"([+-]?)(?:0_?([0-7]+(?:_[0-7]+)*)"
    r"|(0|[1-9][0-9]*(?:_[0-9]+)*|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+))"
)

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False", ""})

_FLOAT = re.compile(r"[+-]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][+-]?[0-9]+)?")
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*\Z")
_SIZE_UNITS = {"": 1, "b": 1} | {
    unit: base ** (power + 1)
    for power, letter in enumerate("kmgtpe")
    for unit, base in (
        (letter, 1000),
        (f"{letter}b", 1000),
        (f"{letter}i", 1024),
        (f"{letter}ib", 1024),
    )
}
_SECOND_NS = 1_000_000_000
_MAX_UINT16 = 0xFFFF
_MIN_INTEGER, _MAX_INTEGER = -(2**63), 2**64 - 1
_GO_EXPONENT_FROM = 21
_GO_EXPONENT_BELOW = -4


def parse_integer(text: str) -> int:
    """Return an integer in Go's base 0: `10`, `0x1F`, `0o17`, `017`, `0b1`, `1_000`."""
    match = _INTEGER.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is no integer")
    sign, octal, other = match.groups()
    return int(f"{sign}0o{octal}" if octal else f"{sign}{other}", 0)


def parse_number(text: str) -> int | float | None:
    """Return the number a text is, None if it is none; 64 bits, beyond as a float."""
    try:
        number = parse_integer(text)
    except ValueError:
        return float(text) if _FLOAT.fullmatch(text) else None
    if _MIN_INTEGER <= number <= _MAX_INTEGER:
        return number
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def format_number(value: float) -> str:
    """Return a number as the reference prints it: `1.1`, `1000`, `1e+21`."""
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 - finite by the tests above
    power = exponent + len(digits) - 1
    if value and not _GO_EXPONENT_BELOW <= power < _GO_EXPONENT_FROM:
        mantissa = "".join(map(str, digits))
        fraction = f".{mantissa[1:]}" if len(mantissa) > 1 else ""
        return f"{'-' * sign}{mantissa[0]}{fraction}e{power:+03d}"
    return f"{Decimal(repr(value)).normalize():f}"


def format_scalar(value: str | float) -> str:
    """Return a text as it is, a number or a boolean as the reference prints it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return format_number(value)


def type_name(value: object) -> str:
    """Return the reference's name for the type of a value, for error texts."""
    match value:
        case None:
            return "nil"
        case bool():
            return "bool"
        case int():
            return "int" if value < 0 else "uint"
        case float():
            return "float"
        case str():
            return "string"
        case _:
            return "object"


def refusal(value: object, target: str, reason: str = "") -> ValueError:
    """Return the error for a value that cannot become a `target`."""
    tail = reason and f": {reason}"
    return ValueError(f"can not convert '{type_name(value)}' into '{target}'{tail}")


def _duration(value: object) -> object:
    if isinstance(value, str):
        try:
            return parse_duration(value) / _SECOND_NS
        except ConfigError as error:
            raise ValueError(f"{error} (units: h m s ms us ns)") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusal(value, "duration")
    return float(value)


def _flag(value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
    raise refusal(value, "bool", "write true or false")


def _text(value: object) -> object:
    if isinstance(value, str | int | float):
        return format_scalar(value)
    raise refusal(value, "string")


def _integer(value: object, target: str) -> int:
    match value:
        case bool():
            raise refusal(value, target)
        case int():
            return value
        case float() if math.isfinite(value):
            return int(value)
        case str():
            try:
                return parse_integer(value)
            except ValueError:
                reason = f"'{value}' is no whole number"
                raise refusal(value, target, reason) from None
        case _:
            raise refusal(value, target)


def _signed(value: object) -> object:
    return _integer(value, "int")


def _count(value: object) -> int:
    number = _integer(value, "uint")
    if number < 0:
        raise refusal(number, "uint", f"{number} is negative")
    return number


def _uint16(value: object) -> object:
    number = _count(value)
    if number > _MAX_UINT16:
        raise refusal(number, "uint", f"{number} is more than {_MAX_UINT16}")
    return number


def _byte_size(value: object) -> object:
    if not isinstance(value, str):
        return _count(value)
    match = _SIZE.match(value)
    if match is None or match[2].lower() not in _SIZE_UNITS:
        raise ValueError(f"'{value}' is no size in bytes, such as 10485760 or 10MB")
    return int(Decimal(match[1]) * _SIZE_UNITS[match[2].lower()])


def _listed(value: object) -> object:
    match value:
        case None | "":
            return ()
        case list() | tuple():
            return value  # pyright: ignore[reportUnknownVariableType]
        case Mapping():
            return _numbered(value)  # pyright: ignore[reportUnknownArgumentType]
        case _:
            return (value,)


def _one_or_many(value: object) -> object:
    """Return a list; a mapping that does not number its entries is the only one."""
    if isinstance(value, Mapping):
        members: Mapping[str, object] = value  # pyright: ignore[reportUnknownVariableType]
        is_numbered = bool(members) and all(key.isdecimal() for key in members)
        return _numbered(members) if is_numbered else (members,)
    return _listed(value)


def _numbered(members: Mapping[str, object]) -> list[object]:
    """Return members whose keys number a list, as `status.0: 200` writes it."""
    if not members or not all(key.isdecimal() for key in members):
        raise ValueError("a list is needed here, but this is a mapping")
    return [members[key] for key in sorted(members, key=int)]


def _mapping(value: object) -> object:
    if isinstance(value, Mapping):
        return value  # pyright: ignore[reportUnknownVariableType]
    raise ValueError(f"required 'object', but found '{type_name(value)}'")


class Kind(StrEnum):
    """What an option is, in words for documentation; marks the types below."""

    ANY = "any"
    COUNT = "count"
    DURATION = "duration"
    FLAG = "boolean"
    INTEGER = "integer"
    MAPPING = "mapping"
    PROCESSORS = "processors"
    SIZE = "size"
    TEXT = "text"
    UINT16 = "0 to 65535"


@dataclass(frozen=True, slots=True)
class Words:
    """Marks a text that must be one of these, perhaps in letters of any case."""

    words: tuple[str, ...]
    is_any_case: bool = False


Duration: TypeAlias = Annotated[float, BeforeValidator(_duration), Kind.DURATION]
"""Seconds; written in Go syntax (`1m30s`) or as a bare number of seconds."""

Flag: TypeAlias = Annotated[bool, BeforeValidator(_flag), Kind.FLAG]
"""A switch; a YAML boolean, or text as Go's ParseBool takes it. Empty text is off."""

Text: TypeAlias = Annotated[str, BeforeValidator(_text), Kind.TEXT]
"""Text; numbers and booleans are formatted as the reference does."""

Integer: TypeAlias = Annotated[int, BeforeValidator(_signed), Kind.INTEGER]
"""A whole number, also as base-prefixed text; fractions are cut off."""

Count: TypeAlias = Annotated[int, BeforeValidator(_count), Kind.COUNT]
"""A whole number of at least 0, also as base-prefixed text."""

Uint16: TypeAlias = Annotated[int, BeforeValidator(_uint16), Kind.UINT16]
"""A whole number from 0 to 65535, also as base-prefixed text."""

ByteSize: TypeAlias = Annotated[int, BeforeValidator(_byte_size), Kind.SIZE]
"""Bytes; a number, or text with a unit (`10MB` is decimal, `10MiB` binary)."""

Listed: TypeAlias = Annotated[tuple[T, ...], BeforeValidator(_listed)]
"""Any number of T; a scalar stands for a list of one, null and "" for none."""

Fields: TypeAlias = Annotated[
    Mapping[str, Any], BeforeValidator(_mapping), Kind.MAPPING
]
"""A mapping whose members are the operator's own, passed on as written."""

Actions: TypeAlias = Annotated[
    tuple[Fields, ...], BeforeValidator(_one_or_many), Kind.PROCESSORS
]
"""A list of mappings, each read by somebody else; a single one stands for a list."""


class Options(BaseModel):
    """Base of every model of configuration: frozen, null means the default.

    Unknown keys are not an error; whoever unpacks a section warns about them, apart
    from those a model names in `elsewhere` because other code reads them.
    """

    elsewhere: ClassVar[frozenset[str]] = frozenset()

    model_config = ConfigDict(frozen=True, extra="ignore", validate_default=True)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Return itself: nothing in it can change, and pydantic copies defaults."""
        return self

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}  # pyright: ignore[reportUnknownVariableType]
        raise ValueError(f"required 'object', but found '{type_name(data)}'")


class SwitchOptions(Options):
    """Whether a section counts at all; read before anything else of it."""

    enabled: Flag = Field(
        default=True, description="false makes the section count as absent."
    )

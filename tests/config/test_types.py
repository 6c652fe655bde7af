"""The coercions every option shares."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from heartbeat.config.types import (
    Actions,
    ByteSize,
    Count,
    Duration,
    Fields,
    Flag,
    Integer,
    Listed,
    Options,
    Text,
    Uint16,
    format_number,
    parse_integer,
    parse_number,
    type_name,
)


def read(kind: Any, value: object) -> Any:
    """Return what a value becomes as an option of this kind."""
    return TypeAdapter(kind).validate_python(value)


def refused(kind: Any, value: object) -> str:
    """Return why a value cannot become an option of this kind."""
    with pytest.raises(ValidationError) as caught:
        read(kind, value)
    return caught.value.errors()[0]["msg"].removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1m30s", 90.0), ("300ms", 0.3), (5, 5.0), (1.5, 1.5), ("0", 0.0), ("-1s", -1.0)],
)
def test_duration(value: object, expected: float) -> None:
    """A duration is Go syntax or a bare number of seconds."""
    assert expected == read(Duration, value)


def test_duration_without_unit() -> None:
    """Text needs a unit, because expanded variables never count as seconds."""
    assert refused(Duration, "10") == "invalid duration '10' (units: h m s ms us ns)"


def test_duration_from_boolean() -> None:
    """A boolean is no number of seconds."""
    assert refused(Duration, value=True) == "can not convert 'bool' into 'duration'"


@pytest.mark.parametrize("value", [True, "true", "1", "t", "T", "TRUE", "True"])
def test_flag_on(value: object) -> None:
    """Booleans and the texts of Go's ParseBool turn a switch on."""
    assert read(Flag, value) is True


@pytest.mark.parametrize("value", [False, "false", "0", "f", "F", "FALSE", "False", ""])
def test_flag_off(value: object) -> None:
    """Empty text is off, so that a variable may decide."""
    assert read(Flag, value) is False


@pytest.mark.parametrize(
    ("value", "name"), [("yes", "string"), (1, "uint"), (0.0, "float"), (None, "nil")]
)
def test_flag_refused(value: object, name: str) -> None:
    """Other words and numbers are no switch."""
    expected = f"can not convert '{name}' into 'bool': write true or false"

    assert expected == refused(Flag, value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a", "a"), (7, "7"), (True, "true"), (False, "false"), (1.10, "1.1")],
)
def test_text(value: object, expected: str) -> None:
    """Numbers and booleans are formatted."""
    assert expected == read(Text, value)


def test_text_from_list() -> None:
    """A list is no text."""
    assert refused(Text, ["a"]) == "can not convert 'object' into 'string'"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 3), (3.9, 3), ("0x10", 16), ("017", 15), ("-2", -2), ("1_000", 1000)],
)
def test_integer(value: object, expected: int) -> None:
    """Fractions are cut off, text may carry a base."""
    assert expected == read(Integer, value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "can not convert 'bool' into 'int'"),
        ("ten", "can not convert 'string' into 'int': 'ten' is no whole number"),
        (float("nan"), "can not convert 'float' into 'int'"),
        ([], "can not convert 'object' into 'int'"),
    ],
)
def test_integer_refused(value: object, expected: str) -> None:
    """What is no number says so."""
    assert expected == refused(Integer, value)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Count, -1, "can not convert 'int' into 'uint': -1 is negative"),
        (Uint16, -1, "can not convert 'int' into 'uint': -1 is negative"),
        (Uint16, 65536, "can not convert 'uint' into 'uint': 65536 is more than 65535"),
    ],
)
def test_unsigned_range(kind: Any, value: int, expected: str) -> None:
    """Unsigned numbers keep to their range."""
    assert expected == refused(kind, value)


def test_uint16_limit() -> None:
    """The largest port is a port."""
    assert read(Uint16, "65535") == 65535


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1024, 1024),
        ("10MB", 10_000_000),
        ("1GiB", 1024**3),
        ("1.5 KiB", 1536),
        ("64kb", 64_000),
        ("7", 7),
        ("7b", 7),
    ],
)
def test_byte_size(value: object, expected: int) -> None:
    """Sizes are numbers or texts with decimal or binary units."""
    assert expected == read(ByteSize, value)


@pytest.mark.parametrize("value", ["ten", "10 parsecs", ""])
def test_byte_size_refused(value: str) -> None:
    """Other texts are no size."""
    expected = f"'{value}' is no size in bytes, such as 10485760 or 10MB"

    assert expected == refused(ByteSize, value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", ("a",)),
        (1, ("1",)),
        (["a", 2], ("a", "2")),
        (("a",), ("a",)),
        ("", ()),
        (None, ()),
        ({"1": "b", "0": "a"}, ("a", "b")),
    ],
)
def test_listed(value: object, expected: tuple[str, ...]) -> None:
    """A scalar stands for a list of one, numbered keys for its entries."""
    assert expected == read(Listed[Text], value)


@pytest.mark.parametrize("value", [{}, {"a": 1}])
def test_listed_from_mapping(value: object) -> None:
    """A mapping where a list belongs is a fault, never silently nothing."""
    expected = "a list is needed here, but this is a mapping"

    assert expected == refused(Listed[Text], value)


def test_fields() -> None:
    """Fields are passed on as written, nulls below included."""
    assert read(Fields, {"a": {"b": None}}) == {"a": {"b": None}}


def test_fields_from_text() -> None:
    """Text where a mapping belongs is a fault."""
    assert refused(Fields, "text") == "required 'object', but found 'string'"


class Sample(Options):
    """A model with one option."""

    limit: Count = 3


def test_null_means_default() -> None:
    """An option that is null counts as absent."""
    assert Sample(limit=3) == Sample.model_validate({"limit": None})


def test_model_from_model() -> None:
    """A default that is a model already passes."""
    assert Sample(limit=4) == Sample.model_validate(Sample(limit=4))


def test_model_from_text() -> None:
    """Text where a section belongs is a fault."""
    assert refused(Sample, "text") == "required 'object', but found 'string'"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1000.0, "1000"),
        (1e21, "1e+21"),
        (1.5e21, "1.5e+21"),
        (1e20, "100000000000000000000"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (-2.5e-7, "-2.5e-07"),
        (0.0, "0"),
        (12, "12"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
    ],
)
def test_format_number(value: float, expected: str) -> None:
    """Numbers print as Go prints them."""
    assert expected == format_number(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_format_number_loses_nothing(value: float) -> None:
    """Whatever is printed reads as the same number."""
    assert value == float(format_number(value))


@given(st.integers(min_value=-(2**63), max_value=2**64 - 1), st.sampled_from("dxob"))
def test_parse_integer_in_any_base(value: int, base: str) -> None:
    """A number is read in every base it can be written in."""
    prefix = "" if base == "d" else f"0{base}"
    text = f"{'-' if value < 0 else ''}{prefix}{abs(value):{base}}"

    assert value == parse_integer(text)


@pytest.mark.parametrize("text", ["", "-", "08", "0x", "1__0", "1_", "٣", " 1"])
def test_parse_integer_refused(text: str) -> None:
    """What Go does not read is no integer."""
    with pytest.raises(ValueError, match="is no integer"):
        parse_integer(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1e3", 1000.0), (".5", 0.5), ("08", 8.0), (str(2**64), 2.0**64), ("x", None)],
)
def test_parse_number(text: str, expected: float | None) -> None:
    """What is no integer of 64 bits may be a float."""
    assert expected == parse_number(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "nil"), (-1, "int"), (1, "uint"), ({}, "object"), (b"", "object")],
)
def test_type_name(value: object, expected: str) -> None:
    """Types are called what the reference calls them."""
    assert expected == type_name(value)


ACTIONS: list[tuple[Any, Any]] = [
    ([{"a": 1}, {"b": 2}], ({"a": 1}, {"b": 2})),
    ({"a": 1}, ({"a": 1},)),
    ({"1": {"b": 2}, "0": {"a": 1}}, ({"a": 1}, {"b": 2})),
    ({}, ({},)),
    (None, ()),
]


@pytest.mark.parametrize(("value", "expected"), ACTIONS)
def test_actions(value: object, expected: object) -> None:
    """A single mapping is a list of one, unless it numbers its entries."""
    assert expected == read(Actions, value)


def test_no_actions() -> None:
    """Entries are mappings."""
    assert refused(Actions, ["add_tags"]) == "required 'object', but found 'string'"

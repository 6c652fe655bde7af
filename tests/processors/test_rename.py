"""`rename`."""

from __future__ import annotations

import pytest

from heartbeat.errors import ProcessorError
from tests.support.processors import faults, processed


def renamed(
    fields: dict[str, object], *pairs: tuple[str, str], **options: object
) -> dict[str, object] | None:
    """Return fields after some got other names."""
    named = [{"from": old, "to": new} for old, new in pairs]
    return processed("rename", {"fields": named, **options}, fields)


@pytest.mark.parametrize(
    ("fields", "pair", "expected"),
    [
        ({"a": {"b": 1}}, ("a.b", "c"), {"a": {}, "c": 1}),
        ({"a": 1}, ("a", "a.b"), {"a": {"b": 1}}),
        ({"a.b": 1}, ("a.b", "a.c"), {"a": {"c": 1}}),
    ],
)
def test_rename(
    fields: dict[str, object], pair: tuple[str, str], expected: object
) -> None:
    """The value goes from one name to the other."""
    assert expected == renamed(fields, pair)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"a": 1, "b": 2}, "target field b already exists, drop or rename this field"),
        ({}, "could not fetch value for key: a, Error: key not found"),
    ],
)
def test_failures(fields: dict[str, object], message: str) -> None:
    """A name must be free and a field must be there."""
    with pytest.raises(
        ProcessorError, match=f"Failed to rename fields in processor: {message}"
    ):
        renamed(fields, ("a", "b"))


def test_names_with_dots_in_the_way() -> None:
    """A name cannot lead through a value, which then stays where it was."""
    fields: dict[str, object] = {"a": 1, "b": "text"}

    with pytest.raises(ProcessorError, match="expected map but type is string"):
        renamed(fields, ("a", "b.c"))
    assert fields == renamed(fields, ("a", "b.c"), fail_on_error=False)


def test_partial() -> None:
    """Without fail_on_error what can be renamed is."""
    pairs = ("x", "y"), ("a", "b")

    assert renamed({"a": 1}, *pairs, fail_on_error=False) == {"b": 1}
    assert renamed({"a": 1}, *pairs, ignore_missing=True) == {"b": 1}


def test_required() -> None:
    """Fields must be written."""
    assert faults({"rename": {}}) == ["missing fields option in processors.0.rename"]

"""`lowercase` and `uppercase`."""

from __future__ import annotations

import pytest

from heartbeat.errors import ProcessorError
from tests.support.processors import faults, processed


@pytest.mark.parametrize(
    ("name", "options", "fields", "expected"),
    [
        (
            "uppercase",
            {"fields": ["in.text"]},
            {"in": {"text": "a", "other": 1}},
            {"IN": {"TEXT": "a", "other": 1}},
        ),
        (
            "uppercase",
            {"fields": ["in.text"], "alter_full_field": False},
            {"in": {"text": "a", "other": 1}},
            {"in": {"TEXT": "a", "other": 1}},
        ),
        ("lowercase", {"fields": ["A"]}, {"b": 1, "A": 2}, {"b": 1, "a": 2}),
        ("lowercase", {"fields": ["field"]}, {"Field": 1}, {"field": 1}),
        ("lowercase", {"fields": ["a"]}, {"a": 1}, {"a": 1}),
        (
            "lowercase",
            {"fields": [], "values": ["a.b"]},
            {"a": {"b": "ÄX"}},
            {"a": {"b": "äx"}},
        ),
        (
            "uppercase",
            {"fields": ["a"], "values": ["b"], "ignore_missing": True},
            {"c": 1},
            {"c": 1},
        ),
    ],
)
def test_names_and_values(
    name: str, options: object, fields: dict[str, object], expected: object
) -> None:
    """Names are found in any case; values only where they are listed."""
    assert expected == processed(name, options, fields)


@pytest.mark.parametrize(
    ("options", "fields", "message"),
    [
        (
            {"fields": ["a"]},
            {"a": 1, "A": 2},
            'multiple keys match "A" on the same level of the path "a": key collision',
        ),
        (
            {"fields": ["aB"]},
            {"ab": 1, "AB": 2},
            'multiple keys match "aB" on',
        ),
        ({"fields": ["x"]}, {}, "could not fetch value for key: x, Error: key not fou"),
        ({"fields": ["a.b"]}, {"a": 1}, "could not fetch value for key: a.b, Error:"),
        ({"fields": ["a.b"]}, {"a": {}}, "could not fetch value for key: a.b, Error:"),
        (
            {"fields": [], "values": ["a"]},
            {"a": 1},
            "invalid type for `a`, expecting a string received int",
        ),
    ],
)
def test_failures(options: object, fields: dict[str, object], message: str) -> None:
    """Names that collide, fields that are not there, values that are no text."""
    with pytest.raises(ProcessorError, match=f"failed to uppercase: {message}"):
        processed("uppercase", options, fields)


@pytest.mark.parametrize("name", ["lowercase", "uppercase"])
def test_options(name: str) -> None:
    """Fields are required even if only values matter, and `when` is refused."""
    assert faults({name: {"values": ["a"], "when": {"equals": {"a": 1}}}}) == [
        f"unexpected when option in processors.0.{name}",
        f"missing fields option in processors.0.{name}",
    ]

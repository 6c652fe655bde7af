"""`add_fields`."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.processors import chain, event, processed


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"fields": {"a": 1}}, {"x": 1, "fields": {"a": 1}}),
        ({"target": "", "fields": {"a": {"b": 1}}}, {"x": 1, "a": {"b": 1}}),
        (
            {"target": "project", "fields": {"a.b": 1}},
            {"x": 1, "project": {"a": {"b": 1}}},
        ),
        ({"target": "", "fields": {"x": {"a": 1}}}, {"x": {"a": 1}}),
        ({"fields": {}}, {"x": 1}),
    ],
)
def test_places(options: object, expected: object) -> None:
    """Members go under `fields`, another target or to the top."""
    assert expected == processed("add_fields", options, {"x": 1})


def test_mappings_are_merged() -> None:
    """What is there stays, unless it is written anew."""
    options = {"target": "", "fields": {"a": {"b": {"c": 2}, "d": 3}}}

    assert processed("add_fields", options, {"a": {"b": {"c": 1, "e": 1}}}) == {
        "a": {"b": {"c": 2, "e": 1}, "d": 3}
    }


def test_metadata() -> None:
    """Metadata is a target, too."""
    one = chain({"add_fields": {"target": "@metadata", "fields": {"a": "b"}}})
    changed = asyncio.run(one.run(event()))

    assert changed is not None
    assert changed.routing.extra == {"a": "b"}
    assert changed.fields == {}

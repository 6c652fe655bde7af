"""`truncate_fields`."""

from __future__ import annotations

import pytest

from heartbeat.errors import ProcessorError
from tests.support.processors import faults, processed

FLAG = {"log": {"flags": ["truncated"]}}


@pytest.mark.parametrize(
    ("options", "text", "expected"),
    [
        ({"max_characters": 3}, "grün", {"a": "grü", **FLAG}),
        ({"max_bytes": 4}, "grün", {"a": "grü", **FLAG}),
        ({"max_bytes": 3}, "grün", {"a": "gr", **FLAG}),
        ({"max_bytes": 5}, "grün", {"a": "grün"}),
        ({"max_characters": 4}, "grün", {"a": "grün"}),
    ],
)
def test_cut(options: dict[str, object], text: str, expected: object) -> None:
    """A text is cut between characters, and the event says so."""
    found = processed("truncate_fields", {"fields": ["a"], **options}, {"a": text})

    assert expected == found


def test_what_cannot_be_cut() -> None:
    """By default that is passed over; options can make it a failure."""
    options = {"fields": ["x", "n", "a"], "max_characters": 1}

    assert processed("truncate_fields", options, {"a": "bc", "n": 7}) == {
        "a": "b",
        "n": 7,
        **FLAG,
    }
    assert processed("truncate_fields", {**options, "ignore_missing": True}, {}) == {}
    with pytest.raises(ProcessorError, match="Failed to truncate fields in processor"):
        processed("truncate_fields", {**options, "fail_on_error": True}, {"a": "bc"})


@pytest.mark.parametrize(
    "limits", [{}, {"max_bytes": 1, "max_characters": 1}, {"max_bytes": 0}]
)
def test_one_limit(limits: dict[str, int]) -> None:
    """There is exactly one limit."""
    assert faults({"truncate_fields": {"fields": ["a"], **limits}}) == [
        (
            "write either max_bytes or max_characters, above 0 accessing"
            " 'processors.0.truncate_fields'"
        )
    ]

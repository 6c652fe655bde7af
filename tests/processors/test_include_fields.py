"""`include_fields`."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.processors import AT, chain, event, faults

WHOLE = {"a": {"b": 1, "c": 2}, "http": {"rtt": {"us": 1}}, "type": "x"}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.b"], {"type": "x", "a": {"b": 1}}),
        (["/^http/", "nope"], {"type": "x", "http": {"rtt": {"us": 1}}}),
        ([], {"type": "x"}),
    ],
)
def test_fields(names: list[str], expected: object) -> None:
    """Only what is named stays, beside what always does."""
    one = chain({"include_fields": {"fields": names}})
    changed = asyncio.run(one.run(event(WHOLE)))

    assert changed is not None
    assert expected == changed.fields
    assert changed.timestamp == AT
    assert changed.routing.id == "id-1"


def test_required() -> None:
    """Fields must be written, and `ignore_missing` is none of the options."""
    assert faults({"include_fields": {"ignore_missing": True}}) == [
        "unexpected ignore_missing option in processors.0.include_fields",
        "missing fields option in processors.0.include_fields",
    ]

"""`drop_fields`."""

from __future__ import annotations

import asyncio

import pytest

from heartbeat.errors import ProcessorError
from tests.support.processors import chain, event, faults, processed

WHOLE = {"a": {"b": 1, "c": 2}, "http": {"rtt": {"us": 1}}, "type": "x"}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.b"], {**WHOLE, "a": {"c": 2}}),
        (["a", "http"], {"type": "x"}),
        (["type", "@timestamp", "a"], {"http": {"rtt": {"us": 1}}, "type": "x"}),
        (["/^a/"], {"http": {"rtt": {"us": 1}}, "type": "x"}),
        ([r"/\.us$/", "/type/"], {**WHOLE, "http": {"rtt": {}}}),
        ([""], WHOLE),
        ([], WHOLE),
    ],
)
def test_fields(names: list[str], expected: object) -> None:
    """Names and patterns; `type` and `@timestamp` stay."""
    assert expected == processed("drop_fields", {"fields": names}, WHOLE)


def test_missing() -> None:
    """What is missing is told after the rest was dropped."""
    one = chain({"drop_fields": {"fields": ["x", "a"]}})
    changed = asyncio.run(one.run(event(a=1)))

    assert changed is not None
    assert changed.fields == {}
    with pytest.raises(ProcessorError, match=r"failed to drop field \[x\], error: key"):
        processed("drop_fields", {"fields": ["x"]}, WHOLE)


def test_may_be_missing() -> None:
    """Options may allow it."""
    options = {"fields": ["x"], "ignore_missing": True}

    assert processed("drop_fields", options, WHOLE) == WHOLE


def test_a_bad_pattern() -> None:
    """A pattern that is none is told at once."""
    (fault,) = faults({"drop_fields": {"fields": ["/(/"]}})

    assert fault.startswith("invalid pattern '('")
    assert fault.endswith("accessing 'processors.0.drop_fields.fields.0'")

"""`copy_fields`."""

from __future__ import annotations

import pytest

from heartbeat.errors import ProcessorError
from tests.support.processors import processed


def copied(fields: dict[str, object], **options: object) -> dict[str, object] | None:
    """Return fields after `a.b` was copied to `c.d`."""
    pairs = {"fields": [{"from": "a.b", "to": "c.d"}]}
    return processed("copy_fields", {**pairs, **options}, fields)


def test_copy() -> None:
    """Both have the value."""
    assert copied({"a": {"b": 1}}) == {"a": {"b": 1}, "c": {"d": 1}}


def test_a_target_that_is_there() -> None:
    """Nothing is overwritten."""
    with pytest.raises(ProcessorError, match=r"target field c\.d already exists"):
        copied({"a": {"b": 1}, "c": {"d": 2}})


def test_missing() -> None:
    """A missing field is a failure unless it may be missing."""
    with pytest.raises(ProcessorError, match="Failed to copy fields in copy_fields"):
        copied({"c": {}})
    assert copied({"c": {}}, ignore_missing=True) == {"c": {}}
    assert copied({"c": {}}, fail_on_error=False) == {"c": {}}

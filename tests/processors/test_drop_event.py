"""`drop_event`."""

from __future__ import annotations

from tests.support.processors import faults, processed


def test_all() -> None:
    """Without a condition every event is dropped."""
    assert processed("drop_event", None, {"a": 1}) is None


def test_some() -> None:
    """With a condition those that are as it says are."""
    options = {"when": {"equals": {"monitor.status": "up"}}}

    assert processed("drop_event", options, {"monitor": {"status": "up"}}) is None
    assert processed("drop_event", options, {"monitor": {"status": "down"}})


def test_other_options() -> None:
    """There are none."""
    assert faults({"drop_event": {"equals": {"a": 1}}}) == [
        "unexpected equals option in processors.0.drop_event"
    ]

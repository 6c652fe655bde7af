"""`now`."""

from __future__ import annotations

from tests.support.clock import FakeClock
from tests.support.processors import context, faults, processed


def test_the_present() -> None:
    """It is written as the clock has it, not as the event does."""
    clock = FakeClock(now_ns=1_800_000_000_000_000_000)
    fields = processed("now", {"field": "event.ingested"}, within=context(clock))

    assert fields == {"event": {"ingested": "2027-01-15T08:00:00.000Z"}}


def test_options() -> None:
    """The field is required and the only option."""
    assert faults({"now": {"fields": "a"}}) == [
        "unexpected fields option in processors.0.now",
        "missing field option in processors.0.now",
    ]

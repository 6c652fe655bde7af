"""`rate_limit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.processors.rate_limit import Buckets
from tests.support.clock import FakeClock
from tests.support.processors import context, event, faults, processor

# pyright: reportPrivateUsage=false

if TYPE_CHECKING:
    from collections.abc import Callable


def limited(clock: FakeClock, **options: object) -> Callable[[object], bool]:
    """Return whether an event with a field passes, for one after the other."""
    one: Any = processor("rate_limit", options, context(clock))
    return lambda value: one(event(a=value)) is not None


def test_a_limit() -> None:
    """What is above is dropped until time has passed."""
    clock = FakeClock()
    passes = limited(clock, limit="2/m")

    assert [passes(1) for _ in range(3)] == [True, True, False]
    clock.jump(30)
    assert [passes(1) for _ in range(2)] == [True, False]


def test_idle_time_does_not_add_up() -> None:
    """After a quiet hour no more pass at once than ever."""
    clock = FakeClock()
    passes = limited(clock, limit="2/s")
    passes(1)
    clock.jump(3600)

    assert [passes(1) for _ in range(3)] == [True, True, False]


def test_bursts() -> None:
    """A multiple of the limit may come at once."""
    bucket = {"token_bucket": {"burst_multiplier": 1.5}}
    passes = limited(FakeClock(), limit="2/h", algorithm=bucket)

    assert [passes(1) for _ in range(4)] == [True, True, True, False]


def test_by_fields() -> None:
    """Each value has a limit of its own; a missing one and text are values, too."""
    clock = FakeClock()
    passes = limited(clock, limit="1/s", fields=["a"])

    assert [passes(value) for value in (1, "1", None, 1)] == [True, True, True, False]


def test_full_buckets_are_forgotten() -> None:
    """Memory does not grow with every value there ever was."""
    clock = FakeClock()
    buckets = Buckets(clock, rate=1.0, depth=1.0, sweep_after=3)
    buckets.take(("a",))
    clock.jump(10)
    buckets.take(("b",))
    buckets.take(("c",))

    assert set(buckets._buckets) == {("b",), ("c",)}


@pytest.mark.parametrize("limit", ["5", "5/d", "-1/s", "s/5", "5/s/m"])
def test_no_limit(limit: str) -> None:
    """A limit is a number and a unit."""
    assert faults({"rate_limit": {"limit": limit}}) == [
        (
            f"'{limit}' is no limit such as 5/s, 100/m or 2000/h accessing"
            " 'processors.0.rate_limit.limit'"
        )
    ]


def test_required() -> None:
    """A limit must be written."""
    assert faults({"rate_limit": {}}) == [
        "missing limit option in processors.0.rate_limit"
    ]

"""Which worker a monitor belongs to."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.partition import NOTHING, WHOLE, Share, owner_of

COUNTS = st.integers(1, 40)


@given(st.text(), COUNTS)
def test_every_monitor_has_one_owner(monitor_id: str, count: int) -> None:
    """Of all shares exactly one owns it, whatever its name is."""
    owners = [n for n in range(count) if Share(n, count).owns(monitor_id)]

    assert owners == [owner_of(monitor_id, count)]


@given(st.text(), COUNTS)
def test_one_worker_more_takes_and_moves_nothing_else(
    monitor_id: str, count: int
) -> None:
    """A monitor stays where it is, or goes to the new one."""
    before, after = owner_of(monitor_id, count), owner_of(monitor_id, count + 1)

    assert after in {before, count}


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_as_many_move_as_have_to(count: int) -> None:
    """The new worker gets its part of all, within what chance allows."""
    names = [f"monitor-{number}" for number in range(4000)]
    moved = sum(owner_of(n, count) != owner_of(n, count + 1) for n in names)

    assert abs(moved / len(names) - 1 / (count + 1)) < 0.03


def test_shares_are_even() -> None:
    """Names that differ in a digit are no problem."""
    names = [f"host-{number}.example:443" for number in range(4000)]
    sizes = Counter(owner_of(name, 4) for name in names)

    assert all(abs(size - 1000) < 120 for size in sizes.values())


def test_owners_stay_what_they_are() -> None:
    """The rule is the same on every host and in every version."""
    names = ("web", "shop", "größe", "db", "mail")

    assert [owner_of(name, 3) for name in names] == [1, 1, 0, 2, 2]


def test_whole_and_nothing() -> None:
    """A process alone has all monitors; one that empties a store none."""
    assert (WHOLE.owns("web"), NOTHING.owns("web")) == (True, False)


@pytest.mark.parametrize(
    ("limit", "expected"), [(0, [0, 0, 0]), (10, [4, 3, 3]), (2, [1, 1, 1])]
)
def test_limit_is_shared(limit: int, expected: list[int]) -> None:
    """The parts make up the whole, but none may be 0, which means no limit."""
    assert [Share(n, 3).of(limit) for n in range(3)] == expected


def test_nothing_has_no_part_in_a_limit() -> None:
    """A store is emptied under the limit it was filled under."""
    assert NOTHING.of(7) == 7

"""What operators ask of single values."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.conditions.values import containing, equal_to, matching, within


@pytest.mark.parametrize(
    ("wanted", "value", "expected"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("42", 42, False),
        (42, 42, True),
        (42, "42", False),
        (42, 42.0, False),
        (1, True, False),
        (True, 1, False),
        (True, True, True),
        (-1, 2**64 - 1, True),
        (5, None, False),
    ],
)
def test_equal_to(wanted: Any, value: Any, *, expected: bool) -> None:
    """Types do not mix, and integers are unsigned."""
    assert expected == equal_to("f", wanted)(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("xaby", True),
        ("xay", False),
        (["x", "ab"], True),
        (["x", 1], False),
        (1, False),
    ],
)
def test_containing(value: Any, *, expected: bool) -> None:
    """A piece of text is looked for in texts and in lists of them."""
    assert expected == containing("f", "ab")(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("xaby", True), ("xay", False), (["x", "ab"], True), (None, False)],
)
def test_matching(value: Any, *, expected: bool) -> None:
    """A pattern is looked for anywhere in texts and in lists of them."""
    assert expected == matching("f", "a[b]")(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2, True),
        (1, False),
        (2.5, True),
        (3, True),
        (3.5, False),
        ("2", True),
        ("2e0", True),
        ("two", False),
        (True, False),
        (None, False),
        ([2], False),
    ],
)
def test_within(value: Any, *, expected: bool) -> None:
    """All bounds hold, for numbers and for texts of numbers."""
    assert expected == within([("gt", 1), ("lte", "3")])(value)


@pytest.mark.parametrize(
    ("bound", "expected"),
    [("gte", True), ("lte", True), ("gt", False), ("lt", False)],
)
def test_bounds(bound: str, *, expected: bool) -> None:
    """A bound itself is within or not."""
    assert expected == within([(bound, 2)])(2)

"""Conditions: which operator counts and how conditions combine."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.conditions import MISSING, build_condition, find

DOCUMENT = {
    "monitor": {"status": "down", "duration": {"us": 1500}},
    "tags": ["web", "prod", 3],
    "dotted.name": {"inner": 1},
    "null": None,
    "up": False,
    "negative": -1,
    "ip": "10.1.2.3",
    "text": "5",
    "ratio": 0.5,
}


def holds(written: Any) -> bool:
    """Tell whether a condition holds for the document."""
    return build_condition(written)(DOCUMENT)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("monitor.status", "down"),
        ("monitor.duration.us", 1500),
        ("dotted.name", {"inner": 1}),
        ("dotted.name.inner", MISSING),
        ("null", None),
        ("monitor.status.more", MISSING),
        ("nothing", MISSING),
        ("tags.0", MISSING),
    ],
)
def test_find(path: str, expected: object) -> None:
    """Paths lead through objects; a member's own dots come first; null is there."""
    assert expected == find(DOCUMENT, path)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"equals": {"monitor.status": "down"}}, True),
        ({"equals": {"monitor": {"status": "down"}}}, True),
        ({"equals": {"monitor.status": "down", "up": False}}, True),
        ({"equals": {"monitor.status": "down", "up": True}}, False),
        ({"contains": {"tags": "ro"}}, True),
        ({"regexp": {"monitor.status": "^do"}}, True),
        ({"range": {"monitor.duration.us": {"gte": 1500, "lt": 2000}}}, True),
        ({"range": {"monitor.duration.us.gt": 1500}}, False),
        ({"has_fields": ["monitor.status", "null"]}, True),
        ({"has_fields": ["monitor.status", "nothing"]}, False),
        ({"has_fields": "up"}, True),
        ({"network": {"ip": "private"}}, True),
        ({"network": {"ip": ["loopback", "10.1.0.0/16"]}}, True),
        ({"not": {"equals": {"nothing": "x"}}}, True),
        ({"or": [{"has_fields": "nothing"}, {"has_fields": "up"}]}, True),
        ({"or": [{"has_fields": "nothing"}]}, False),
        ({"and": [{"has_fields": "up"}, {"has_fields": "nothing"}]}, False),
        ({"and": {"has_fields": "up"}}, True),
        ({"equals": {}}, True),
        ({"equals": {"tags": ["web"]}}, False),
        ({"equals": None, "has_fields": "up"}, True),
    ],
)
def test_operators(written: dict[str, Any], *, expected: bool) -> None:
    """Every field of an operator must be there and as wanted."""
    assert expected == holds(written)


def test_first_operator_counts() -> None:
    """Of several operators one counts, and the others are reported."""
    doubts: list[str] = []
    written = {"has_fields": "nothing", "not": {}, "equals": {"up": False}}

    assert build_condition(written, doubts.append)(DOCUMENT)
    assert doubts == [
        "only 'equals' counts in this condition, not has_fields, not",
    ]


def test_inner_doubts_are_reported() -> None:
    """Conditions within conditions report, too."""
    doubts: list[str] = []
    inner = {"has_fields": "up", "equals": {"up": False}}

    build_condition({"and": [inner], "or": [inner]}, doubts.append)
    build_condition({"not": {"or": [inner]}}, doubts.append)

    assert len(doubts) == 3


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({}, "missing or invalid condition"),
        ({"has": "x"}, "missing or invalid condition"),
        ("equals", "missing or invalid condition"),
        ({"equals": ["x"]}, "missing or invalid condition"),
        ({"not": {}}, "missing or invalid condition"),
        (
            {"equals": {"a": 1.5}},
            (
                "condition attempted to set 'a' -> '1.5' and encountered unexpected "
                "type 'float', only strings, ints, and booleans are allowed"
            ),
        ),
        (
            {"equals": {"a": None}},
            (
                "condition attempted to set 'a' -> 'None' and encountered unexpected "
                "type 'nil', only strings, ints, and booleans are allowed"
            ),
        ),
        ({"contains": {"a": 1}}, "unexpected type int of 1 for 'a'"),
        ({"regexp": {"a": True}}, "unexpected type bool of True for 'a'"),
        ({"regexp": {"a": "("}}, "invalid pattern '(': missing ): ("),
        ({"range": {"a": 1}}, "unexpected range operator a"),
        ({"range": {"a": {"ge": 1}}}, "unexpected range operator ge"),
        ({"range": {"a": {"gt": "x"}}}, "'x' is no number to compare with"),
        (
            {"network": {"a": 1}},
            (
                "network condition attempted to set 'a' -> '1', "
                "only strings or lists of strings are allowed"
            ),
        ),
    ],
)
def test_refused(written: Any, message: str) -> None:
    """What can never work is refused."""
    with pytest.raises(ValueError, match=r".") as caught:
        build_condition(written)

    assert message == str(caught.value)

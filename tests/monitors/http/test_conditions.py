"""The conditions of a response one by one."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.monitors.base import BrokenCheck
from heartbeat.monitors.http.conditions import Tally, conditions
from heartbeat.monitors.http.options import ExpectedOptions


def wanted(**options: Any) -> list[str]:
    """Return the conditions of some options, in words."""
    return Tally(ExpectedOptions.model_validate(options)).wanted


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a", ["body has /a/"]),
        (["a", "b"], ["body has /a/ or /b/"]),
        ({"positive": ["a"]}, ["body has /a/"]),
        ({"negative": ["a", "b"]}, ["body has no /a/", "body has no /b/"]),
    ],
)
def test_shapes_of_a_body(body: Any, expected: list[str]) -> None:
    """One of the wanted patterns is enough, of the others none may be found."""
    assert ["status is below 400", *expected] == wanted(body=body)


def test_rules_of_json() -> None:
    """A rule goes by its description, or by what it says."""
    rules = [
        {"description": "first", "expression": "a == 1"},
        {"expression": "b == 1"},
        {"condition": {"equals": {"c": 1}}},
    ]

    assert wanted(json=rules)[1:] == ["JSON: first", "JSON: b == 1", "JSON: condition"]


def test_all_conditions_are_those_of_the_options() -> None:
    """Each has a check of its own, in the order in which the monitor looks."""
    options = {"status": [200, 201], "headers": {"A": "1", "B": "2"}, "body": "x"}

    found = list(conditions(ExpectedOptions.model_validate(options)))

    assert [text for text, _ in found] == [
        *("status is 200, 201", "header A is '1'", "header B is '2'", "body has /x/")
    ]
    assert len({check for _, check in found}) == 4


def test_other_checks_stay_as_they_are() -> None:
    """A check that has no conditions is not touched."""
    check = BrokenCheck("why")

    assert Tally(ExpectedOptions()).watched(check) is check

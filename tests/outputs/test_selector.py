"""Selectors: rules, conditions, mappings, defaults."""

from __future__ import annotations

import re
from typing import Any

import pytest

from heartbeat.config import Section, Text
from heartbeat.config.variables import Scope
from heartbeat.errors import ConfigError
from heartbeat.outputs.fields import RecordFields
from heartbeat.outputs.selector import RuleOptions, Selector, build_selector
from tests.support.clock import START_NS
from tests.support.records import record


class PlaceRule(RuleOptions):
    """A rule of `places`."""

    place: Text = ""


def selector(**options: Any) -> Selector:
    """Return what `place` and `places` choose."""
    return build_selector(Section(options), "place", PlaceRule, default="else")


def when(number: int) -> dict[str, Any]:
    """Return the condition that it is this record."""
    return {"equals": {"monitor.id": f"m{number}"}}


@pytest.mark.parametrize(
    ("options", "choice"),
    [
        ({}, "else"),
        ({"place": "a"}, "a"),
        ({"place": None, "places": None}, "else"),
        ({"places": ""}, "else"),
        ({"place": 7}, "7"),
        ({"place": "%{[monitor.id]}"}, "m1"),
        ({"place": "%{[nothing]}"}, ""),
        ({"place": "%{+yyyy}"}, "2026"),
        ({"place": "%{[@metadata.pipeline]}"}, "geo"),
        ({"places": [{"place": "a"}]}, "a"),
        ({"places": [{"place": "a", "when": when(1)}]}, "a"),
        ({"places": [{"place": "a", "when": when(2)}]}, "else"),
        ({"places": [{"place": "%{[nothing]}"}, {"place": "b"}]}, "b"),
        ({"places": [{"place": "%{[nothing]}", "default": "d"}]}, "d"),
        ({"places": [{"place": "%{[monitor.id]}", "mappings": {"m1": "M"}}]}, "M"),
        ({"places": [{"place": "%{[monitor.id]}", "mappings": {"m2": 2}}]}, "else"),
        (
            {
                "places": [
                    {"place": "%{[monitor.id]}", "mappings": {"x": "y"}, "default": "d"}
                ]
            },
            "d",
        ),
        ({"places": [{"place": "a", "mappings": {"a": "b"}}]}, "b"),
    ],
)
def test_choices(options: dict[str, Any], choice: str) -> None:
    """The first rule that gives anything counts, then the plain option."""
    assert selector(**options).choose(record(1, pipeline="geo")) == choice


@pytest.mark.parametrize(
    ("options", "static"),
    [
        ({}, "else"),
        ({"place": "a"}, "a"),
        ({"places": [{"place": "a"}, {"place": "%{+yyyy}"}]}, "a"),
        ({"places": [{"place": "a", "mappings": {"b": "c"}}]}, "else"),
        ({"places": [{"place": "a", "when": when(1)}]}, None),
        ({"place": "%{+yyyy}"}, None),
    ],
)
def test_what_is_the_same_for_all_events(
    options: dict[str, Any], static: str | None
) -> None:
    """It is known when the rules are read."""
    assert selector(**options).static == static


@pytest.mark.parametrize(
    ("options", "needs_fields", "is_open"),
    [
        ({"place": "%{+yyyy}"}, False, False),
        ({"place": "%{[monitor.id]}"}, True, True),
        ({"places": [{"place": "a", "when": when(1)}]}, True, False),
        (
            {"places": [{"place": "%{[monitor.id]}", "mappings": {"m1": "a"}}]},
            True,
            False,
        ),
    ],
)
def test_what_has_to_be_known_of_events(
    options: dict[str, Any], *, needs_fields: bool, is_open: bool
) -> None:
    """Their fields for conditions and references, but not always for what is found."""
    chosen = selector(**options)

    assert (chosen.needs_fields, chosen.is_open) == (needs_fields, is_open)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["else"]),
        ({"place": "a-%{+yyyy}"}, ["a-2026"]),
        ({"place": "%{[monitor.id]}"}, []),
        ({"places": [{"place": "a", "when": when(1)}]}, ["a", "else"]),
        (
            {
                "place": "a",
                "places": [
                    {
                        "place": "%{[monitor.id]}",
                        "mappings": {"m1": "b", "m2": "b"},
                        "default": "c",
                    }
                ],
            },
            ["b", "c", "a"],
        ),
    ],
)
def test_what_is_known_before_any_event(
    options: dict[str, Any], names: list[str]
) -> None:
    """Whatever the rules may choose, unless it is made of fields."""
    assert selector(**options).possible(START_NS) == names


def test_nothing_to_choose() -> None:
    """Without rules and default nothing is chosen."""
    chosen = build_selector(Section({}), "place", PlaceRule)

    assert (chosen.static, chosen.choose(record(1))) == ("", "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"place": "%{"}, "missing '}' in '%{' accessing 'place'"),
        ({"places": [{"default": "d"}]}, "missing places.0.place accessing 'places.0'"),
        ({"places": [{"place": "%{+q}"}]}, "accessing 'places.0.place'"),
        (
            {"places": [{"place": "a", "when": {"is": 1}}]},
            "missing or invalid condition accessing 'places.0.when'",
        ),
    ],
)
def test_what_cannot_work_is_refused(options: dict[str, Any], message: str) -> None:
    """The rule and the reason are told."""
    with pytest.raises(ConfigError, match=re.escape(message)):
        selector(**options)


def test_conditions_that_do_not_count_are_told() -> None:
    """One operator counts in a condition."""
    scope = Scope()
    condition = {"equals": {"a": 1}, "contains": {"b": "c"}}
    section = Section({"places": [{"place": "a", "when": condition}]}, scope)

    build_selector(section, "place", PlaceRule)

    (warning,) = map(str, scope.reported)
    assert "only 'equals' counts" in warning


def test_fields_of_a_record() -> None:
    """Nested ones by dotted path; metadata is known without decoding."""
    fields = RecordFields(record(1, index="logs"))

    assert fields("@metadata.raw_index") == "logs"
    assert fields("@metadata.nothing") is None
    assert fields("monitor") == {"id": "m1"}
    assert fields("@timestamp") == "2026-09-21T14:13:20.000Z"
    assert fields("monitor.nothing") is None

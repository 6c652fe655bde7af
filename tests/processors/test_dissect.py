"""`dissect`."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.errors import ProcessorError
from heartbeat.processors.tokenizer import Mismatch, Tokenizer
from tests.support.processors import chain, event, faults, processed


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("%{a}", "all of it", {"a": "all of it"}),
        ("%{a} - %{b}", "1 - 2", {"a": "1", "b": "2"}),
        ("<%{a}> %{}: %{b}", "<1> skipped: 2", {"a": "1", "b": "2"}),
        ("%{a} %{?b} %{c}", "1 2 3", {"a": "1", "c": "3"}),
        ("%{+a} %{+a}", "1 2", {"a": "1 2"}),
        ("%{+a/2} %{+a/1}", "1 2", {"a": "2 1"}),
        ("%{?k}=%{&k}", "name=value", {"name": "value"}),
        ("%{*k}=%{&k}", "name=value", {"name": "value"}),
        ("%{a->} %{b}", "1    2", {"a": "1", "b": "2"}),
        ("%{a#2}%{b#3} %{c}", "12345 6", {"a": "12", "b": "345", "c": "6"}),
        ("%{a},%{b},%{c}", "1,,3", {"a": "1", "b": "", "c": "3"}),
    ],
)
def test_patterns(pattern: str, text: str, expected: dict[str, str]) -> None:
    """Each mark of a key does what it says."""
    assert Tokenizer(pattern).find(text) == expected


@pytest.mark.parametrize(
    ("pattern", "text", "message"),
    [
        ("[%{a}]", "1]", "could not find beginning delimiter: `\\[`"),
        ("[%{a}]", "[1", "could not find delimiter: `]` in remaining: `1`"),
        ("%{a#5}", "1", "expected 5 characters"),
        ("%{?k}=%{&k}", "=value", "no name was found for %{&k}"),
    ],
)
def test_mismatches(pattern: str, text: str, message: str) -> None:
    """What does not match says where."""
    with pytest.raises(Mismatch, match=message):
        Tokenizer(pattern).find(text)


def test_fields() -> None:
    """Parts go under a prefix, of the types they ask for."""
    options = {"tokenizer": "%{who} took %{n|integer}", "trim_values": "all"}

    assert processed("dissect", options, {"message": " bo  took 3"}) == {
        "message": " bo  took 3",
        "dissect": {"who": "bo", "n": 3},
    }


def test_root() -> None:
    """Parts may go to the root, even over the field itself."""
    options = {"tokenizer": "%{message}|%{x.y}", "target_prefix": ""}

    assert processed("dissect", options, {"message": "a|b"}) == {
        "message": "a",
        "x": {"y": "b"},
    }


async def test_failures() -> None:
    """What does not match is flagged in the event."""
    options: dict[str, Any] = {"tokenizer": "[%{a}]"}

    changed = await chain({"dissect": options}).run(event(message="x"))

    assert changed is not None
    assert changed.fields == {
        "message": "x",
        "log": {"flags": ["dissect_parsing_error"]},
    }


def test_ignored_failures() -> None:
    """What does not match stays as it is if failures do not matter."""
    options = {"tokenizer": "[%{a}]", "ignore_failure": True}

    assert processed("dissect", options, {"message": "x"}) == {"message": "x"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "failed to get field 'message': key not found"),
        ({"message": 1}, "field is not a string, value: `int`, field: `message`"),
        ({"message": "1-x"}, "a part is not of its type"),
        (
            {"message": "1-2", "dissect": {"a": 0}},
            "cannot override existing key with `dissect.a`",
        ),
    ],
)
def test_errors(fields: dict[str, Any], message: str) -> None:
    """Every failure says what is wrong."""
    with pytest.raises(ProcessorError, match=message):
        processed("dissect", {"tokenizer": "%{a}-%{b|long}"}, fields)


@pytest.mark.parametrize(
    ("tokenizer", "message"),
    [
        ("plain", "invalid dissect tokenizer 'plain': no %{key} in it"),
        ("%{a}%{b}", "nothing stands between %{a} and the next key"),
        ("%{a|colour}", "unknown type colour, use one of integer"),
        ("%{+&a}", "cannot mix prefix & and + in a key"),
        ("%{?*a}", "%{?*a} has two marks that exclude each other"),
    ],
)
def test_bad_patterns(tokenizer: str, message: str) -> None:
    """A pattern that cannot work is told when it is read."""
    (fault,) = faults({"dissect": {"tokenizer": tokenizer}})

    assert message in fault


def test_bad_trim() -> None:
    """Only ends that a text has can be trimmed."""
    (fault,) = faults({"dissect": {"tokenizer": "%{a}", "trim_values": "up"}})

    assert fault.startswith("unsupported value up. Must be one of all, left, none")

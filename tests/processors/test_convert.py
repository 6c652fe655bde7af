"""`convert`."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from heartbeat.errors import ProcessorError
from tests.support.processors import chain, event, faults, processed


def converted(value: object, kind: str) -> Any:
    """Return a value as another type."""
    fields = processed(
        "convert", {"fields": [{"from": "a", "type": kind}]}, {"a": value}
    )
    assert fields is not None
    return fields["a"]


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("1234", "integer", 1234),
        ("0x10", "integer", 16),
        (-7.9, "integer", -7),
        (2**31 - 1, "integer", 2**31 - 1),
        ("9223372036854775807", "long", 2**63 - 1),
        ("1.1", "float", 1.1),
        (16777217, "float", 16777216.0),
        ("1.1", "double", 1.1),
        (3, "double", 3.0),
        (1, "string", "1"),
        (1.5, "string", "1.5"),
        (False, "string", "false"),
        ("T", "boolean", True),
        ("0", "boolean", False),
        (True, "boolean", True),
        ("192.0.2.1", "ip", "192.0.2.1"),
        ("2001:db8::1", "ip", "2001:db8::1"),
    ],
)
def test_types(value: object, kind: str, expected: object) -> None:
    """Values become what they mean."""
    found = converted(value, kind)

    assert expected == found
    assert type(expected) is type(found)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("x", "integer"),
        (2**31, "integer"),
        (2**63, "long"),
        (True, "integer"),
        (float("inf"), "long"),
        ("x", "float"),
        ("1e39", "float"),
        (None, "double"),
        ({}, "string"),
        (1, "boolean"),
        ("yes", "boolean"),
        ("192.0.2", "ip"),
        (7, "ip"),
    ],
)
def test_values_that_mean_nothing(value: object, kind: str) -> None:
    """They are failures that name the field, the type and the value."""
    expected = (
        rf"conversion of field \[a\] to type \[{kind}\] failed: unable to convert"
    )
    with pytest.raises(ProcessorError, match=expected):
        converted(value, kind)


@pytest.mark.parametrize(
    ("mode", "expected"), [("copy", {"a": "1", "b": 1}), ("rename", {"b": 1})]
)
def test_modes(mode: str, expected: object) -> None:
    """A field whose result goes elsewhere stays or goes."""
    options = {"mode": mode, "fields": [{"from": "a", "to": "b", "type": "long"}]}

    assert expected == processed("convert", options, {"a": "1"})


def test_without_a_type() -> None:
    """A field can be moved as it is."""
    options = {"mode": "rename", "fields": [{"from": "a", "to": "b"}]}

    assert processed("convert", options, {"a": [1]}) == {"b": [1]}


def test_all_or_nothing() -> None:
    """A failure undoes what came before, and names the processor."""
    fields = [{"from": "a", "type": "long"}, {"from": "b", "type": "long"}]
    one = chain({"convert": {"fields": fields, "tag": "t"}})
    changed = asyncio.run(one.run(event(a="1", b="x")))

    assert changed is not None
    assert changed.fields["a"] == "1"
    assert (
        "failed in processor.convert with tag [t]: conversion of field [b]"
        in (changed.fields["error"]["message"])
    )


def test_as_far_as_it_goes() -> None:
    """Without fail_on_error what can be converted is."""
    fields = [{"from": "a", "type": "long"}, {"from": "b", "type": "long"}]
    options = {"fields": fields, "fail_on_error": False}

    assert processed("convert", options, {"a": "x", "b": "1"}) == {"a": "x", "b": 1}


def test_missing() -> None:
    """A field may be missing if options say so."""
    options = {"fields": [{"from": "a", "type": "long"}], "ignore_missing": True}

    assert processed("convert", options, {"b": 1}) == {"b": 1}


def test_faults() -> None:
    """Options that cannot work say why."""
    assert faults(
        {"convert": {"fields": [{"from": "a"}]}},
        {"convert": {"fields": [{"from": "a", "type": "text"}], "mode": "move"}},
        {"convert": {}},
    ) == [
        (
            "each field must have a 'to' or a 'type' accessing"
            " 'processors.0.convert.fields.0'"
        ),
        (
            "invalid data type: text, use one of integer, long, float, double, string,"
            " boolean, ip accessing 'processors.1.convert.fields.0.type'"
        ),
        (
            "invalid convert mode: move, use copy or rename accessing"
            " 'processors.1.convert.mode'"
        ),
        "missing fields option in processors.2.convert",
    ]

"""The check of JSON bodies: rules, decoding and words."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.config import Section
from heartbeat.errors import CheckError, ErrorType
from heartbeat.monitors.http.jsoncheck import json_check
from heartbeat.monitors.http.options import ExpectedOptions
from heartbeat.monitors.http.response import Body, Head, Response

FIRST = "JSON body did not match 1 expressions or conditions "


def verdict(body: str | bytes, *rules: dict[str, Any]) -> str | None:
    """Return what is wrong with a body, None if nothing is."""
    check = json_check(
        Section({"json": list(rules)}).unpack(ExpectedOptions).json_checks
    )
    assert check is not None
    data = body.encode() if isinstance(body, str) else body
    error = check(Response(Head(200, ()), Body(data, len(data))))
    if error is None:
        return None
    assert error == CheckError(ErrorType.VALIDATE, error.message)
    return error.message


def rule(expression: str, description: str = "d") -> dict[str, Any]:
    """Return a rule with an expression."""
    return {"description": description, "expression": expression}


def condition(**written: Any) -> dict[str, Any]:
    """Return a rule with a condition."""
    return {"description": "d", "condition": written}


def test_nothing_to_check() -> None:
    """Entries without a rule are ignored."""
    entries = Section({"json": [{"description": "d"}]}).unpack(ExpectedOptions)

    assert json_check(entries.json_checks) is None
    assert json_check(()) is None


@pytest.mark.parametrize(
    "body",
    [
        '{"a": 1}',
        ' \r\n\t{"a": 1}',
        '{"a": 1} trailing {',
        '{"a": 1.0}',
        b'{"a": 1, "b": "\xff"}',
    ],
)
def test_match(body: str | bytes) -> None:
    """The first JSON value counts, whatever follows."""
    assert verdict(body, rule("a == 1"), condition(has_fields=["a"])) is None


def test_mismatch() -> None:
    """Rules that do not hold are named, with their sources and the body."""
    message = verdict(
        '{"a": 1}',
        rule("a == 2", "first"),
        rule("a == 1", "second"),
        rule("$.b", "third"),
    )

    assert message == (
        "JSON body did not match 2 expressions or conditions "
        "'rule 'first'(a == 2) not matched.,rule 'third'($.b) not matched.'. "
        'Received JSON (first 2048 chars): {"a": 1}'
    )


def test_long_body_is_cut() -> None:
    """Of a long body the beginning is shown."""
    message = verdict(f'{{"a": "{"x" * 3000}"}}', rule("a == 1"))

    assert message is not None
    assert message.endswith(f'{{"a": "{"x" * 2041}')


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "EOF"),
        ("   ", "EOF"),
        ("nothing", "invalid character 'n' looking for beginning of value"),
        ("<html>", "invalid character '<' looking for beginning of value"),
        ('{"a": ', "unexpected EOF"),
        ('{"a', "unexpected EOF"),
        ('{"a": 1', "unexpected EOF"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ("{a: 1}", "invalid character 'a' looking for beginning of object key string"),
        ("[1 2]", "invalid character '2' after element"),
        ("NaN", "invalid character 'N' looking for beginning of value"),
        ('{"a": -Infinity}', "invalid character '-' looking for beginning of value"),
        ("[" * 100_000, "exceeded max depth"),
    ],
)
def test_not_json(body: str, reason: str) -> None:
    """What is no JSON says why."""
    expected = f"could not parse JSON: {reason}"

    assert expected == verdict(body, rule("a"))
    assert expected == verdict(body, condition(has_fields=["a"]))


def test_list_for_a_condition() -> None:
    """Conditions are for objects, expressions for anything."""
    expected = (
        "received non-object JSON for condition, "
        "use expression syntax for arrays of JSON instead"
    )

    assert verdict("[1]", rule("$[0] == 1")) is None
    assert expected == verdict("[1]", condition(has_fields=["a"]))


@pytest.mark.parametrize(
    ("written", "is_met"),
    [
        ({"equals": {"n": 1}}, True),
        ({"equals": {"n": 2}}, False),
        ({"equals.o.p": "x"}, True),
        ({"equals": {"big": 123456789012345678}}, True),
        ({"range": {"huge": {"gt": 1e18}}}, True),
        ({"equals": {"s": 1}}, False),
        ({"contains": {"s": "e"}}, True),
        ({"and": [{"equals": {"n": 1}}, {"regexp": {"s": "^t"}}]}, True),
    ],
)
def test_conditions(written: dict[str, Any], *, is_met: bool) -> None:
    """Integers stay integers for conditions."""
    body = (
        '{"n": 1, "s": "text", "o": {"p": "x"}, '
        '"big": 123456789012345678, "huge": 12345678901234567890}'
    )

    assert is_met == (verdict(body, condition(**written)) is None)


def test_condition_is_quoted() -> None:
    """A condition is shown as it was written."""
    message = verdict("{}", condition(has_fields=["a"]))

    assert message == (
        f"{FIRST}'rule 'd'({{\"has_fields\": [\"a\"]}}) not matched.'. "
        "Received JSON (first 2048 chars): {}"
    )


def test_costly_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that takes too long is not taken for one that does not hold."""
    monkeypatch.setattr("heartbeat.monitors.http.expression.scope.STEPS", 2)

    message = verdict('{"a": 1}', rule("$..*..* == 1"))

    assert message == (
        f"{FIRST}'rule 'd'($..*..* == 1) not evaluated: more than 2 steps.'. "
        'Received JSON (first 2048 chars): {"a": 1}'
    )

"""Expressions as a whole: what they are worth for a document, and which are none."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.monitors.http.expression import TooCostly, compile_expression
from heartbeat.monitors.http.expression.evaluate import LONGEST
from heartbeat.monitors.http.expression.values import EvaluationError

DOCUMENT = {
    "foo": "hi",
    "bar": 3.0,
    "baz": {"bot": "blah", "with space": True},
    "none": None,
    "yes": "true",
    "list": [1.0, 2.0, {"p": 5.0}],
}


def value(written: str, document: Any = DOCUMENT) -> Any:
    """Return the value of an expression."""
    return compile_expression(written).value(document)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1.5", 1.5),
        ("2e3", 2000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ('"a\\tb\\u00e9\\x41\\101\\U0001F600"', "a\tbéAA😀"),
        ("`a\\tb`", "a\\tb"),
        ("'c'", "c"),
        ("'\\''", "'"),
        ("true", True),
        ("false", False),
        ("[1, 2,, 3]", [1.0, 2.0, 3.0]),
        ("[]", []),
        ('{"a": 1, "b": {}}', {"a": 1.0, "b": {}}),
        ("{foo: bar}", {"hi": 3.0}),
    ],
)
def test_literals(written: str, expected: object) -> None:
    """Literals are Go's and JSON's."""
    assert expected == value(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("foo", "hi"),
        ("baz.bot", "blah"),
        ('baz["with space"]', True),
        ("list[1]", 2.0),
        ("list[2].p", 5.0),
        ('list["0"]', 1.0),
        ("missing", None),
        ("baz.missing", None),
    ],
)
def test_variables(written: str, expected: object) -> None:
    """Variables are members of the document; a missing one is null."""
    assert expected == value(written)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("missing.more", "unknown parameter missing.more"),
        ("foo.bar", "unknown parameter foo.bar"),
        ("list[3]", "unknown parameter list.3"),
        ("list[-1]", "unknown parameter list.-1"),
        ("list.p", "unknown parameter list.p"),
        ("foo(1, 2)", "could not call 'foo' type string"),
        ("foo()", "could not call 'foo' type string"),
        ("-foo", "unexpected hi(string) expected number"),
        ("~foo", "unexpected string expected number"),
        ("!foo", "unexpected string expected bool"),
        ("foo - 1", "invalid operation (string) - (float64)"),
        ("foo && true", "invalid operation (string) && (bool)"),
        ("none + 1", "invalid operation (<nil>) + (float64)"),
        (
            "1 in bar",
            "expected type []interface{} for in operator but got float64",
        ),
        ('foo =~ ("(" + foo)', "invalid pattern '(hi': missing ): (hi"),
    ],
)
def test_no_value(written: str, message: str) -> None:
    """What has no value says why, and the rule does not hold."""
    expression = compile_expression(written)

    with pytest.raises(EvaluationError) as caught:
        expression.value(DOCUMENT)

    assert message == str(caught.value)
    assert not expression.holds(DOCUMENT)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("2 ** 3 ** 2", 64.0),
        ("-2 ** 2", 4.0),
        ("7 % 4 - 10 / 4", 0.5),
        ("1 << 3 | 1", 9.0),
        ("6 & 3 ^ 1", 3.0),
        ("~5", -6.0),
        ("1 << 63", -(2.0**63)),
        ("1 << 64", 0.0),
        ("1 << -1", 0.0),
        ("-8 >> 1", -4.0),
        ("-8 >> 99", -1.0),
        ("(1 / 0) | 0", -(2.0**63)),
        ("1 / 0", math.inf),
        ("-1 / 0", -math.inf),
        ("10 ** 400", math.inf),
        ("(-10) ** 401", -math.inf),
        ("0 ** -1", math.inf),
        ('"1" + "2"', "12"),
        ('"1" + 2', 3.0),
        ("foo + 1", "hi1"),
        ("foo + true", "hitrue"),
        ("foo + [none]", "hi[<nil>]"),
        ("baz.bot + list", "blah[1 2 map[p:5]]"),
        ('"a" < "b"', True),
        ("2 < 10", True),
        ('"2" < 10', True),
        ('"2" < "10"', False),
        ("true < false", False),
        ("bar >= 3 && bar <= 3", True),
        ("bar > 3 || bar < 3", False),
    ],
)
def test_operators(written: str, expected: object) -> None:
    """Operators compute as Go does and bind as gval has it."""
    assert expected == value(written)


@pytest.mark.parametrize("written", ["0 / 0", "5 % 0", "(-8) ** 0.5"])
def test_not_a_number(written: str) -> None:
    """What has no result is not a number, and no error."""
    assert math.isnan(value(written))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("missing == false", True),
        ("missing == 0", True),
        ('"1" == 1', True),
        ('"1.0" == "1"', True),
        ('"true" == true', True),
        ('"FALSE" == none', True),
        ("1 == true", True),
        ('"a" == "a"', True),
        ('"a" != "b"', True),
        ('"" == none', False),
        ("none == none", True),
        ('baz == {"bot": "blah", "with space": true}', True),
        ('baz == {"bot": "blah"}', False),
        ("list == [1, 2, {`p`: 5}]", True),
        ("list != [1, 2]", True),
        ("[1] == [true]", False),
        ("2 in list", True),
        ('"2" in list', False),
        ("bar == 3 == true", True),
        ('foo =~ "^h.$"', True),
        ('bar =~ "3"', True),
        ('foo !~ "x"', True),
        ('foo !~ ("h" + "i")', False),
    ],
)
def test_sameness(written: str, expected: object) -> None:
    """Values are converted before they are compared, as gval does."""
    assert expected == value(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("bar > 2 ? 1 : 2", 1.0),
        ("bar > 3 ? 1 : 2", 2.0),
        ("none ? 1", None),
        ("foo ? list ? 1 : 2 : 3", 1.0),
        ('"" ? 1 : 2', 2.0),
        ("[] ? 1 : 2", 1.0),
        ("none ?? 7", 7.0),
        ("false ?? none ?? 5", 5.0),
        ("0 ?? 7", 0.0),
        ("foo ?? missing.more", "hi"),
        ("false && missing.more", False),
        ("true || missing.more", True),
        ("yes && true", True),
        ("!none", True),
        ("!!bar", True),
    ],
)
def test_choices(written: str, expected: object) -> None:
    """What is not chosen is not computed."""
    assert expected == value(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("yes", True),
        ("bar", True),
        ("none", False),
        ("foo", False),
        ("list", False),
        ("1 - 1", False),
    ],
)
def test_holds(written: str, *, expected: bool) -> None:
    """An expression holds if its value counts as true."""
    assert expected == compile_expression(written).holds(DOCUMENT)


def test_comments_and_lines() -> None:
    """Comments are passed over."""
    assert value('foo // the greeting\n /* is */ == "hi"') is True


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", ":1:1 - 1:1 unexpected EOF while scanning extensions"),
        ("foo ==", ":1:7 - 1:7 unexpected EOF while scanning extensions"),
        ("foo )", ':1:5 - 1:6 unexpected ")" while scanning operator'),
        ("1 2", ":1:3 - 1:4 unexpected Int while scanning operator"),
        ("1\n+\n=", ':3:1 - 3:2 unexpected "=" while scanning extensions'),
        ("foo = 1", ':1:5 - 1:6 unexpected "=" while scanning operator'),
        (
            "(1",
            ':1:3 - 1:3 unexpected EOF while scanning parentheses expected ")"',
        ),
        (
            "a[1",
            ':1:4 - 1:4 unexpected EOF while scanning array key expected "]"',
        ),
        ("a.1", ":1:2 - 1:4 unexpected Float while scanning operator"),
        ("a.[", ':1:3 - 1:4 unexpected "[" while scanning field expected Ident'),
        (
            "a(1",
            ':1:4 - 1:4 unexpected EOF while scanning arguments expected ")" or ","',
        ),
        (
            "(1 ? 2)",
            (
                ':1:7 - 1:8 unexpected ")" while scanning <> ? <> : <> '
                'expected ":" or EOF'
            ),
        ),
        (
            '{"a" 1}',
            ':1:6 - 1:7 unexpected Int while scanning object expected ":"',
        ),
        ('"\\q"', ":1:1 - 1:5 could not parse string: invalid syntax"),
        ("'ab'", ":1:1 - 1:5 could not parse string: invalid syntax"),
        ('"\\UFFFFFFFF"', ":1:1 - 1:13 could not parse string: invalid syntax"),
        (
            "12ab",
            ':1:1 - 1:5 strconv.ParseFloat: parsing "12ab": invalid syntax',
        ),
        ('"a" - 1', ":1:8 - 1:8 invalid operation (string) - (float64)"),
        ('a =~ "("', ":1:9 - 1:9 invalid pattern '(': missing ): ("),
        ("-`a`", ":1:2 - 1:5 unexpected a(string) expected number"),
    ],
)
def test_no_expression(written: str, message: str) -> None:
    """What is no expression is refused with the place and gval's words."""
    with pytest.raises(ValueError, match=r"^parsing error: ") as caught:
        compile_expression(written)

    assert str(caught.value) == f"parsing error: {written}\t{message}"


def test_unknown_operator() -> None:
    """Symbols that begin an operator and end as none are named."""
    with pytest.raises(ValueError, match=r"unexpected \"!\" while scanning operator"):
        compile_expression("a ! b")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("(" * 4000 + "1" + ")" * 4000, "nested too deeply"),
        ("1" * (LONGEST + 1), "longer than 10000 characters"),
    ],
)
def test_too_much(written: str, message: str) -> None:
    """Expressions have limits."""
    with pytest.raises(ValueError, match=message):
        compile_expression(written)


def test_too_deep_to_evaluate() -> None:
    """A chain that is too long has no value."""
    expression = compile_expression("+".join(["bar"] * 2400))

    assert not expression.holds(DOCUMENT)


def test_text_has_a_limit() -> None:
    """Adding up texts comes to an end."""
    long = {"a": "x" * 600_000}

    with pytest.raises(EvaluationError, match="longer than 1048576 characters"):
        value("a + a", long)


def test_steps_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that looks at too much is given up, and not taken for a mismatch."""
    monkeypatch.setattr("heartbeat.monitors.http.expression.scope.STEPS", 1000)
    wide = {"list": [float(number) for number in range(100)]}

    with pytest.raises(TooCostly, match="more than 1000 steps"):
        compile_expression("$.list[?($.list[*] == 1)]").holds(wide)


@given(st.text(alphabet="ab1.$@[]{}()'\"`?:,*#!&|=<>+-/~ \n", max_size=25))
def test_any_text_is_compiled_or_refused(written: str) -> None:
    """No text makes anything but a clean refusal or a verdict."""
    try:
        expression = compile_expression(written)
    except ValueError:
        return

    assert expression.holds({"a": [1.0, {"b": "x"}], "b": None}) in {True, False}

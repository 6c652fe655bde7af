"""JSON paths: what they find."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.monitors.http.expression import compile_expression
from heartbeat.monitors.http.expression.values import EvaluationError

DOCUMENT = {
    "limit": 10.0,
    "list": [1.0, 2.0, 3.0, 4.0],
    "books": [
        {"title": "a", "price": 5.0, "tags": ["x", "y"]},
        {"title": "b", "price": 15.0},
        {"title": "c"},
    ],
}


def value(path: str, document: Any = DOCUMENT) -> Any:
    """Return what a path finds."""
    return compile_expression(path).value(document)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.limit", 10.0),
        ('$["limit"]', 10.0),
        ("$.list[0]", 1.0),
        ('$.list["1"]', 2.0),
        ("$.books[0].tags[1]", "y"),
        ("$.list[$.list[0]]", 2.0),
        ("$.list(@)", [1.0, 2.0, 3.0, 4.0]),
        ("$.books[0](@.price * 2)", 10.0),
        ("$.limit(limit)", 10.0),
    ],
)
def test_plain(path: str, expected: object) -> None:
    """A plain path has one value."""
    assert expected == value(path)


def test_root() -> None:
    """The root may be a list."""
    assert value("$[1].a", [1.0, {"a": 2.0}]) == 2.0


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("$.missing", "unknown key missing"),
        ("$.list[4]", "index 4 out of bounds"),
        ("$.list[-1]", "index -1 out of bounds"),
        ("$.list.a", "expected number but got a (string)"),
        ("$.list[0/0]", "expected number but got NaN (float64)"),
        (
            "$.limit.a",
            (
                "unsupported value type float64 for select, "
                "expected map[string]interface{} or []interface{}"
            ),
        ),
    ],
)
def test_nothing_there(path: str, message: str) -> None:
    """A plain path that leads nowhere is an error, unlike a variable."""
    with pytest.raises(EvaluationError) as caught:
        value(path)

    assert message == str(caught.value)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.list[*]", [1.0, 2.0, 3.0, 4.0]),
        ("$.books.*.title", ["a", "b", "c"]),
        ("$.books[*].price", [5.0, 15.0]),
        ("$.limit[*]", []),
        ("$.missing[*]", []),
        ("$.list[0, 2, 9]", [1.0, 3.0]),
        ('$.books[1]["title", "nope", "price"]', ["b", 15.0]),
        ("$.list[1:3]", [2.0, 3.0]),
        ("$.list[2:]", [3.0, 4.0]),
        ("$.list[:2]", [1.0, 2.0]),
        ("$.list[::2]", [1.0, 3.0]),
        ("$.list[:]", [1.0, 2.0, 3.0, 4.0]),
        ("$.list[-2:]", [3.0, 4.0]),
        ("$.list[-9:1]", [1.0]),
        ("$.list[0:4:-1]", [4.0, 3.0, 2.0, 1.0]),
        ("$.list[0:4:0]", [1.0, 2.0, 3.0, 4.0]),
        ("$.list[3:1]", []),
        ('$.list["a":2]', []),
        ("$.limit[0:1]", []),
        ("$.books[?(@.price > 10)].title", ["b"]),
        ("$.books[? @.price > limit].title", ["b"]),
        ("$.books[?(@.price > $.limit)].title", ["b"]),
        ("$.books[?(@.tags)]", []),
        ("$.list[?(@ >= 3)]", [3.0, 4.0]),
        ("$..title", ["a", "b", "c"]),
        ("$..[?(@.title == `c`)]", [{"title": "c"}]),
        ('$..["title", "price"]', ["a", 5.0, "b", 15.0, "c"]),
        ("$.books..[*].length", []),
        ("$.books[0].tags..*", ["x", "y"]),
        ("$.books[0].tags..(@)", [["x", "y"], "x", "y"]),
    ],
)
def test_ambiguous(path: str, expected: object) -> None:
    """A path with a wildcard, a filter or a range has a list of what there is."""
    assert expected == value(path)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "{#: $.books[*].price}",
            {'$["0"]': 5.0, '$["1"]': 15.0},
        ),
        ("{#0: $.books[*].title}", {"0": "a", "1": "b", "2": "c"}),
        ('{"t-" + #0: $.books[0:2].title}', {"t-0": "a", "t-1": "b"}),
        ("{#: $.books[0]..tags}", {"$": ["x", "y"]}),
        ("{#0: $.books..price}", {"[0]": 5.0, "[1]": 15.0}),
        ('{"n": {#0: $.list[:1]}, "l": 1}', {"n": {"0": 1.0}, "l": 1.0}),
    ],
)
def test_placeholders(written: str, expected: object) -> None:
    """A placeholder in a key stands for what a wildcard found."""
    assert expected == value(written)


def test_placeholder_of_the_current() -> None:
    """Paths behind placeholders may begin at the element a filter looks at."""
    found = value("$.books[?({#0: @.*} == {`title`: `c`})].title")

    assert found == ["c"]


def test_placeholder_beyond() -> None:
    """A wildcard that is not there has no placeholder."""
    with pytest.raises(
        EvaluationError, match="JSONPath placeholder #5 is not available"
    ):
        value("{#5: $.list[*]}")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "$.[0]",
            'unexpected "[" while scanning JSON select expected Ident, "." or "*"',
        ),
        (
            "$..1",
            'unexpected Float while scanning JSON select expected Ident, "." or "*"',
        ),
        (
            "$..",
            'unexpected EOF while scanning JSON mapper expected "[", Ident or "*"',
        ),
        ("$..[0:1]", "mapper can not be combined with range query"),
        ("$..[?]", 'unexpected "]" while scanning extensions'),
        ("$[?1,2]", "mixed ? and , in JSON bracket"),
        ("$[1:2,3]", "mixed : and , in JSON bracket"),
        ("$[1?2]", 'unexpected "]" while scanning <> ? <> : <> expected ":" or EOF'),
        ("$[1:2:3:4]", "range query has at least the parameter [min:max:step]"),
        (
            "$[*",
            'unexpected EOF while scanning JSON bracket star expected "]"',
        ),
        (
            "$[1",
            (
                "unexpected EOF while scanning JSON bracket separator "
                'expected ":", "," or "]"'
            ),
        ),
        ("$[]", 'unexpected "]" while scanning extensions'),
        ("$(1", 'unexpected EOF while scanning jsonpath script expected ")"'),
        ("#", "JSONPath placeholder must only be used in an JSON object key"),
        ("{#: 1}", "unexpected Int while scanning JSONPath key and value"),
        ("$[:?1]", 'unexpected "?" while scanning JSON filter expected "]"'),
        ("$[?]", 'unexpected "]" while scanning extensions'),
    ],
)
def test_no_path(path: str, message: str) -> None:
    """What is no path is refused in the library's words."""
    with pytest.raises(ValueError, match=r"^parsing error: ") as caught:
        compile_expression(path)

    assert str(caught.value).endswith(message)

"""The small language of overrides and variables."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.config.values import parse_value

if TYPE_CHECKING:
    from heartbeat.config.tree import Plain

WORDS = st.text(alphabet="abcxyz_-./", min_size=1, max_size=6).filter(
    lambda text: text not in {"t", "f", "null"}
)
VALUES = st.recursive(
    st.booleans() | st.integers(0, 2**64 - 1) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3)
    ),
    max_leaves=8,
)


def written(value: Plain) -> str:
    """Return a value in the language."""
    match value:
        case bool():
            return "true" if value else "false"
        case list():
            return f"[{', '.join(written(entry) for entry in value)}]"
        case dict():
            members = (f"{key}: {written(entry)}" for key, entry in value.items())
            return f"{{{', '.join(members)}}}"
        case int():
            return str(value)
        case _:
            return f"'{value}'"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("T", True),
        ("ON", True),
        ("off", False),
        ("f", False),
        ("yes", "yes"),
        ("null", None),
        ("0x10", 16),
        ("017", 15),
        ("-3", -3),
        ("1e5", 100000.0),
        ("99999999999999999999", 1e20),
        ("", ""),
        ("  some text  ", "some text"),
        ("'raw \\n, text'", "raw \\n, text"),
        ('"a\\n\\"\\u00e9\\/"', 'a\n"é/'),
        ("a,b , c", ["a", "b", "c"]),
        ("[a, 1, [true],]", ["a", 1, [True]]),
        ("[]", []),
        ("{a: 1, b.c: [x, y], 'd': z,}", {"a": 1, "b.c": ["x", "y"], "d": "z"}),
        ("{}", {}),
        ("http://h:9200", "http://h:9200"),
        ("[h:9200]", ["h:9200"]),
    ],
)
def test_value(text: str, expected: object) -> None:
    """Each form of the language has its meaning."""
    assert expected == parse_value(text)


def test_objects_can_be_text() -> None:
    """Where objects are off, braces are text, and their commas still make a list."""
    assert parse_value("{a: 1, b}", objects=False) == ["{a: 1", "b}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a", "expected ']' at 3"),
        ("{a: 1", "expected '}' at 6"),
        ("{a}", "expected ':' at 4"),
        ("'a", "the ' at 1 is never closed"),
        ('"a\\"', 'the " at 1 is never closed'),
        ("'a'b", "unexpected 'b' at 4"),
        ("[a] b", "unexpected 'b' at 5"),
    ],
)
def test_what_does_not_fit(text: str, expected: str) -> None:
    """Quotes and brackets that do not fit are named with their place."""
    with pytest.raises(ValueError, match="at ") as caught:
        parse_value(text)

    assert expected == str(caught.value)


@given(VALUES)
def test_whatever_is_written_is_read(value: Plain) -> None:
    """Every value survives being written and read."""
    assert value == parse_value(written(value))


@given(st.text(max_size=20))
def test_any_text_ends(text: str) -> None:
    """Any text means something or is refused with a reason."""
    with contextlib.suppress(ValueError):
        parse_value(text)

"""Patterns: the reference's regular expressions."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.pattern import replacer_for, search_for, trimmed, trimmed_search


@pytest.mark.parametrize(
    ("pattern", "body", "expected"),
    [
        ("world", b"hello, world!", True),
        ("World", b"hello, world!", False),
        ("(?i)World", b"hello, world!", True),
        (r"count: \d+", b"count: 12", True),
        ("^hello", b"say hello", False),
        ("foo$", b"foo\n", False),
        ("foo$", b"bar\nfoo", True),
        ("a.b", b"a\nb", False),
        ("(?s)a.b", b"a\nb", True),
        ("", b"", True),
        ("grüße", "grüße".encode(), True),
        ("^.*ok.*$", b"first\nall ok here\nlast", True),
        ("^.*(ok|fine)$", b"first\nfine", True),
        ("^ok|.*$", b"x", True),
    ],
)
def test_search(pattern: str, body: bytes, *, expected: bool) -> None:
    """Searches are unanchored, case-sensitive and know lines only if told to."""
    assert expected == (trimmed_search(pattern)(body) is not None)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("^.*ok.*$", "ok"),
        (".*ok.*", "ok"),
        ("^ok", "^ok"),
        ("^.*?ok", "^.*?ok"),
        (r"ok\.*", r"ok\.*"),
        ("^.*a|b.*$", "^.*a|b.*$"),
        ("^.*(a|b).*$", "(a|b)"),
        ("^.*((a)|[|)]).*$", "((a)|[|)])"),
        (r"^.*a\|b", r"a\|b"),
    ],
)
def test_trimmed(pattern: str, expected: str) -> None:
    """Anything-goes at the ends is dropped, unless only one alternative has it."""
    assert expected == trimmed(pattern)


def test_look_around_is_refused() -> None:
    """What RE2 cannot search in linear time is no pattern."""
    with pytest.raises(ValueError, match=r"^invalid pattern '\(\?=a\)': "):
        search_for("(?=a)")


@given(st.text(max_size=30), st.binary(max_size=30))
def test_any_pattern_is_compiled_or_refused(pattern: str, body: bytes) -> None:
    """No pattern makes anything but a clean refusal."""
    with suppress(ValueError):
        trimmed_search(pattern)(body)


@pytest.mark.parametrize(
    ("pattern", "template", "text", "expected"),
    [
        ("a(x*)b", "-$1-", "axxbab", "-xx---"),
        ("a(x*)b", "-$1W-", "axxb", "--"),
        ("a(x*)b", "-${1}W-", "axxb", "-xxW-"),
        (r"(?P<n>\d)", "$n$$$9", "a1", "a1$"),
        ("a(b)?", "[$1]", "aab", "[][b]"),
        ("a*", "x", "baaac", "xbxcx"),
        ("", "-", "aüb", "-a-ü-b-"),
        ("ü", "u", "grün\udcff", "grun\ufffd"),
        ("x", "y", "", ""),
    ],
)
def test_replace(pattern: str, template: str, text: str, expected: str) -> None:
    """Matches and groups are those that Go finds."""
    assert expected == replacer_for(pattern, template)(text)


def test_replace_with_a_bad_pattern() -> None:
    """A pattern that is none is refused."""
    with pytest.raises(ValueError, match="invalid pattern"):
        replacer_for("(", "")

"""`replace`."""

from __future__ import annotations

import pytest

from heartbeat.errors import ProcessorError
from tests.support.processors import faults, processed


def replaced(text: object, pattern: str, replacement: str, **options: object) -> object:
    """Return a text in which something was replaced."""
    one = {"field": "a", "pattern": pattern, "replacement": replacement}
    fields = processed("replace", {"fields": [one], **options}, {"a": text})
    assert fields is not None
    return fields["a"]


@pytest.mark.parametrize(
    ("text", "pattern", "replacement", "expected"),
    [
        ("/usr/bin", "/usr", "/usr/local", "/usr/local/bin"),
        ("aXbX", "X", "", "ab"),
        ("k=v", r"(\w)=(\w)", "$2=$${1}", "v=k"),
        ("ü1", r"(?P<n>\d)", "<$${n}>", "ü<1>"),
        ("nothing", "x", "y", "nothing"),
    ],
)
def test_text(text: str, pattern: str, replacement: str, expected: str) -> None:
    """Every match is replaced; `$$` keeps braces from being a variable."""
    assert expected == replaced(text, pattern, replacement)


def test_failures() -> None:
    """Only text can be replaced in, and it must be there unless options say so."""
    with pytest.raises(ProcessorError, match="Failed to replace fields in processor"):
        replaced(7, "a", "b")
    assert replaced(7, "a", "b", fail_on_error=False) == 7
    field = [{"field": "x", "pattern": "a", "replacement": "b"}]
    options = {"fields": field, "ignore_missing": True}
    assert processed("replace", options, {"a": 1}) == {"a": 1}


def test_a_bad_pattern() -> None:
    """A pattern that is none is told at once."""
    (fault,) = faults({"replace": {"fields": [{"field": "a", "pattern": "("}]}})

    assert fault.startswith("invalid pattern '('")
    assert fault.endswith("accessing 'processors.0.replace.fields.0.pattern'")

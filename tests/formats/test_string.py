"""Format strings: references to fields and times."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from heartbeat.formats import FormatString

MOMENT = 1_790_000_000_000_000_000
"""2026-09-21T14:13:20Z."""

FIELDS: dict[str, Any] = {
    "monitor.id": "web",
    "empty": "",
    "up": True,
    "down": False,
    "port": 443,
    "ratio": 0.25,
    "object": {"a": 1},
    "list": ["a"],
}


def render(text: str) -> str | None:
    """Return the text for an event with the fields."""
    return FormatString(text).render(MOMENT, FIELDS.get)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("%{[monitor.id]}", "web"),
        ("%{[monitor][id]}", "web"),
        ("%{ [monitor.id] }", "web"),
        ("a-%{[monitor.id]}-%{[port]}", "a-web-443"),
        ("%{[up]} %{[down]} %{[ratio]}", "true false 0.25"),
        ("%{[empty]}", ""),
        ("%{[empty]:none}", "none"),
        ("%{[missing]:none}", "none"),
        ("%{[missing]:}", ""),
        (r"%{[missing]:\}\\}", r"}" + "\\"),
        ("%{[object]:none}", "none"),
        ("%{+yyyy.MM.dd}", "2026.09.21"),
        ("%{+HH:mm}", "14:13"),
        (r"\%{[monitor.id]}", "%{[monitor.id]}"),
        ("50% {x} }", "50% {x} }"),
        ("a\\", "a\\"),
    ],
)
def test_texts(written: str, text: str) -> None:
    """References and times are filled in, everything else stays."""
    assert render(written) == text


@pytest.mark.parametrize("path", ["missing", "object", "list"])
def test_no_text_without_a_field(path: str) -> None:
    """What is missing or no single value leaves no text."""
    assert render(f"a-%{{[{path}]}}") is None


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("%{", "missing '}'"),
        ("a %{[b]", "missing '}'"),
        ("%{}", "unsupported format expression"),
        ("%{name}", "unsupported format expression '%{name}'"),
        ("%{[a}", "unsupported format expression"),
        ("%{[]}", "empty field name"),
        ("%{[a][]}", "empty field name"),
        ("%{[a]:%{[b]}}", "nested, which is not allowed"),
        ("%{+Q}", "unknown time format 'Q'"),
    ],
)
def test_what_cannot_be_read_is_refused(written: str, message: str) -> None:
    """Mistakes are told when the text is read."""
    with pytest.raises(ValueError, match=r".") as caught:
        FormatString(written)

    assert message in str(caught.value)


def test_static_texts_are_known_at_once() -> None:
    """Without references, or with known fields only, nothing is left to look up."""
    known = FormatString("a-%{[agent.version]}", {"agent.version": "9"})

    assert (FormatString(r"a\b").static, known.static) == ("ab", "a-9")
    assert known.render(0, FIELDS.get) == "a-9"


def test_a_string_tells_what_it_needs() -> None:
    """The fields in their order; a time makes it depend on the event, too."""
    written = FormatString("%{[a]}%{[b][c]:x}%{+yyyy}")

    assert (written.paths, written.static) == (("a", "b.c"), None)


def test_a_time_needs_no_event() -> None:
    """A string of times only can be made at any moment."""
    assert FormatString("/%{+yyyy}/x").at(MOMENT) == "/2026/x"


def test_a_field_needs_an_event() -> None:
    """Where there is none the string is refused."""
    with pytest.raises(ValueError, match=r"only dates .* not the field 'a'"):
        FormatString("%{[a]}").at(MOMENT)


@given(some.text())
def test_any_text_can_be_escaped(text: str) -> None:
    """With every character escaped a text stands for itself."""
    assert FormatString("".join(f"\\{letter}" for letter in text)).static == text

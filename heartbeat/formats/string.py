r"""Format strings: texts with references to fields and times of an event.

Owns the language `%{[a.b]:default}`, `%{+layout}`, `\x`. Must not know how an event
keeps its fields: whoever asks for the text brings a way to look them up.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from heartbeat.formats.layout import Layout
from heartbeat.formats.numbers import shortest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Lookup: TypeAlias = Callable[[str], Any]
"""Returns the value of a field by its dotted path, None if there is none."""

_TOKEN = re.compile(
    r"\\(?P<plain>.)|%\{(?P<inner>(?:\\.|[^\\}])*)\}|(?P<open>%\{)", re.DOTALL
)
_FIELD = re.compile(
    r"\s*(?P<path>(?:\[[^\]]*\])+)\s*(?P<colon>:(?P<default>.*))?", re.DOTALL
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reference:
    """A field of the event; `default` stands in where it is missing or empty."""

    path: str
    default: str | None = None


Part: TypeAlias = "str | Layout | Reference"


class FormatString:
    """A text that may differ from event to event."""

    __slots__ = ("_parts", "paths", "static")

    def __init__(self, text: str, known: Mapping[str, str] | None = None) -> None:
        """Read the text; raises `ValueError`.

        `known` are fields that are the same in every event. `static` is the text if
        nothing in it depends on the event, else None; `paths` are the fields it needs.
        """
        self._parts = tuple(_parts(text, known or {}))
        self.paths = tuple(
            part.path for part in self._parts if isinstance(part, Reference)
        )
        fixed = [part for part in self._parts if isinstance(part, str)]
        is_static = len(fixed) == len(self._parts)
        self.static = "".join(fixed) if is_static else None

    def render(self, timestamp: int, lookup: Lookup) -> str | None:
        """Return the text, None if a field is missing that has no default.

        `timestamp` is the event's, in nanoseconds since the epoch. Objects, lists and
        null count as missing.
        """
        if self.static is not None:
            return self.static
        texts: list[str] = []
        for part in self._parts:
            text = _rendered(part, timestamp, lookup)
            if text is None:
                return None
            texts.append(text)
        return "".join(texts)

    def at(self, timestamp: int) -> str:
        """Return the text of a string without fields; raises `ValueError` for others.

        `timestamp` is nanoseconds since the epoch.
        """
        if self.paths:
            raise ValueError(
                "only dates such as %{+yyyy.MM.dd} work here, not the field"
                f" '{self.paths[0]}'"
            )
        return self.render(timestamp, dict[str, Any]().get) or ""


def text_of(value: Any) -> str | None:
    """Return a field as text, None for what has no text of its own."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return shortest(value)
        case _:
            return None


def _rendered(part: Part, timestamp: int, lookup: Lookup) -> str | None:
    if isinstance(part, str):
        return part
    if isinstance(part, Layout):
        return part(timestamp)
    text = text_of(lookup(part.path))
    return part.default if not text and part.default is not None else text


def _parts(text: str, known: Mapping[str, str]) -> Iterator[Part]:
    end = 0
    for token in _TOKEN.finditer(text):
        yield text[end : token.start()]
        end = token.end()
        if token["plain"] is not None:
            yield token["plain"]
        elif token["inner"] is None:
            raise ValueError(f"missing '}}' in '{text}'")
        else:
            yield _part(token["inner"], known)
    yield text[end:]


def _part(inner: str, known: Mapping[str, str]) -> Part:
    if "%{" in inner:
        raise ValueError(f"'%{{{inner}}}' is nested, which is not allowed")
    if inner.startswith("+"):
        return Layout(inner[1:])
    field = _FIELD.fullmatch(inner)
    if field is None:
        raise ValueError(
            f"unsupported format expression '%{{{inner}}}': write %{{[field]}} or"
            " %{+yyyy.MM.dd}"
        )
    names = field["path"][1:-1].split("][")
    if "" in names:
        raise ValueError(f"empty field name in '%{{{inner}}}'")
    path = ".".join(names)
    if path in known:
        return known[path]
    default = _ESCAPE.sub(r"\1", field["default"]) if field["colon"] else None
    return Reference(path, default)

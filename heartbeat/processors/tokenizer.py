"""Patterns such as `%{ip} - %{user}`: what they are, and what they find in a text.

Owns the syntax of `dissect` and its rules. Must not know events.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY: Final = re.compile(r"%\{([^}]*)\}")
_PARTS: Final = re.compile(
    r"(?P<kind>[+?*&]?[+?*&]?)(?P<name>[^/#|]*?)(?:/(?P<order>\d+))?"
    r"(?:#(?P<width>\d+))?(?P<greedy>->)?(?:\|(?P<type>\w+))?"
)


_JOINT: Final = " "
"""What joins parts where the pattern has nothing before one."""


class Kind(Enum):
    """What becomes of the text that a key finds."""

    NORMAL = ""
    APPEND = "+"
    SKIP = "?"
    POINTER = "*"
    INDIRECT = "&"


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a pattern, and the literal text before it and behind it.

    `order` places a part of an appended field, `width` is a number of characters, 0 for
    as many as there are; `takes_all` passes over repetitions of the text behind.
    """

    name: str
    kind: Kind
    before: str
    behind: str = ""
    order: int = 0
    width: int = 0
    takes_all: bool = False
    type: str = ""


class Mismatch(ValueError):  # noqa: N818 - what a text does, not a fault
    """A text is not as the pattern says."""


class Tokenizer:
    """A pattern, read once."""

    def __init__(self, pattern: str) -> None:
        """Read the pattern; raises `ValueError`."""
        self._keys = tuple(_keys(pattern))
        self.types = {key.name: key.type for key in self._keys if key.type}

    def find(self, text: str) -> dict[str, str]:
        """Return the texts by their fields; raises `Mismatch`."""
        found: list[tuple[Key, str]] = []
        place = _after(text, 0, self._keys[0].before)
        for key in self._keys:
            value, place = _value(text, place, key)
            found.append((key, value))
        return _named(found)


def _keys(pattern: str) -> Iterator[Key]:
    parts = _KEY.split(pattern)
    literals, keys = parts[::2], parts[1::2]
    if not keys:
        raise ValueError(f"invalid dissect tokenizer '{pattern}': no %{{key}} in it")
    for place, text in enumerate(keys):
        key = _key(text, literals[place], literals[place + 1])
        is_last = place == len(keys) - 1
        if not key.behind and not key.width and not is_last:
            raise ValueError(
                f"invalid dissect tokenizer '{pattern}': nothing stands between"
                f" %{{{text}}} and the next key"
            )
        yield key


def _key(text: str, before: str, behind: str) -> Key:
    parts = _PARTS.fullmatch(text)
    if parts is None:
        raise ValueError(f"invalid key %{{{text}}} in the dissect tokenizer")
    marks, name = parts["kind"], parts["name"].strip()
    if marks in {"+&", "&+"}:
        raise ValueError(f"%{{{text}}}: cannot mix prefix & and + in a key")
    if marks not in {kind.value for kind in Kind}:
        raise ValueError(f"%{{{text}}} has two marks that exclude each other")
    kind = Kind(marks) if name else Kind.SKIP
    return Key(
        name,
        kind,
        before,
        behind,
        int(parts["order"] or 0),
        int(parts["width"] or 0),
        bool(parts["greedy"]),
        parts["type"] or "",
    )


def _after(text: str, place: int, literal: str) -> int:
    if not text.startswith(literal, place):
        raise Mismatch(
            f"could not find beginning delimiter: `{literal}` in remaining:"
            f" `{text[place:]}`, (offset: {place})"
        )
    return place + len(literal)


def _value(text: str, place: int, key: Key) -> tuple[str, int]:
    """Return what a key finds, and where the next one begins."""
    if key.width:
        end = place + key.width
        if end > len(text):
            raise Mismatch(
                f"expected {key.width} characters, (offset: {place}), found"
                f" {len(text) - place}"
            )
        return text[place:end], _after(text, end, key.behind)
    if not key.behind:
        return text[place:], len(text)
    end = text.find(key.behind, place)
    if end < 0:
        raise Mismatch(
            f"could not find delimiter: `{key.behind}` in remaining: `{text[place:]}`,"
            f" (offset: {place})"
        )
    following = end + len(key.behind)
    while key.takes_all and text.startswith(key.behind, following):
        following += len(key.behind)
    return text[place:end], following


def _named(found: list[tuple[Key, str]]) -> dict[str, str]:
    """Return the fields: parts put together, names that are found themselves."""
    fields: dict[str, str] = {}
    names = {k.name: text for k, text in found if k.kind in {Kind.SKIP, Kind.POINTER}}
    plain = [(k, text) for k, text in found if k.kind in {Kind.NORMAL, Kind.APPEND}]
    for key, text in sorted(plain, key=lambda one: one[0].order):
        is_more = key.kind is Kind.APPEND and key.name in fields
        head = f"{fields[key.name]}{key.before or _JOINT}" if is_more else ""
        fields[key.name] = f"{head}{text}"
    for key, text in found:
        if key.kind is Kind.INDIRECT:
            name = names.get(key.name)
            if not name:
                raise Mismatch(f"no name was found for %{{&{key.name}}}")
            fields[name] = text
    return fields

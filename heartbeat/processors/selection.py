"""Lists of fields in options: names, and patterns between slashes.

Owns which fields of an event such a list means. Must not know what happens to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, cast

from pydantic import AfterValidator

from heartbeat.config import Listed, Text
from heartbeat.pattern import trimmed_search

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from heartbeat.event import Fields

KEPT = frozenset({"@timestamp", "type"})
"""What no list takes away."""

_SHORTEST = 3
"""Characters of the shortest pattern: `/x/`."""


def _is_pattern(name: str) -> bool:
    return len(name) >= _SHORTEST and name[0] == name[-1] == "/"


def _valid(name: str) -> str:
    if _is_pattern(name):
        trimmed_search(name[1:-1])
    return name


Names: TypeAlias = Listed[Annotated[Text, AfterValidator(_valid)]]
"""Dotted names, or patterns between slashes."""


class Selection:
    """The fields that a list of names and patterns means."""

    def __init__(self, names: Iterable[str]) -> None:
        """Read the list."""
        found = list(names)
        self.plain = [name for name in found if name and not _is_pattern(name)]
        self._searches = [trimmed_search(n[1:-1]) for n in found if _is_pattern(n)]

    def matching(self, fields: Fields) -> list[str]:
        """Return the paths that a pattern finds, those of mappings included."""
        if not self._searches:
            return []
        return [path for path in paths(fields) if self._finds(path)]

    def _finds(self, path: str) -> bool:
        text = path.encode("utf-8", "surrogateescape")
        return any(search(text) is not None for search in self._searches)


def paths(fields: Fields, prefix: str = "") -> Iterator[str]:
    """Yield the path of every member, those within before what holds them."""
    for name, value in fields.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict):
            yield from paths(cast("dict[str, Any]", value), f"{path}.")
        yield path

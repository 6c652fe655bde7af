"""Nested documents addressed by dotted paths.

Owns how a path finds its value and how nested options become paths. Must not know
conditions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MISSING: Final = object()
"""What is found where nothing is; null is something."""


def find(document: Mapping[str, Any], path: str) -> Any:
    """Return the value at a dotted path, `MISSING` if there is none.

    A member whose own name has dots is found, too, and first.
    """
    while path not in document:
        name, dot, path = path.partition(".")
        inner = document.get(name)
        if not dot or not isinstance(inner, Mapping):
            return MISSING
        document = cast("Mapping[str, Any]", inner)
    return document[path]


def flat(
    options: Mapping[str, Any], *, keeps_lists: bool = False
) -> Iterator[tuple[str, Any]]:
    """Yield every leaf of nested options with its path.

    Items of lists are leaves named by their index, unless whole lists are wanted.
    """
    for name, value in options.items():
        members = _members(value, keeps_lists=keeps_lists)
        if members is None:
            yield name, value
        else:
            for inner, leaf in flat(dict(members), keeps_lists=keeps_lists):
                yield f"{name}.{inner}", leaf


def _members(value: Any, *, keeps_lists: bool) -> Iterable[tuple[str, Any]] | None:
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        return [(str(name), member) for name, member in members.items()]
    if isinstance(value, (list, tuple)) and not keeps_lists:
        items = cast("Iterable[Any]", value)
        return [(str(index), item) for index, item in enumerate(items)]
    return None

"""The shape of an answer: its members and what kind of value each has.

Owns the words for kinds. Must not know any answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Sequence


def shape(value: Any) -> Any:
    """Return the value with every text and number replaced by its kind.

    A list is shown by its first entry.
    """
    match value:
        case dict():
            members = cast("dict[str, Any]", value)
            return {name: shape(member) for name, member in members.items()}
        case list():
            entries = cast("Sequence[Any]", value)
            return [shape(entry) for entry in entries[:1]]
        case None | bool():
            return value
        case str():
            return "text"
        case _:
            return "number"

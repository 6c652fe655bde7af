"""A tree of the configuration as bytes, for one that is seldom looked at.

Owns that form, which takes a fifth of what nodes do. Must not know what a tree is for.
It never leaves the process, so it may be one that only this interpreter reads.
"""

from __future__ import annotations

import marshal
from typing import Any, TypeAlias, cast

from heartbeat.config.tree import Node, Place

Packed: TypeAlias = "tuple[Any, ...]"
"""What a node holds, packed in turn, its line and column, and a file of its own."""


class FoldedNode(Node):
    """A node whose tree is made anew each time it is looked at."""

    __slots__ = ("_data",)

    def __init__(self, root: Node) -> None:
        """Keep what the node holds."""
        self.place: Place = root.place
        self._data = marshal.dumps(_packed(root, root.place.file))

    @property
    def value(  # pyright: ignore[reportIncompatibleVariableOverride]
        self,
    ) -> dict[str, Node] | list[Node] | str | float | bool | None:
        """What the node holds."""
        return self.unfolded().value

    def unfolded(self) -> Node:
        """Return the tree, for who looks at it more than once."""
        return _node(marshal.loads(self._data), self.place.file)  # noqa: S302 - ours


def _packed(node: Node, file: str) -> Packed:
    """Return what a node holds, and its place; the file only where it is another."""
    value = node.value
    packed: Any = value
    if isinstance(value, dict):
        packed = {name: _packed(member, file) for name, member in value.items()}
    elif isinstance(value, list):
        packed = [_packed(entry, file) for entry in value]
    origin, line, column = node.place
    return (packed, line, column) if origin == file else (packed, line, column, origin)


def _node(packed: Packed, file: str) -> Node:
    value, line, column, *other = packed
    if isinstance(value, dict):
        members = cast("dict[str, Packed]", value)
        value = {name: _node(member, file) for name, member in members.items()}
    elif isinstance(value, list):
        entries = cast("list[Packed]", value)
        value = [_node(entry, file) for entry in entries]
    return Node(value, Place(other[0] if other else file, line, column))

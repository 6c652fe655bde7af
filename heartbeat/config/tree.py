"""The configuration as a tree that remembers where each option was written.

Owns the nodes, how keys with dots become nested ones, and how trees merge. Must not
know YAML, variables or what any option means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from heartbeat.errors import Problem
from heartbeat.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Plain: TypeAlias = "dict[str, Plain] | list[Plain] | str | float | bool | None"
"""Data as YAML and JSON know it, without places."""

Report: TypeAlias = "Callable[[Problem], None]"
"""Takes a fault or doubt at the moment it is found."""

MAX_DEPTH = 64
"""How deep options may be nested."""

TOO_DEEP = f"options are nested more than {MAX_DEPTH} levels deep"

MAX_INDEX = 1024
"""The highest number in a dotted path that may stand for a place in a list."""


class Place(NamedTuple):
    """Where an option begins: its key, or its value in a list. Lines count from 1."""

    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Return `file:line`, absent parts left out."""
        return ":".join(str(part) for part in self[:2] if part)


NOWHERE = Place()


@frozen
class Node:
    """A value of the configuration and its place; never changed once built."""

    value: dict[str, Node] | list[Node] | str | float | bool | None
    place: Place = NOWHERE


Clash: TypeAlias = "Callable[[str, Node, Node], Node]"
"""Decides between two values of one path that cannot be united."""


def node_of(data: Plain, place: Place = NOWHERE) -> Node:
    """Return plain data as a tree; keys with dots become nested ones."""
    if isinstance(data, dict):
        members = [(key, node_of(value, place)) for key, value in data.items()]
        return nested(members, place, keep_last)
    if isinstance(data, list):
        return Node([node_of(value, place) for value in data], place)
    return Node(data, place)


def nested(
    members: Iterable[tuple[str, Node]], place: Place, clash: Clash, path: str = ""
) -> Node:
    """Return a mapping in which every dotted key has become a chain of mappings."""
    root: dict[str, Node] = {}
    for key, node in members:
        first, dot, rest = key.partition(".")
        inner = _chain(rest.split("."), node) if dot else node
        known = root.get(first)
        if known is None:
            root[first] = inner
        else:
            root[first] = merge(known, inner, clash, join(path, first))
    return Node(root, place)


def _chain(names: list[str], node: Node) -> Node:
    for name in reversed(names):
        node = Node({name: node}, node.place)
    return node


def join(path: str, name: str | int) -> str:
    """Return a dotted path with one more name at its end."""
    return f"{path}.{name}" if path else str(name)


def merge(old: Node, new: Node, clash: Clash, path: str = "") -> Node:
    """Unite two values of one path: mappings key by key, anything written beats null.

    What cannot be united is for `clash` to decide. Numbers as keys address the entries
    of a list that is already there.
    """
    if old.value is None:
        return new
    if new.value is None:
        return old
    if isinstance(new.value, dict):
        if isinstance(old.value, dict):
            return _merged_members(old.value, new, clash, path)
        indexed = indexed_members(new.value)
        if isinstance(old.value, list) and indexed is not None:
            return Node(_merged_entries(old.value, indexed, clash, path), old.place)
    return clash(path, old, new)


def _merged_members(old: dict[str, Node], new: Node, clash: Clash, path: str) -> Node:
    members = dict(old)
    assert isinstance(new.value, dict)  # noqa: S101 - merge has looked
    for key, node in new.value.items():
        known = members.get(key)
        members[key] = (
            node if known is None else merge(known, node, clash, join(path, key))
        )
    return Node(members, new.place)


def _merged_entries(
    old: list[Node], new: dict[int, Node], clash: Clash, path: str
) -> list[Node]:
    entries = list(old)
    for index, node in sorted(new.items()):
        while len(entries) <= index:
            entries.append(Node(None, node.place))
        entries[index] = merge(entries[index], node, clash, join(path, index))
    return entries


def indexed_members(members: dict[str, Node]) -> dict[int, Node] | None:
    """Return the members by number if every key is a list index, else None."""
    if not members or not all(
        key.isascii() and key.isdigit() and int(key) <= MAX_INDEX for key in members
    ):
        return None
    return {int(key): node for key, node in members.items()}


def entries(node: Node) -> list[Node] | None:
    """Return the entries of a list, also of one written as numbered keys."""
    if isinstance(node.value, list):
        return node.value
    if isinstance(node.value, dict):
        indexed = indexed_members(node.value)
        if indexed is not None:
            return [indexed[index] for index in sorted(indexed)]
    return None


def keep_last(_path: str, _old: Node, new: Node) -> Node:
    """Let the later value win."""
    return new


def refusing(report: Report) -> Clash:
    """Return a clash that reports two values of one path in one file."""

    def refuse(path: str, old: Node, new: Node) -> Node:
        message = f"duplicate key, first set in line {old.place.line}"
        report(problem_at(new, message, path))
        return new

    return refuse


def overlaying(report: Report) -> Clash:
    """Return the clash of a later file: it wins, lists entry by entry.

    Entries of the earlier list that the later one is too short to reach stay in force,
    which is rarely meant, so it is reported.
    """

    def overlay(path: str, old: Node, new: Node) -> Node:
        if not (isinstance(old.value, list) and isinstance(new.value, list)):
            return new
        left = len(old.value) - len(new.value)
        if left > 0:
            message = (
                f"lists merge entry by entry: the last {left} of the list at"
                f" {old.place or 'the defaults'} stay in force"
            )
            report(problem_at(new, message, path, is_warning=True))
        numbered = dict(enumerate(new.value))
        return Node(_merged_entries(old.value, numbered, overlay, path), new.place)

    return overlay


def problem_at(
    node: Node, message: str, path: str = "", *, is_warning: bool = False
) -> Problem:
    """Return a problem placed at a node."""
    file, line, column = node.place
    return Problem(message, path, file, line, column, is_warning)


def find(node: Node, path: str) -> Node | None:
    """Return what stands at a dotted path, None if nothing does."""
    for name in path.split("."):
        child = child_of(node, name)
        if child is None:
            return None
        node = child
    return node


def child_of(node: Node, name: str | int) -> Node | None:
    """Return the member or entry of a node that has this name or number."""
    if isinstance(node.value, dict):
        return node.value.get(str(name))
    if isinstance(node.value, list) and str(name).isdigit():
        index = int(name)
        return node.value[index] if index < len(node.value) else None
    return None


def plain(node: Node) -> Plain:
    """Return the tree as plain data, text as written."""
    value = node.value
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return value

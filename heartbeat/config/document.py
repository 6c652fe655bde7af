"""From the text of a YAML file to a tree with places.

Owns the dialect: YAML 1.1 scalars as the reference resolves them, merge keys, repeated
keys, the first document only, and words for what libyaml finds wrong. Must not know
what any option means.
"""

from __future__ import annotations

import codecs
from sys import intern
from typing import TYPE_CHECKING, Any, Final

import yaml

from heartbeat.config.tree import (
    MAX_DEPTH,
    TOO_DEEP,
    Node,
    Place,
    join,
    keep_last,
    merge,
    nested,
    problem_at,
    refusing,
)
from heartbeat.config.types import parse_number
from heartbeat.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from heartbeat.config.tree import Report

_WORDS: Final[dict[str, bool | float | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **{
        form: truth
        for truth, words in (
            (True, ("y", "yes", "true", "on")),
            (False, ("n", "no", "false", "off")),
        )
        for word in words
        for form in (word, word.capitalize(), word.upper())
    },
    **{
        f"{sign}{form}": float(f"{sign}inf")
        for sign in ("", "+", "-")
        for form in (".inf", ".Inf", ".INF")
    },
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NUMBER_START = frozenset("0123456789+-.")
_YAML = "tag:yaml.org,2002:"
_NUMBER_TAGS = frozenset(_YAML + n for n in ("int", "float", "bool", "null"))

_KEY_KINDS = {bool: "a boolean", float: "a fraction", type(None): "null"}
_ALIASED_NODES = 250_000
"""How many nodes aliases may add to those that are written out."""

_HINTS: Final = (
    ("mapping values are not allowed", "is the indentation right?"),
    ("did not find expected key", "is the indentation right?"),
    ("did not find expected '-'", "a list entry begins with '- ' below the others"),
    ("could not find expected ':'", "is this a comment without #?"),
    ("unexpected end of stream", "the quote that opens here is never closed"),
    ("did not find expected ','", "the bracket that opens here is never closed"),
    ("undefined alias", "no anchor of this name stands above"),
)
_BLAMED_ON_START = (
    "could not find expected ':'",
    "unexpected end of stream",
    "did not find expected ','",
)
"""Faults that libyaml notices late: their cause is where the construct begins."""


class _Loader(yaml.CSafeLoader):
    """Composes nodes without resolving them: that is done here, and faster.

    It is told of every step down and up in place of a resolver that goes by paths, and
    uses that to stop before the stack ends: the composer goes down in C.
    """

    depth = 0

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        """Leave the tag of a node without one empty."""
        del kind, value, implicit
        return ""

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """Count a step down."""
        del current_index
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = current_node.start_mark
            raise yaml.MarkedYAMLError(problem=TOO_DEEP, problem_mark=mark)

    def ascend_resolver(self) -> None:
        """Count a step up."""
        self.depth -= 1


def parse(text: bytes, file: str, report: Report) -> Node:
    """Return the first document of a YAML text, null for an empty one.

    Doubts go to `report`; a text that is no YAML raises `ConfigError`.
    """
    try:
        loader = _Loader(text)
        try:
            root = loader.get_node() if loader.check_node() else None
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise ConfigError([_explained(error, text, file)]) from error
    if root is None:
        return Node(None, Place(file, 1, 1))
    builder = _Builder(file, report, budget=len(text) + _ALIASED_NODES)
    return builder.build(root, builder.place(root), "")


def resolve_scalar(text: str) -> str | float | bool | None:
    """Return what a plain scalar stands for: `off`, `0644`, `1e3`, `~`, text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMBER_START:
        number = parse_number(text.replace("_", ""))
        return text if number is None else number
    return text


class _Builder:
    """Turns composed nodes of one file into ours."""

    __slots__ = ("_budget", "_file", "_open", "_report")

    def __init__(self, file: str, report: Report, *, budget: int) -> None:
        self._file = file
        self._report = report
        self._budget = budget
        self._open: set[int] = set()

    def place(self, node: yaml.Node) -> Place:
        mark = node.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1)

    def build(self, node: yaml.Node, place: Place, path: str) -> Node:
        """Return the node as ours; `place` is where its option begins."""
        if isinstance(node, yaml.ScalarNode):
            return Node(_scalar(node), place)
        self._enter(node, path)
        if isinstance(node, yaml.SequenceNode):
            entries = [
                self.build(entry, self.place(entry), join(path, index))
                for index, entry in enumerate(node.value)
            ]
            built = Node(entries, place)
        else:
            built = self._mapping(node, place, path)
        self._open.discard(id(node))
        return built

    def _enter(self, node: yaml.Node, path: str) -> None:
        """Stop at aliases that contain themselves or multiply without end."""
        self._budget -= len(node.value)
        if id(node) in self._open or self._budget < 0:
            message = "yaml: document contains excessive aliasing"
            raise self._fault(node, message, path)
        if len(self._open) > MAX_DEPTH or path.count(".") > MAX_DEPTH:
            raise self._fault(node, f"yaml: {TOO_DEEP}", "")
        self._open.add(id(node))

    def _mapping(self, node: yaml.Node, place: Place, path: str) -> Node:
        own, merged = self._members(node, path)
        tree = nested(own.items(), place, refusing(self._report), path)
        if not merged:
            return tree
        base = [(name, member) for name, member in merged.items() if name not in own]
        return merge(nested(base, place, keep_last), tree, keep_last)

    def _members(
        self, node: yaml.Node, path: str
    ) -> tuple[dict[str, Node], dict[str, Node]]:
        """Return a mapping's own members and those its merge keys bring in."""
        own: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in node.value:
            if _is_merge(key):
                merged |= self._merged(value, path)
            else:
                self._add(own, key, value, path)
        return own, merged

    def _add(
        self, members: dict[str, Node], key: yaml.Node, value: yaml.Node, path: str
    ) -> None:
        name = self._name(key, path)
        node = self.build(value, self.place(key), join(path, name))
        if name in members:
            first = members.pop(name).place.line
            message = f"duplicate key: this one is used, line {first} is ignored"
            self._report(problem_at(node, message, join(path, name), is_warning=True))
        members[name] = node

    def _name(self, key: yaml.Node, path: str) -> str:
        """Return a key as text; of other scalars only numbers without a dot pass."""
        if not isinstance(key, yaml.ScalarNode):
            raise self._fault(key, "a key must be text, not a list or a mapping", path)
        value = _scalar(key)
        if isinstance(value, str):
            if value.count(".") > MAX_DEPTH:
                raise self._fault(key, f"yaml: {TOO_DEEP}", "")
            return intern(value)
        if _is_number(value) and "." not in key.value:
            return str(key.value)
        kind = _KEY_KINDS[type(value)]
        message = (
            f"a key must be text: '{key.value}' reads as {kind}, so put it in quotes"
        )
        raise self._fault(key, message, path)

    def _merged(self, node: yaml.Node, path: str) -> dict[str, Node]:
        """Return the members that a merge key brings in; earlier mappings win."""
        members: dict[str, Node] = {}
        for source in reversed(list(self._merge_sources(node, path))):
            self._enter(source, path)
            own, inherited = self._members(source, path)
            members |= inherited | own
            self._open.discard(id(source))
        return members

    def _merge_sources(self, node: yaml.Node, path: str) -> Iterator[yaml.Node]:
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for source in sources:
            if not isinstance(source, yaml.MappingNode):
                message = "yaml: a merge key takes a mapping or a list of mappings"
                raise self._fault(node, message, path)
            yield source

    def _fault(self, node: yaml.Node, message: str, path: str) -> ConfigError:
        return ConfigError([problem_at(Node(None, self.place(node)), message, path)])


def _scalar(node: yaml.ScalarNode) -> str | float | bool | None:
    text: str = node.value
    is_plain = not node.tag and not node.style
    value = resolve_scalar(text) if is_plain or node.tag in _NUMBER_TAGS else text
    # A copy: one text left over keeps the memory of thousands of composed nodes.
    return value.encode().decode() if isinstance(value, str) else value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_merge(key: yaml.Node) -> bool:
    return isinstance(key, yaml.ScalarNode) and key.value == "<<" and not key.style


def _explained(error: yaml.YAMLError, text: bytes, file: str) -> Problem:
    if not isinstance(error, yaml.MarkedYAMLError):
        position = getattr(error, "position", 0)
        reason = getattr(error, "reason", "this is no YAML")
        line = text.count(b"\n", 0, position) + 1
        return Problem(f"yaml: the file is no UTF-8 text: {reason}", "", file, line)
    reason = str(error.problem)
    mark = error.problem_mark
    if error.context_mark and any(part in reason for part in _BLAMED_ON_START):
        mark = error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    message = f"yaml: {reason}{_hint(reason, text, line, column)}"
    return Problem(message, "", file, line + 1, column + 1)


def _hint(reason: str, text: bytes, line: int, column: int) -> str:
    if reason.startswith("found character"):
        encoding = "utf-16" if text[:2] in _UTF16 else "utf-8-sig"
        lines = text.decode(encoding, "replace").split("\n")
        character = "".join(lines[line : line + 1])[column : column + 1]
        if character == "\t":
            return ": a tab cannot indent, use blanks"
        return f": a value that begins with '{character}' must stand in quotes"
    for part, words in _HINTS:
        if part in reason:
            return f": {words}"
    return ""

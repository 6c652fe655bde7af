"""References in text values: `${path.config}`, `${NAME:default}`, `${X:?message}`.

Owns their grammar and the order in which a name is looked up: the configuration
itself, the environment, the keystore. Must not know YAML, models or options.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from typing import Any, TypeAlias

from heartbeat.config.tree import Node, find, join, problem_at
from heartbeat.config.types import format_number
from heartbeat.config.values import parse_value
from heartbeat.errors import ConfigError, Problem

Keystore: TypeAlias = Callable[[str], str | None]
"""Returns the secret kept under a name, None if there is none."""

_STOP = re.compile(r"\$\{|\$\$|\$\}|\}|:")
_NAME_END = frozenset("}:")


@dataclass(frozen=True, slots=True)
class Reference:
    """One `${…}`: its name and, where written, what follows the name.

    `operator` is `:` for a default, `:+` for an alternative, `:?` for an error text, or
    empty; `operand` is the text after it.
    """

    name: Template
    operator: str = ""
    operand: Template = ()


Template: TypeAlias = "tuple[str | Reference, ...]"
"""A text, cut where references stand."""


class UnresolvedError(Exception):
    """A reference leads nowhere, or in a circle."""


def nothing(_name: str) -> None:
    """Stand for a keystore that is empty."""


@lru_cache(maxsize=4096)
def parse_template(text: str) -> Template:
    """Return a text as literals and references; `$$` and `$}` are escapes.

    Raises `ValueError` for a reference that is empty or not closed.
    """
    template, end = _parse(text, 0, frozenset())
    return template if end == len(text) else (*template, text[end:])


def _parse(text: str, at: int, ends: frozenset[str]) -> tuple[Template, int]:
    parts: list[str | Reference] = []
    literal = ""
    while stop := _STOP.search(text, at):
        literal += text[at : stop.start()]
        if stop[0] in ends:
            return _with(parts, literal), stop.start()
        at = stop.end()
        if stop[0] == "${":
            parts = [*_with(parts, literal)]
            literal = ""
            reference, at = _parse_reference(text, at)
            parts.append(reference)
        else:
            literal += stop[0][-1]
    return _with(parts, literal + text[at:]), len(text)


def _with(parts: list[str | Reference], literal: str) -> Template:
    return (*parts, literal) if literal else tuple(parts)


def _parse_reference(text: str, start: int) -> tuple[Reference, int]:
    name, at = _parse(text, start, _NAME_END)
    operator = ""
    operand: Template = ()
    if text[at : at + 1] == ":":
        operator = text[at : at + 2] if text[at + 1 : at + 2] in {"+", "?"} else ":"
        operand, at = _parse(text, at + len(operator), frozenset("}"))
    if at >= len(text):
        raise ValueError(f"missing '}}' for the '${{' at {start - 1}")
    if not name:
        raise ValueError(f"empty expansion at {start - 1}")
    return Reference(name, operator, operand), at + 1


_NOTHING = Node(None)


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything names can mean, and where faults and doubts about them go.

    `reported` holds each problem once, in the order found.
    """

    root: Node = _NOTHING
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    keystore: Keystore = nothing
    reported: dict[Problem, None] = field(default_factory=dict[Problem, None])

    def report(self, problem: Problem) -> None:
        """Keep a problem, once."""
        self.reported[problem] = None

    def resolve(self, node: Node, path: str = "") -> Any:
        """Return a tree as plain data, every reference replaced by what it means.

        Raises `ConfigError` with every reference that cannot be.
        """
        problems: list[Problem] = []
        value = self.collect(node, path, problems.append)
        if problems:
            raise ConfigError(problems)
        return value

    def collect(self, node: Node, path: str, report: Callable[[Problem], None]) -> Any:
        """Resolve like `resolve`, but report what cannot be and keep it as written."""
        value = node.value
        if isinstance(value, dict):
            return {
                key: self.collect(member, join(path, key), report)
                for key, member in value.items()
            }
        if isinstance(value, list):
            return [
                self.collect(entry, join(path, index), report)
                for index, entry in enumerate(value)
            ]
        if not isinstance(value, str) or "$" not in value:
            return value
        try:
            return _Lookup(self, node, path).value(value)
        except (UnresolvedError, ValueError) as error:
            report(problem_at(node, str(error), path))
            return value


class _Origin(Enum):
    """Where a name was found."""

    OPTION = auto()
    ENVIRONMENT = auto()
    KEYSTORE = auto()


class _Lookup:
    """The resolution of one value; knows which names it is in the middle of."""

    __slots__ = ("_has_secret", "_node", "_path", "_pending", "_scope")

    def __init__(
        self, scope: Scope, node: Node, path: str, pending: tuple[str, ...] = ()
    ) -> None:
        self._scope = scope
        self._node = node
        self._path = path
        self._pending = pending
        self._has_secret = False

    def value(self, text: str) -> Any:
        """Return what a whole text value means.

        Text that came of references is parsed again, unless a secret is part of it:
        a secret is text, whatever it looks like.
        """
        template = parse_template(text)
        match template:
            case (Reference(operator="") as only,):
                return self._referenced(self._spliced(only.name))
            case _ if all(isinstance(part, str) for part in template):
                return self._spliced(template)
            case _:
                spliced = self._spliced(template)
                return spliced if self._has_secret else parse_or_keep(spliced)

    def _spliced(self, template: Template) -> str:
        return "".join(
            part if isinstance(part, str) else self._expanded(part) for part in template
        )

    def _expanded(self, reference: Reference) -> str:
        name = self._spliced(reference.name)
        origin, value = self._find(name)
        match reference.operator:
            case ":+":
                return self._spliced(reference.operand) if origin else ""
            case ":" if origin is None:
                return self._spliced(reference.operand)
            case ":?" if origin is None:
                raise UnresolvedError(self._spliced(reference.operand))
            case _ if origin is None:
                raise _missing(name)
            case _:
                self._has_secret |= origin is _Origin.KEYSTORE
                return _as_text(name, value)

    def _referenced(self, name: str) -> Any:
        origin, value = self._find(name)
        if origin is None:
            raise _missing(name)
        return self._parsed(name, value) if origin is _Origin.ENVIRONMENT else value

    def _parsed(self, name: str, text: str) -> Any:
        value = parse_or_keep(text, objects=False)
        if _is_number(value) and format_number(value) != text:
            message = (
                f"${{{name}}} reads as a number, so its text changes;"
                " quotes inside the variable keep it"
            )
            doubt = problem_at(self._node, message, self._path, is_warning=True)
            self._scope.report(doubt)
        return value

    def _find(self, name: str) -> tuple[_Origin | None, Any]:
        node = find(self._scope.root, name)
        if node is not None and node.value is not None:
            return _Origin.OPTION, self._option(name, node)
        if text := self._scope.environment.get(name):
            return _Origin.ENVIRONMENT, text
        secret = self._scope.keystore(name)
        return (None, None) if secret is None else (_Origin.KEYSTORE, secret)

    def _option(self, name: str, node: Node) -> Any:
        if name in self._pending:
            raise UnresolvedError(f"cyclic reference detected for key '{name}'")
        return self._within(node, (*self._pending, name))

    def _within(self, node: Node, pending: tuple[str, ...]) -> Any:
        value = node.value
        if isinstance(value, dict):
            return {key: self._within(v, pending) for key, v in value.items()}
        if isinstance(value, list):
            return [self._within(entry, pending) for entry in value]
        if isinstance(value, str) and "$" in value:
            return _Lookup(self._scope, node, self._path, pending).value(value)
        return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def parse_or_keep(text: str, *, objects: bool = True) -> Any:
    """Return what a text stands for, or the text itself where quotes do not fit."""
    try:
        return parse_value(text, objects=objects)
    except ValueError:
        return text


def _missing(name: str) -> UnresolvedError:
    return UnresolvedError(
        f"missing field: ${{{name}}} is no option, not in the environment"
        " and not in the keystore"
    )


def _as_text(name: str, value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return format_number(value)
        case None:
            return ""
        case _:
            raise UnresolvedError(f"${{{name}}} is no single value")

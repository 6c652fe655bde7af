"""References in text values: `${path.config}`, `${NAME:default}`, `${X:?message}`.

Owns their grammar and the order in which a name is looked up: the configuration
itself, the environment, the keystore. Must not know YAML, models or options.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from typing import Any, TypeAlias

from heartbeat.config.masking import MASK
from heartbeat.config.tree import Node, find, join, problem_at
from heartbeat.config.types import format_number, format_scalar
from heartbeat.config.values import is_text, parse_value
from heartbeat.errors import ConfigError, Problem

Secrets: TypeAlias = Callable[[str], str | None]
"""Returns the secret kept under a name, None if there is none."""

MAX_STEPS = 10_000
"""How many references the resolution of one value may follow."""

MAX_LENGTH = 1024 * 1024
"""How long a text made of references may get."""

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
    """Stand for a keystore that is empty, and for nobody who listens."""


@lru_cache(maxsize=4096)
def parse_template(text: str) -> Template:
    """Return a text as literals and references; `$$` and `$}` are escapes.

    Raises `ValueError` for a reference that is empty or not closed.
    """
    try:
        template, end = _parse(text, 0, frozenset())
    except RecursionError:
        raise ValueError("references are nested too deeply") from None
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
            reference, at = _parse_reference(text, at)
            parts += (literal, reference) if literal else (reference,)
            literal = ""
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

    `reported` holds each problem once, in the order found. `secrets` holds those of the
    keystore that were used, so that no text shows them. `notice` is told of each use
    of a variable of the environment or of a secret: `environment NAME`.
    """

    root: Node = _NOTHING
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    keystore: Secrets = nothing
    reported: dict[Problem, None] = field(default_factory=dict[Problem, None])
    secrets: set[str] = field(default_factory=set[str])
    notice: Callable[[str], None] = nothing

    def report(self, problem: Problem) -> None:
        """Keep a problem, once."""
        self.reported[problem] = None

    def hide(self, text: str) -> str:
        """Return a text to be shown, without any secret of the keystore."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return text

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
        except RecursionError:
            report(problem_at(node, "references are nested too deeply", path))
        return value


class _Origin(Enum):
    """Where a name was found."""

    OPTION = auto()
    ENVIRONMENT = auto()
    KEYSTORE = auto()


class _Trail:
    """How the resolution of one value got where it is.

    `pending` are the names it is in the middle of; `steps` is shared by its branches,
    whose number may double with every name.
    """

    __slots__ = ("pending", "steps")

    def __init__(
        self, pending: tuple[str, ...] = (), steps: Iterator[int] | None = None
    ) -> None:
        self.pending = pending
        self.steps = steps or iter(range(MAX_STEPS))

    def into(self, name: str) -> _Trail:
        if name in self.pending:
            raise UnresolvedError(f"cyclic reference detected for key '{name}'")
        return _Trail((*self.pending, name), self.steps)

    def step(self) -> None:
        if next(self.steps, None) is None:
            raise UnresolvedError(f"it takes more than {MAX_STEPS} references")


class _Lookup:
    """The resolution of one value."""

    __slots__ = ("_has_secret", "_node", "_path", "_scope", "_trail")

    def __init__(
        self, scope: Scope, node: Node, path: str, trail: _Trail | None = None
    ) -> None:
        self._scope = scope
        self._node = node
        self._path = path
        self._trail = trail or _Trail()
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
        text = ""
        for part in template:
            text += part if isinstance(part, str) else self._expanded(part)
            if len(text) > MAX_LENGTH:
                raise UnresolvedError(f"it gets longer than {MAX_LENGTH} characters")
        return text

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
        self._trail.step()
        node = find(self._scope.root, name)
        if node is not None and node.value is not None:
            return _Origin.OPTION, self._within(node, self._trail.into(name))
        if text := self._scope.environment.get(name):
            if not is_text(text):
                raise UnresolvedError(f"the variable {name} is no UTF-8 text")
            self._scope.notice(f"environment {name}")
            return _Origin.ENVIRONMENT, text
        secret = self._scope.keystore(name)
        if not secret:
            return (None, None) if secret is None else (_Origin.KEYSTORE, "")
        self._scope.notice(f"keystore {name}")
        self._scope.secrets.add(secret)
        return _Origin.KEYSTORE, secret

    def _within(self, node: Node, trail: _Trail) -> Any:
        value = node.value
        if isinstance(value, dict):
            return {key: self._within(v, trail) for key, v in value.items()}
        if isinstance(value, list):
            return [self._within(entry, trail) for entry in value]
        if isinstance(value, str) and "$" in value:
            return _Lookup(self._scope, node, self._path, trail).value(value)
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
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        return format_scalar(value)
    raise UnresolvedError(f"${{{name}}} is no single value")

"""JSON paths: what each selector finds in a document.

Owns the steps of a path. A plain path has one value and fails where a member is
missing; one with an ambiguous step has a list of what was found, however little. Must
not know how paths are written.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from heartbeat.monitors.http.expression.values import (
    EvaluationError,
    as_boolean,
    as_number,
    as_text,
    is_list,
    is_object,
    type_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from heartbeat.monitors.http.expression.scope import Evaluable, Scope, Wildcards

Match: TypeAlias = "tuple[Any, Any]"
"""What a wildcard stood for, and the value found there."""

Plain: TypeAlias = "Callable[[Scope, Any], Any]"
"""A step to one value; raises `EvaluationError`."""

Ambiguous: TypeAlias = "Callable[[Scope, Any], Iterator[Match]]"
"""A step to any number of values."""


_Step: TypeAlias = "tuple[Plain, None] | tuple[None, Ambiguous]"


@dataclass(slots=True)
class Path:
    """A path while it is parsed, and the evaluable it makes.

    `from_current` begins at the element a filter looks at, not at the document.
    """

    from_current: bool = False
    is_ambiguous: bool = False
    steps: list[_Step] = field(default_factory=list["_Step"])

    def plain(self, step: Plain) -> None:
        """Go on to one value."""
        self.steps.append((step, None))

    def ambiguous(self, step: Ambiguous) -> None:
        """Go on to any number of values."""
        self.is_ambiguous = True
        self.steps.append((None, step))

    def __call__(self, scope: Scope) -> Any:
        """Return the value, or the list of values, that the path leads to."""
        if self.is_ambiguous:
            return [value for _, value in self.matches(scope)]
        value = self._start(scope)
        for plain, _ in self.steps:
            value = cast("Plain", plain)(scope, value)
        return value

    def matches(self, scope: Scope) -> Iterator[tuple[Wildcards, Any]]:
        """Yield everything the path leads to; where it leads nowhere counts not."""
        return self._walk(scope, 0, (), self._start(scope))

    def _start(self, scope: Scope) -> Any:
        return scope.current if self.from_current else scope.root

    def _walk(
        self, scope: Scope, index: int, wildcards: tuple[Any, ...], value: Any
    ) -> Iterator[tuple[Wildcards, Any]]:
        if index == len(self.steps):
            yield wildcards, value
            return
        plain, ambiguous = self.steps[index]
        if plain is not None:
            try:
                inner = plain(scope, value)
            except EvaluationError:
                return
            yield from self._walk(scope, index + 1, wildcards, inner)
        if ambiguous is not None:
            for wildcard, inner in ambiguous(scope, value):
                scope.budget.spend()
                found = (*wildcards, wildcard)
                yield from self._walk(scope, index + 1, found, inner)


def member(key: Evaluable) -> Plain:
    """Return the step to one member of an object or a list."""
    return lambda scope, value: _selected(key, scope, value)[1]


def script(expression: Evaluable) -> Plain:
    """Return the step to what an expression makes of the element."""
    return lambda scope, value: expression(scope.at(value))


def members(keys: Sequence[Evaluable]) -> Ambiguous:
    """Return the step to several members, those that are there."""

    def select(scope: Scope, value: Any) -> Iterator[Match]:
        for key in keys:
            try:
                yield _selected(key, scope, value)
            except EvaluationError:
                continue

    return select


def every(scope: Scope, value: Any) -> Iterator[Match]:
    """Yield all members of an object or a list."""
    del scope
    return _children(value)


def descendants(scope: Scope, value: Any) -> Iterator[Match]:
    """Yield a value and everything below it, each with the way to it."""
    waiting: list[tuple[list[Any], Any]] = [([], value)]
    while waiting:
        scope.budget.spend()
        way, element = waiting.pop()
        yield way, element
        below = [([*way, key], child) for key, child in _children(element)]
        waiting.extend(reversed(below))


def filtered(condition: Evaluable) -> Ambiguous:
    """Return the step to the members for which the condition holds."""

    def select(scope: Scope, value: Any) -> Iterator[Match]:
        for key, child in _children(value):
            scope.budget.spend()
            try:
                holds = as_boolean(condition(scope.at(child)))
            except EvaluationError:
                continue
            if holds:
                yield key, child

    return select


def ranged(start: Evaluable, end: Evaluable, step: Evaluable) -> Ambiguous:
    """Return the step to a part of a list; a negative step goes backwards."""

    def select(scope: Scope, value: Any) -> Iterator[Match]:
        if not is_list(value):
            return
        inner = scope.at(value)
        try:
            low, high, stride = (_index(part, inner) for part in (start, end, step))
        except EvaluationError:
            return
        if low > high:
            return
        low, high = _within(low, len(value)), _within(high, len(value))
        order = range(low, high, stride or 1)
        if stride < 0:
            order = range(high - 1, low - 1, stride)
        for index in order:
            yield str(index), value[index]

    return select


def placeholder(number: int | None) -> Evaluable:
    """Return the text of what a wildcard stood for; of all of them for None."""

    def evaluate(scope: Scope) -> Any:
        wildcards = scope.wildcards
        if wildcards is None or (number is not None and number >= len(wildcards)):
            shown = -1 if number is None else number
            raise EvaluationError(f"JSONPath placeholder #{shown} is not available")
        if number is None:
            return f"${''.join(_bracketed(wildcards))}"
        return wildcards[number]

    return evaluate


def _bracketed(wildcards: Wildcards) -> Iterator[str]:
    for wildcard in wildcards:
        if is_list(wildcard):
            yield from _bracketed(wildcard)
        else:
            yield f"[{json.dumps(as_text(wildcard), ensure_ascii=False)}]"


def _selected(key: Evaluable, scope: Scope, value: Any) -> Match:
    inner = scope.at(value)
    if is_list(value):
        index = _index(key, inner)
        if not 0 <= index < len(value):
            raise EvaluationError(f"index {index} out of bounds")
        return str(index), value[index]
    if is_object(value):
        name = as_text(key(inner))
        if name not in value:
            raise EvaluationError(f"unknown key {name}")
        return name, value[name]
    raise EvaluationError(
        f"unsupported value type {type_name(value)} for select, "
        "expected map[string]interface{} or []interface{}"
    )


def _children(value: Any) -> Iterator[Match]:
    if is_object(value):
        yield from value.items()
    elif is_list(value):
        for index, item in enumerate(value):
            yield str(index), item


def _index(key: Evaluable, scope: Scope) -> int:
    value = key(scope)
    number = as_number(value)
    if number is None or not math.isfinite(number):
        text = f"{as_text(value)} ({type_name(value)})"
        raise EvaluationError(f"expected number but got {text}")
    return int(number)


def _within(index: int, size: int) -> int:
    """Return an index of a list of this size; a negative one counts from the end."""
    return max(index + size, 0) if index < 0 else min(index, size)

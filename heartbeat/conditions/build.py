"""From a written condition to a callable.

Owns which operator of a condition counts and how conditions combine. Must not know what
an operator asks of a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from heartbeat.conditions.document import MISSING, find, flat
from heartbeat.conditions.networks import in_networks
from heartbeat.conditions.values import (
    containing,
    equal_to,
    listed,
    matching,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from heartbeat.conditions.values import Test

Document: TypeAlias = "Mapping[str, Any]"

Condition: TypeAlias = "Callable[[Document], bool]"
"""Tells whether a nested document is as wanted."""

Warn: TypeAlias = "Callable[[str], object]"


def build_condition(written: Any, warn: Warn | None = None) -> Condition:
    """Return the condition that options describe.

    One operator counts, the first in the order of `OPERATORS`; `warn` is told about
    those that do not. Raises `ValueError`.
    """
    options = _options(written)
    present = [name for name in OPERATORS if options.get(name) is not None]
    if not present:
        raise ValueError("missing or invalid condition")
    if warn is not None and len(options) > 1:
        idle = ", ".join(str(name) for name in options if name != present[0])
        warn(f"only '{present[0]}' counts in this condition, not {idle}")
    name = present[0]
    return OPERATORS[name](options[name], warn)


def _equals(options: Any, _warn: Warn | None) -> Condition:
    return _each((path, equal_to(path, value)) for path, value in _fields(options))


def _contains(options: Any, _warn: Warn | None) -> Condition:
    return _each((path, containing(path, value)) for path, value in _fields(options))


def _regexp(options: Any, _warn: Warn | None) -> Condition:
    return _each((path, matching(path, value)) for path, value in _fields(options))


def _range(options: Any, _warn: Warn | None) -> Condition:
    """Return the condition on numbers; the last name of a path is a bound."""
    bounds: dict[str, list[tuple[str, Any]]] = {}
    for path, limit in _fields(options):
        field, _, name = path.rpartition(".")
        bounds.setdefault(field, []).append((name, limit))
    return _each((field, within(named)) for field, named in bounds.items())


def _network(options: Any, _warn: Warn | None) -> Condition:
    fields = flat(_options(options), keeps_lists=True)
    return _each((path, in_networks(path, value)) for path, value in fields)


def _has_fields(options: Any, _warn: Warn | None) -> Condition:
    paths = [str(path) for path in listed(options)]
    return lambda document: all(find(document, path) is not MISSING for path in paths)


def _or(options: Any, warn: Warn | None) -> Condition:
    inner = [build_condition(item, warn) for item in listed(options)]
    return lambda document: any(condition(document) for condition in inner)


def _and(options: Any, warn: Warn | None) -> Condition:
    inner = [build_condition(item, warn) for item in listed(options)]
    return lambda document: all(condition(document) for condition in inner)


def _not(options: Any, warn: Warn | None) -> Condition:
    inner = build_condition(options, warn)
    return lambda document: not inner(document)


def _each(tests: Iterable[tuple[str, Test]]) -> Condition:
    """Return the condition that every field is there and passes its test."""
    known = tuple(tests)

    def condition(document: Document) -> bool:
        for path, test in known:
            value = find(document, path)
            if value is MISSING or not test(value):
                return False
        return True

    return condition


def _fields(options: Any) -> Iterable[tuple[str, Any]]:
    return flat(_options(options))


def _options(written: Any) -> Mapping[str, Any]:
    if not isinstance(written, Mapping):
        raise ValueError("missing or invalid condition")  # noqa: TRY004 - a fault of the options
    return cast("Mapping[str, Any]", written)


OPERATORS: Mapping[str, Callable[[Any, Warn | None], Condition]] = {
    "equals": _equals,
    "contains": _contains,
    "regexp": _regexp,
    "range": _range,
    "has_fields": _has_fields,
    "network": _network,
    "or": _or,
    "and": _and,
    "not": _not,
}
"""The operators in the order in which the reference looks for them."""

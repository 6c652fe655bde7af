"""Variables: members of the document named without a path.

Owns how `a.b[0]` finds its value. Must not know how it is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heartbeat.monitors.http.expression.values import (
    EvaluationError,
    as_text,
    is_list,
    is_object,
    type_name,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.monitors.http.expression.scope import Evaluable, Scope


def variable(keys: Sequence[Evaluable]) -> Evaluable:
    """Return the member that the keys lead to.

    A member that an object lacks is null; beyond that there is nothing.
    """

    def evaluate(scope: Scope) -> Any:
        names = [as_text(key(scope)) for key in keys]
        value = scope.root
        for depth, name in enumerate(names):
            if is_object(value):
                value = value.get(name)
            elif is_list(value) and _is_index(name, len(value)):
                value = value[int(name)]
            else:
                known = ".".join(names[: depth + 1])
                raise EvaluationError(f"unknown parameter {known}")
        return value

    return evaluate


def called(name: str, keys: Sequence[Evaluable]) -> Evaluable:
    """Return the call of a variable, which fails: documents hold no functions."""
    find = variable(keys)

    def evaluate(scope: Scope) -> Any:
        kind = type_name(find(scope))
        raise EvaluationError(f"could not call '{name}' type {kind}")

    return evaluate


def _is_index(name: str, size: int) -> bool:
    return name.isascii() and name.isdecimal() and int(name) < size

"""What an expression sees while it is evaluated, and how long it may take.

Owns the document, the element a path looks at, and the budget. Must not know the
language.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STEPS = 1_000_000
"""So many members of a document may be looked at in one evaluation: about a second."""

Evaluable: TypeAlias = "Callable[[Scope], Any]"
"""A compiled expression or a part of one; raises `EvaluationError`."""

Wildcards: TypeAlias = "Sequence[Any]"
"""What the ambiguous parts of a path stood for, in their order."""


class TooCostly(Exception):  # noqa: N818 - a verdict, not a fault of the program
    """An evaluation looked at more than it may."""

    def __init__(self) -> None:
        """Name the limit."""
        super().__init__(f"more than {STEPS} steps")


class Budget:
    """Counts the steps of one evaluation."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        """Allow `STEPS`."""
        self._left = STEPS

    def spend(self) -> None:
        """Take a step; raises `TooCostly` when there were enough."""
        self._left -= 1
        if self._left < 0:
            raise TooCostly


@dataclass(frozen=True, slots=True)
class Scope:
    """The surroundings of an expression.

    `root` is the whole document, `current` the element that a filter looks at;
    `wildcards` are there in the key of an object literal only.
    """

    root: Any
    budget: Budget
    current: Any = None
    wildcards: Wildcards | None = None

    def at(self, current: Any) -> Scope:
        """Return the surroundings for a look at another element."""
        return Scope(self.root, self.budget, current)

    def keyed(self, wildcards: Wildcards) -> Scope:
        """Return the surroundings of a key made of what a path found."""
        return Scope(self.root, self.budget, self.current, wildcards)


@dataclass(frozen=True, slots=True)
class Constant:
    """An evaluable that is the same for every document."""

    value: Any

    def __call__(self, scope: Scope) -> Any:
        """Return the value."""
        del scope
        return self.value

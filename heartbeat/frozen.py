"""Values that nobody changes once they are made.

Owns the decorator for those that every check makes anew. Must not know any of them.

A frozen dataclass takes three times as long to make as one that is not, because every
member is set through a function. What is made for each check is therefore frozen for
the type checkers alone; everything else is `@dataclass(frozen=True, slots=True)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def frozen(made: type[T]) -> type[T]:
    """Return the class as a dataclass with slots, to be changed by nobody."""
    return dataclass(slots=True, unsafe_hash=True)(made)

"""A limit on how many may run at once, first come, first served.

Owns the count and the queue before it. Must not know who passes or why.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Gate(Generic[T]):
    """Lets up to `limit` in at once; 0 is no limit."""

    __slots__ = ("__weakref__", "_limit", "_queue", "active")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._queue: OrderedDict[T, Callable[[T], object]] = OrderedDict()
        self.active = 0

    @property
    def waiting(self) -> int:
        """Return how many stand in the queue."""
        return len(self._queue)

    def enter(self, guest: T, admitted: Callable[[T], object]) -> None:
        """Call `admitted` with the guest, now or when its turn has come."""
        if self._limit and self.active >= self._limit:
            self._queue[guest] = admitted
        else:
            self.active += 1
            admitted(guest)

    def leave(self) -> None:
        """Make room; the next in the queue takes it at once."""
        if self._queue:
            guest, admitted = self._queue.popitem(last=False)
            admitted(guest)
        else:
            self.active -= 1

    def forget(self, guest: T) -> bool:
        """Take a guest out of the queue; return whether it was there."""
        return self._queue.pop(guest, None) is not None

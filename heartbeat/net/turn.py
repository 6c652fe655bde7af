"""Calls of many probes that are made together, at the end of a turn of the loop.

Owns the list of them. Must not know what is called.

A turn in which twenty checks begin connects twenty sockets. Made one after the other,
the system finds its own code and data in the caches, and whoever is at the other end is
woken once; made in between the rest of what checks do, each such call costs nearly
twice as much.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


MOST = 64
"""Calls made in one go; those beyond come in the next turn, so that timers get theirs
and a target that is visited by very many at once can take them in."""


class Turn:
    """The end of the present turn of the running loop, and of each after it."""

    __slots__ = ("_calls",)

    def __init__(self) -> None:
        """Wait for the first call."""
        self._calls: list[Callable[[], object]] = []

    def at_end(self, call: Callable[[], object]) -> None:
        """Make a call behind what the loop does now; it must not raise."""
        if not self._calls:
            asyncio.get_running_loop().call_soon(self._end)
        self._calls.append(call)

    def _end(self) -> None:
        calls, self._calls = self._calls[:MOST], self._calls[MOST:]
        if self._calls:
            asyncio.get_running_loop().call_soon(self._end)
        for call in calls:
            call()

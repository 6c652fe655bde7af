"""When sockets of probes can be read or written.

Owns one epoll instance for each event loop. Must not know what is done with a socket.

The loop watches that instance alone and asks it for all sockets that are ready at once.
A watch then costs one system call, where a loop's own watch of a file descriptor makes
a handle and probes the descriptor first; and many answers that come together wake the
loop only once. Where the system has no epoll, the loop watches each socket itself.
"""

from __future__ import annotations

import select
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol
from weakref import WeakKeyDictionary, finalize

from heartbeat.net.turn import Turn

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

IN: Final = 1
OUT: Final = 4
"""To be read, to be written: the values that epoll has for them."""

MOST: Final = 512
"""Sockets served in one turn of the loop, so that timers get theirs."""


class Readiness(Protocol):
    """Calls back once a socket is ready, or broken; `turn` is that of the loop."""

    @property
    def turn(self) -> Turn:
        """For what many sockets do together."""
        ...

    def watch(self, fd: int, events: int, ready: Callable[[], object]) -> None:
        """Call `ready` once, when any of the events has come; replaces a watch."""

    def forget(self, fd: int) -> None:
        """Call nothing any more; to be told before the socket is closed."""


class Epoll:
    """Readiness by an epoll `instance` of its own."""

    __slots__ = ("__weakref__", "_known", "_waiting", "instance", "turn")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have the loop watch; whoever ends the loop need not know."""
        self.instance = select.epoll()
        self.turn = Turn()
        self._known: set[int] = set()
        self._waiting: dict[int, Callable[[], object]] = {}
        loop.add_reader(self.instance.fileno(), self._serve)
        finalize(loop, self.instance.close)

    def watch(self, fd: int, events: int, ready: Callable[[], object]) -> None:
        """Call `ready` once, when any of the events has come; replaces a watch."""
        self._waiting[fd] = ready
        if fd in self._known:
            self.instance.modify(fd, events | select.EPOLLONESHOT)
        else:
            self.instance.register(fd, events | select.EPOLLONESHOT)
            self._known.add(fd)

    def forget(self, fd: int) -> None:
        """Call nothing any more; the kernel forgets a socket that is closed."""
        self._known.discard(fd)
        self._waiting.pop(fd, None)

    def _serve(self) -> None:
        """Call back for all that is ready."""
        waiting = self._waiting
        for fd, _ in self.instance.poll(0, MOST):
            ready = waiting.pop(fd, None)
            if ready is not None:
                ready()


class LoopReadiness:
    """Readiness by the loop's own watches."""

    __slots__ = ("__weakref__", "_loop", "turn")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Leave it to the loop."""
        self.turn = Turn()
        self._loop = loop

    def watch(self, fd: int, events: int, ready: Callable[[], object]) -> None:
        """Call `ready` once, when any of the events has come; replaces a watch."""
        self.forget(fd)
        if events & IN:
            self._loop.add_reader(fd, self._serve, fd, ready)
        if events & OUT:
            self._loop.add_writer(fd, self._serve, fd, ready)

    def forget(self, fd: int) -> None:
        """Call nothing any more."""
        with suppress(OSError):
            self._loop.remove_reader(fd)
            self._loop.remove_writer(fd)

    def _serve(self, fd: int, ready: Callable[[], object]) -> None:
        self.forget(fd)
        ready()


_BY_LOOP: WeakKeyDictionary[asyncio.AbstractEventLoop, Readiness] = WeakKeyDictionary()


def readiness_of(loop: asyncio.AbstractEventLoop) -> Readiness:
    """Return that of a loop, which is one and the same for all its sockets."""
    found = _BY_LOOP.get(loop)
    if found is None:
        kind = Epoll if hasattr(select, "epoll") else LoopReadiness
        found = _BY_LOOP[loop] = kind(loop)
    return found

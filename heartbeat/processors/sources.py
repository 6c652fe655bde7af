"""Background work that processors rely on, shared by all that want the same.

Owns which sources run: those of processors in use, each once. Must not know what a
source gathers.
"""

from __future__ import annotations

import asyncio
import logging
from threading import Lock
from typing import TYPE_CHECKING, TypeVar, cast
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from heartbeat.processors.base import Source

S = TypeVar("S", bound="Source")

log = logging.getLogger(__name__)


class Sources:
    """The sources of a process.

    `of` may be called in any thread and starts nothing, so that configurations can be
    built to be looked at. The rest belongs to the loop's thread.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: WeakValueDictionary[Hashable, Source] = WeakValueDictionary()
        self._users: dict[Source, int] = {}
        self._tasks: dict[Source, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    def of(self, key: Hashable, make: Callable[[], S]) -> S:
        """Return the source of a key, made if nobody has it yet.

        The key names the kind of source and everything that makes a difference.
        """
        with self._lock:
            known = self._known.get(key)
            if known is None:
                known = self._known[key] = make()
            return cast("S", known)

    def hold(self, sources: Iterable[Source]) -> None:
        """Have sources run, from now on or as soon as `run` does."""
        for source in sources:
            self._users[source] = self._users.get(source, 0) + 1
            if self._users[source] == 1 and self._group is not None:
                self._start(source, self._group)

    def release(self, sources: Iterable[Source]) -> None:
        """Let go of sources; those that nobody holds any more end."""
        for source in sources:
            self._users[source] -= 1
            if not self._users[source]:
                del self._users[source]
                task = self._tasks.pop(source, None)
                if task is not None:
                    task.cancel()

    async def run(self) -> None:
        """Run what is held, until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                for source in self._users:
                    self._start(source, group)
                await asyncio.get_running_loop().create_future()
        finally:
            self._group = None
            self._tasks.clear()

    def _start(self, source: Source, group: asyncio.TaskGroup) -> None:
        self._tasks[source] = group.create_task(_guarded(source))


async def _guarded(source: Source) -> None:
    """Run a source; a fault of it harms nobody else."""
    try:
        await source.run()
    except Exception:
        log.exception("a source of processors failed; its facts stay as they are")

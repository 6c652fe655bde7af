"""What a process holds, and how long a step of it keeps others waiting.

Owns the figures. Must not know what causes them.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator

T = TypeVar("T")

_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is held: descriptors, tasks, bytes of memory."""

    descriptors: int
    tasks: int
    memory: int

    @classmethod
    def now(cls) -> Holdings:
        """Return what this process holds, garbage and the allocator's stock apart."""
        gc.collect()
        with contextlib.suppress(AttributeError):  # it is glibc's own
            ctypes.CDLL(None).malloc_trim(0)
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return cls(
            len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - a count is enough
            len(asyncio.all_tasks()),
            pages * _PAGE,
        )


class Watch:
    """Measures the longest step of what is run under it: how long others must wait.

    In processor time of the loop's thread, so that what else goes on on the machine
    does not count.
    """

    def __init__(self) -> None:
        self.longest = 0.0

    async def over(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine step by step."""
        return await _Steps(coroutine, self)


class _Steps(Generic[T]):
    """A coroutine whose steps are timed."""

    def __init__(self, coroutine: Coroutine[Any, Any, T], watch: Watch) -> None:
        self._coroutine = coroutine
        self._watch = watch

    def __await__(self) -> Generator[Any, Any, T]:
        step = partial(self._coroutine.send, None)
        while True:
            begun = time.thread_time()
            try:
                waits_for = step()
            except StopIteration as ended:
                return cast("T", ended.value)
            finally:
                took = time.thread_time() - begun
                self._watch.longest = max(self._watch.longest, took)
            try:
                yield waits_for
            except BaseException as error:  # noqa: BLE001 - handed on
                step = partial(self._coroutine.throw, error)
            else:
                step = partial(self._coroutine.send, None)

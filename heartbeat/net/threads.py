"""Threads for calls that may block beyond anyone's patience.

Owns a bounded number of threads that never keep the process from ending, which is what
sets them apart from `concurrent.futures`: its threads are waited for at exit, however
long they hang. Must not know what is called.
"""

from __future__ import annotations

from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Threads:
    """Runs calls in the order they come in, as many at a time as there are threads."""

    def __init__(self, limit: int) -> None:
        """Start no thread before there is a call for it."""
        self._limit = limit
        self._started = 0
        self._idle = Semaphore(0)
        self._calls: SimpleQueue[Callable[[], object] | None] = SimpleQueue()

    def run(self, call: Callable[[], object]) -> None:
        """Run a call, which must not raise, as soon as a thread is free."""
        self._calls.put(call)
        if not self._idle.acquire(blocking=False) and self._started < self._limit:
            self._started += 1
            Thread(target=self._work, daemon=True).start()

    def close(self) -> None:
        """End every thread after its present call; forget the calls that wait."""
        while not self._calls.empty():
            self._calls.get()
        for _ in range(self._started):
            self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()
            self._idle.release()

"""Workers for tests: small programs that talk as a worker does."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from heartbeat.clock import SystemClock
from heartbeat.partition import WHOLE
from heartbeat.supervisor.child import Child, Office

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from heartbeat.partition import Share

HEAD = """
import json, os, signal, socket, sys
told = json.loads(os.environ["HEARTBEAT_WORKER"])
side = socket.socket(fileno=told["descriptor"])
def say(**message):
    body = json.dumps(message).encode()
    side.sendall(len(body).to_bytes(4, "big") + body)
def hear():
    length = side.recv(4)
    return json.loads(side.recv(int.from_bytes(length, "big"))) if length else None
def end(*_):
    os._exit(0)
signal.signal(signal.SIGTERM, end)
"""


class Hired:
    """A worker and what the supervisor heard of it."""

    def __init__(self, program: str, share: Share = WHOLE, *, is_once: bool) -> None:
        """Start nothing yet; the program goes on behind `HEAD`."""
        self.faults: list[str] = []
        lock = os.open(os.devnull, os.O_RDONLY)
        office = Office(
            (sys.executable, "-S", "-c", HEAD + program),
            {"NOTIFY_SOCKET": "/x", "KEPT": "yes"},
            "1-2-3",
            lock,
            self.failed,
            is_once,
        )
        self.lock = lock
        self.child = Child("worker-1", share, office, SystemClock())

    def failed(self, text: str) -> None:
        """Hear of a fault that ends everything."""
        self.faults.append(text)
        self.child.stop()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Child]:
        """Run it until the end of the test, from when it is ready."""
        life = asyncio.create_task(self.child.run())
        try:
            await self.child.settled.wait()
            yield self.child
        finally:
            self.child.stop()
            await life
            os.close(self.lock)

    async def ended(self) -> int:
        """Run it to its end; return its exit code."""
        try:
            return await self.child.run()
        finally:
            os.close(self.lock)


@pytest.fixture
def hired() -> Callable[..., Hired]:
    """Return what makes a worker of a program."""

    def hire(program: str, share: Share = WHOLE, *, is_once: bool = False) -> Hired:
        return Hired(program, share, is_once=is_once)

    return hire

"""Real servers of ready-made kits, started for one test and killed in the middle of it.

Owns their processes. The environment names the folder of each kit, which has a
`start.sh` and a `stop.sh`; without it the test is skipped with one clear line. Must not
know what is tested.

    HEARTBEAT_TEST_LOGSTASH   the kit of the Lumberjack receiver
    HEARTBEAT_TEST_REDIS      the kit of Redis
    HEARTBEAT_TEST_KAFKA      the kit of Kafka
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from heartbeat.clock import SystemClock
from heartbeat.deadletter import DeadLetters
from heartbeat.delivery import Worker
from heartbeat.store import Store
from tests.support.records import records

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from heartbeat.outputs.base import Output
    from tests.support.cutting import Wire

HOST = "127.0.0.1"
PATIENCE = 60.0
"""Seconds for a server to start and for events to arrive."""


STARTS = 3
"""Attempts to start a server."""

FIRST, LAST, STEP = 20_000, 30_000, 5
"""Where to look for ports: below those that the system hands out by itself."""


def _free_ports() -> int:
    """Return the first of some ports in a row that nobody listens on."""
    starts = range(FIRST + os.getpid() % STEP * STEP, LAST, STEP)
    return next(start for start in starts if _is_free(start))


def _is_free(start: int) -> bool:
    try:
        for port in range(start, start + STEP):
            with socket.create_server((HOST, port)):
                pass
    except OSError:
        return False
    return True


class Service:
    """One server on a port of its own, with a folder of its own."""

    def __init__(self, kit: Path, folder: Path, **settings: str) -> None:
        """Start nothing yet; `settings` are what the kit reads of its environment."""
        folder.mkdir()
        self.port = _free_ports()
        self.folder = folder
        self._kit = kit
        self._environment = {**os.environ, **settings, "RUN_DIR": str(folder)}

    @property
    def ca(self) -> str:
        """The file with the authority that signed its certificate."""
        return str(self.folder / "certs" / "ca.pem")

    async def start(self, *options: str) -> None:
        """Start it and wait until it answers.

        Again if need be: one in 64 random names that Kafka gives its own cluster begins
        with a dash, and Kafka then takes it for an option.
        """
        arguments = ["--", *options] if options else []
        for _ in range(STARTS):
            if await self._run("start.sh", *arguments):
                return
        raise AssertionError(f"{self._kit} does not start")

    async def stop(self) -> None:
        """Stop it; a second call does nothing."""
        assert await self._run("stop.sh")

    @property
    def process(self) -> int:
        """The number of its process."""
        pid, _ = (self.folder / "pid").read_text().split()
        return int(pid)

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        os.kill(self.process, signal.SIGKILL)

    async def _run(self, script: str, *arguments: str) -> bool:
        process = await asyncio.create_subprocess_exec(
            str(self._kit / script),
            str(self.port),
            *arguments,
            env=self._environment,
            stdout=subprocess.DEVNULL,
        )
        return await process.wait() == 0


def kit(variable: str) -> Path:
    """Return the folder of the kit that the variable names, or skip the test."""
    named = Path(os.environ.get(variable, ""))
    if not os.environ.get(variable) or not (named / "start.sh").is_file():
        pytest.skip(f"{variable} names no folder of a kit with a start.sh")
    return named


@asynccontextmanager
async def service(
    variable: str, folder: Path, *options: str, **settings: str
) -> AsyncGenerator[Service]:
    """Run a server of the kit that the variable names, or skip the test."""
    made = Service(kit(variable), folder, **settings)
    await made.start(*options)
    try:
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def delivering(
    output: Output, folder: Path
) -> AsyncGenerator[tuple[Store, Worker]]:
    """Deliver to the output what is put into the store; all of it, in the end."""
    clock = SystemClock()
    store = Store.open(None, outputs=(output.name,), clock=clock)
    letters = DeadLetters(folder, output.name, clock)
    random = Random(1)  # noqa: S311 - no secret
    worker = Worker(output, store, clock, dead_letters=letters, random=random)
    running = asyncio.create_task(worker.run())
    try:
        yield store, worker
        assert await worker.drain(PATIENCE)
        assert worker.counters.dead_letter == 0
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await store.close()


async def deliver_through_a_crash(output: Output, server: Service, folder: Path) -> int:
    """Deliver events while the server is killed and started again; return how many.

    The ids are `id-1` and so on. Some are taken before the crash, some wait for the
    server to come back.
    """
    async with delivering(output, folder) as (store, worker):
        store.append(records(100), {})
        assert await worker.drain(PATIENCE)
        store.append(records(500, first=101), {})
        server.kill()
        store.append(records(500, first=601), {})
        await store.flush()
        await server.start()
        store.append(records(100, first=1101), {})
        await store.flush()
    return 1200


async def deliver_through_cuts(output: Output, wire: Wire, folder: Path) -> int:
    """Deliver events while the wire is cut in the middle of batches; return how many.

    The ids are `id-1` and so on. Each connection passes so many bytes and no more,
    until there are no cuts left.
    """
    random = Random(2)  # noqa: S311 - no secret
    cuts = 3 if wire.is_silent else 20
    async with delivering(output, folder) as (store, _):
        wire.cuts += [random.randint(500, 100_000) for _ in range(cuts)]
        store.append(records(10_000, size=100), {})
        await store.flush()
    assert wire.cuts == []
    return 10_000

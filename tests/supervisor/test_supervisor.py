"""The common life of several workers."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from heartbeat import datadir
from heartbeat.clock import SystemClock
from heartbeat.config.endpoint import EndpointOptions
from heartbeat.errors import HeartbeatError, StoreLocked
from heartbeat.partition import NOTHING, Share
from heartbeat.supervisor import supervisor as module
from heartbeat.supervisor.child import Child
from heartbeat.supervisor.plan import Plan
from heartbeat.supervisor.supervisor import Supervisor
from tests.supervisor.conftest import HEAD
from tests.support.program import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SERVING = """
say(event="ready")
while (asked := hear()) is not None:
    status = {"is_stuck": told["share"]["index"] == 1, "status": "2 endpoints: 2 up"}
    say(answer=asked["question"], content=status)
"""
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)" + SERVING


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Supervisor]:
    """Return what makes a supervisor of two workers."""

    def make(program: str, *, is_once: bool = False, **environment: str) -> Supervisor:
        shares = {f"worker-{n}": Share(n, 2) for n in range(2)}
        plan = Plan(
            data=tmp_path / "data",
            shares={**shares, "": NOTHING} if is_once else shares,
            http=EndpointOptions(),
            name="berlin",
            cluster_uuid="",
            shutdown_timeout=0.0,
            is_once=is_once,
        )
        command = (sys.executable, "-S", "-c", HEAD + program)
        return Supervisor(plan, SystemClock(), command=command, environment=environment)

    return make


async def stopped(supervisor: Supervisor) -> int:
    """Run until all are ready, then stop; return the exit code."""
    running = asyncio.create_task(supervisor.run())
    await ready(supervisor)
    os.kill(os.getpid(), signal.SIGTERM)
    return await running


async def ready(supervisor: Supervisor) -> None:
    """Wait until all workers are ready."""

    def are_ready() -> bool:
        children = supervisor.children
        return bool(children) and all(child.is_ready for child in children)

    await asyncio.to_thread(until, are_ready, "readiness")


async def test_life(made: Callable[..., Supervisor], tmp_path: Path) -> None:
    """Workers end when they are told to, and the directory is free again."""
    assert await stopped(made(SERVING)) == 0
    with datadir.opened(tmp_path / "data", SystemClock()):
        pass


@pytest.mark.parametrize(("last", "expected"), [(0, 0), (1, 1)])
async def test_exit_code(
    made: Callable[..., Supervisor], last: int, expected: int
) -> None:
    """The worst of all counts, that of one who empties a store included."""
    program = f'say(event="ready"); os._exit({last} if told["name"] == "" else 0)'

    assert await made(program, is_once=True).run() == expected


async def test_fault(made: Callable[..., Supervisor]) -> None:
    """The first is told; the others end without having done anything wrong."""
    program = """
if told["share"]["index"] == 1:
    say(event="fault", text="no", is_final=False)
    os._exit(1)
"""
    with pytest.raises(HeartbeatError, match=r"\Ano\Z"):
        await made(program + SERVING).run()


async def test_who_does_not_end(
    made: Callable[..., Supervisor],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is killed after a while, and that is no success."""
    monkeypatch.setattr(module, "GRACE", 0.05)

    assert await stopped(made(DEAF)) == 1
    assert "worker-0 does not end and is killed" in caplog.text


async def test_directory_in_use(
    made: Callable[..., Supervisor], tmp_path: Path
) -> None:
    """Somebody lives there: nothing is waited for."""
    with (
        datadir.opened(tmp_path / "data", SystemClock()),
        pytest.raises(StoreLocked, match="already locked by another heartbeat"),
    ):
        await made(SERVING).run()


async def test_orphans_are_waited_for(
    made: Callable[..., Supervisor],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Workers of a supervisor that was killed hold the directory until they end."""
    monkeypatch.setattr(module, "ORPHANS", 0.001)
    supervisor = made(SERVING)
    with datadir.opened(tmp_path / "data", SystemClock()):
        (tmp_path / "data" / "heartbeat.lock").write_text("2147483646\n")
        running = asyncio.create_task(supervisor.run())
        await asyncio.to_thread(lambda: None)
    await ready(supervisor)
    os.kill(os.getpid(), signal.SIGTERM)

    assert await running == 0


async def test_orphans_that_stay(
    made: Callable[..., Supervisor],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody waits for ever."""
    monkeypatch.setattr(module, "ORPHANS", 0.001)
    monkeypatch.setattr(module, "GRACE", 0.01)
    with datadir.opened(tmp_path / "data", SystemClock()):
        (tmp_path / "data" / "heartbeat.lock").write_text("2147483646\n")
        with pytest.raises(StoreLocked):
            await made(SERVING).run()


async def test_service_manager(made: Callable[..., Supervisor], tmp_path: Path) -> None:
    """It hears of all; one worker that is stuck keeps the sign of life back."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "n"))
        manager.settimeout(10)
        supervisor = made(
            SERVING, NOTIFY_SOCKET=str(tmp_path / "n"), WATCHDOG_USEC="200000"
        )
        running = asyncio.create_task(supervisor.run())
        heard = ""
        while "worker-1: 2 endpoints" not in heard or "READY=1" not in heard:
            heard += (await asyncio.to_thread(manager.recv, 4096)).decode() + "\n"
        os.kill(os.getpid(), signal.SIGTERM)
        await running
        last = manager.recv(4096).decode()

    assert "STATUS=worker-0: 2 endpoints: 2 up; worker-1: 2 endpoints: 2 up" in heard
    assert "WATCHDOG=1" not in heard.partition("worker-1: 2")[2]
    assert "STOPPING=1" in last


async def test_reload_of_all(
    made: Callable[..., Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that comes while one is served is served after it."""
    reloads: list[str] = []
    first = asyncio.Event()

    async def reload(child: Child) -> None:
        reloads.append(child.title)
        if len(reloads) == 1:
            os.kill(os.getpid(), signal.SIGHUP)
            await first.wait()
        if len(reloads) == 4:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Child, "reload", reload)
    supervisor = made(SERVING)
    running = asyncio.create_task(supervisor.run())
    await ready(supervisor)
    os.kill(os.getpid(), signal.SIGHUP)
    asyncio.get_running_loop().call_later(0.05, first.set)

    assert await running == 0
    assert reloads == ["worker-0", "worker-1"] * 2

"""Telling the service manager how we are."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from heartbeat.notify import ServiceManager

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from pathlib import Path

    from tests.support.clock import FakeClock


class Manager:
    """A service manager's end of the socket."""

    def __init__(self, address: str) -> None:
        """Listen at a path, or at a name in the abstract namespace."""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(0.0)

    def heard(self) -> list[str]:
        """Return the messages since the last call."""
        messages: list[str] = []
        while True:
            try:
                messages.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return messages


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """Return a service manager that listens."""
    listening = Manager(str(tmp_path / "notify"))
    with listening.socket:
        yield listening


def connected(tmp_path: Path, clock: FakeClock, **more: str) -> ServiceManager:
    """Return what a process that the manager has started sees of it."""
    return ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "notify"), **more}, clock)


class TestLife:
    """What is told of the way from start to end."""

    def test_from_start_to_end(
        self, tmp_path: Path, clock: FakeClock, manager: Manager
    ) -> None:
        """Ready, reloading, ready again, stopping."""
        service = connected(tmp_path, clock)
        service.ready()
        with service.reloading():
            before_the_end = manager.heard()
        service.stopping()

        assert before_the_end == [
            "READY=1",
            "RELOADING=1\nMONOTONIC_USEC=1000000000",
        ]
        assert manager.heard() == ["READY=1", "STOPPING=1\nSTATUS=stopping"]

    def test_an_abstract_name(self, clock: FakeClock) -> None:
        """Containers get one; it is written with an @."""
        name = f"heartbeat-test-{os.getpid()}"
        listening = Manager(f"\0{name}")
        with listening.socket:
            ServiceManager({"NOTIFY_SOCKET": f"@{name}"}, clock).ready()

            assert listening.heard() == ["READY=1"]

    def test_nobody_who_wants_to_know(self, clock: FakeClock) -> None:
        """Started by hand it is silent."""
        service = ServiceManager({}, clock)
        service.ready()

        assert not service.is_there

    def test_a_manager_that_is_gone_harms_nobody(
        self, tmp_path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        """One line at debug level."""
        caplog.set_level(logging.DEBUG, "heartbeat.notify")
        connected(tmp_path, clock).ready()

        assert caplog.messages == [
            f"service manager at {tmp_path}/notify: no such file or directory"
        ]


async def status() -> str:
    """Return how things stand."""
    return "3 endpoints: 3 up"


@asynccontextmanager
async def watched(
    service: ServiceManager, stuck: list[bool], clock: FakeClock
) -> AsyncGenerator[None]:
    """Let signs of life go out; `stuck` may be filled meanwhile."""
    task = asyncio.create_task(service.run(lambda: any(stuck), status))
    try:
        await clock.advance(0)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class TestWatchdog:
    """Signs of life."""

    @pytest.mark.parametrize("meant", [{}, {"WATCHDOG_PID": str(os.getpid())}])
    async def test_come_twice_as_often_as_asked(
        self, tmp_path: Path, clock: FakeClock, manager: Manager, meant: dict[str, str]
    ) -> None:
        """Each with how things stand."""
        service = connected(tmp_path, clock, WATCHDOG_USEC="20000000", **meant)
        async with watched(service, [], clock):
            await clock.advance(20)

        assert manager.heard() == ["STATUS=3 endpoints: 3 up\nWATCHDOG=1"] * 3

    async def test_cease_while_the_schedule_is_stuck(
        self, tmp_path: Path, clock: FakeClock, manager: Manager
    ) -> None:
        """So that the manager acts."""
        service = connected(tmp_path, clock, WATCHDOG_USEC="20000000")
        stuck: list[bool] = []
        async with watched(service, stuck, clock):
            manager.heard()
            stuck.append(True)
            await clock.advance(10)
            stuck.clear()
            await clock.advance(10)

        assert manager.heard() == [
            "STATUS=3 endpoints: 3 up",
            "STATUS=3 endpoints: 3 up\nWATCHDOG=1",
        ]

    @pytest.mark.parametrize(
        "more",
        [
            {},
            {"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"},
            {"WATCHDOG_USEC": "soon"},
        ],
    )
    async def test_are_not_sent_unasked(
        self, tmp_path: Path, clock: FakeClock, manager: Manager, more: dict[str, str]
    ) -> None:
        """Without a watchdog, or with one of another process, only the status."""
        async with watched(connected(tmp_path, clock, **more), [], clock):
            await clock.advance(30)

        assert manager.heard() == ["STATUS=3 endpoints: 3 up"] * 2

    async def test_without_a_manager_there_is_nothing_to_do(
        self, clock: FakeClock
    ) -> None:
        """It returns at once."""
        await ServiceManager({}, clock).run(lambda: False, status)

        assert clock.timers == 0

"""Checks leave nothing behind, whatever becomes of them."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import pytest

from heartbeat import monitors
from heartbeat.clock import SystemClock
from heartbeat.net import Network
from heartbeat.runner import Identity, Site, runners
from heartbeat.schedule import Tick
from tests.support.certificates import good, root, server_context
from tests.support.clock import settle
from tests.support.servers import (
    hang_up,
    refused_port,
    reset,
    say_and_go,
    serve,
    silence,
)
from tests.support.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from heartbeat.event import Record
    from heartbeat.runner import Runner

pytestmark = pytest.mark.slow

RUNS = 40
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"
TRUST = "ssl.certificate_authorities: ['{ca}']"

FATES = {
    "tcp-up": (silence, "tcp", "hosts: ['127.0.0.1:{port}']"),
    "tcp-refused": (None, "tcp", "hosts: ['127.0.0.1:{port}']"),
    "tcp-mismatch": (
        say_and_go(b"no"),
        "tcp",
        "hosts: ['127.0.0.1:{port}'], check.receive: yes",
    ),
    "tcp-late": (
        silence,
        "tcp",
        "hosts: ['127.0.0.1:{port}'], check.receive: x, timeout: 2ms",
    ),
    "http-up": (say_and_go(OK), "http", "urls: ['http://127.0.0.1:{port}']"),
    "http-status": (
        say_and_go(OK),
        "http",
        "urls: ['http://127.0.0.1:{port}'], check.response.status: [404]",
    ),
    "http-reset": (reset, "http", "urls: ['http://127.0.0.1:{port}']"),
    "http-nothing": (hang_up, "http", "urls: ['http://127.0.0.1:{port}']"),
    "http-redirects": (
        say_and_go(MOVED),
        "http",
        "urls: ['http://127.0.0.1:{port}'], max_redirects: 3",
    ),
    "http-late": (
        silence,
        "http",
        "urls: ['http://127.0.0.1:{port}'], timeout: 2ms",
    ),
    "https-up": (
        say_and_go(OK),
        "http",
        "urls: ['https://localhost:{port}'], ipv6: false, " + TRUST,
    ),
    "https-stranger": (
        say_and_go(OK),
        "http",
        "urls: ['https://localhost:{port}'], ipv6: false",
    ),
    "https-plain": (say_and_go(OK), "http", "urls: ['https://127.0.0.1:{port}']"),
}
"""Whom a monitor meets, its type and its options, by what becomes of it."""


class Forgetful:
    """Keeps nothing of what a store would be given."""

    def append(self, records: Sequence[Record], states: Mapping[str, bytes]) -> None:
        """Let go of it."""

    @property
    def is_full(self) -> bool:
        """Never have anybody wait."""
        return False

    async def room(self) -> None:
        """Have room."""


async def again(runner: Runner) -> None:
    """Run some times, one after the other."""

    async def no_pause(_seconds: float) -> None:
        return

    for number in range(RUNS):
        await runner.run(Tick(number), no_pause)
    await settle()


@pytest.fixture
async def network() -> AsyncGenerator[Network]:
    """Return a network with the time of the machine."""
    network = Network(SystemClock())
    yield network
    await network.close()


def open_files() -> int:
    """Return how many descriptors the process has."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def module_of(thing: object) -> str:
    """Return where a thing comes from; the server of the test leaves some, too."""
    if isinstance(thing, FrameType):
        return str(thing.f_globals["__name__"])
    return type(thing).__module__


@pytest.mark.parametrize("fate", FATES)
async def test_nothing_is_left_of_a_check(
    fate: str, tmp_path: Path, network: Network
) -> None:
    """No cycle of references, no descriptor and no task stays behind."""
    talk, kind, options = FATES[fate]
    (tmp_path / "ca.pem").write_text(root().pem)
    is_encrypted = fate in {"https-up", "https-stranger"}
    tls = server_context(good()) if is_encrypted else None
    async with serve(talk or silence, tls=tls) as served:
        port = served if talk else refused_port()
        text = options.format(port=port, ca=tmp_path / "ca.pem")
        monitor = f"{{type: {kind}, id: m, schedule: '@every 1s', {text}}}"
        settings = settings_of(
            tmp_path, f"heartbeat.monitors: [{monitor}]\noutput.discard: {{}}\n"
        )
        (spec,) = settings.monitors
        site = Site.of(network.clock, Forgetful(), Identity({}))
        (runner,) = runners(spec, monitors.build(spec, network), site, {})
        await again(runner)
        before = open_files(), len(asyncio.all_tasks())
        gc.collect()
        gc.disable()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            await again(runner)
            gc.collect()
        finally:
            gc.set_debug(0)
            gc.enable()
        left = [each for each in gc.garbage if module_of(each).startswith("heartbeat")]
        gc.garbage.clear()
        after = open_files(), len(asyncio.all_tasks())

    assert left == []
    assert after <= before

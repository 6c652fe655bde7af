"""`heartbeat top`: the dialogue."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.cmd import top as top_command
from tests.support.instance import Running, answering, monitor, output
from tests.support.program import ROOT
from tests.support.servers import refused_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OUTPUT = "output.discard: {}\n"


@pytest.fixture
def running() -> Running:
    """Return a heartbeat with something down."""
    down = monitor("shop", "down", error="refused")
    return Running([monitor("well"), down], {"es": output(9)})


@pytest.fixture
def nobody_at_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the endpoint be, by default, where nobody listens."""
    monkeypatch.setattr(top_command, "DEFAULT_URL", f"localhost:{refused_port()}")


@pytest.fixture
def top(command: Callable[..., int]) -> Callable[..., Any]:
    """Return what runs the command beside the test's endpoint."""

    async def run(*arguments: str, config: str | None = None) -> int:
        return await asyncio.to_thread(command, "top", *arguments, config=config)

    return run


async def test_once(
    top: Any, running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints once: what is down first, with the error, and what waits."""
    async with answering(running) as url:
        assert await top("--once", "--url", url) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "2 endpoints: 1 down, 1 up"
    assert lines[3] == "outputs: es 9 pending"
    assert [line.split()[0] for line in lines[5:]] == ["LEVEL", "down", "up"]
    assert lines[6].rstrip().endswith("refused")


async def test_into_a_pipe(
    top: Any, running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """So it does where nobody could watch, and only what is asked for."""
    async with answering(running) as url:
        assert await top("--url", url, "--status", "down", "--limit", "1") == 0

    assert len(capsys.readouterr().out.splitlines()) == 7
    assert running.queries == [{"limit": "1", "status": "down"}]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "http://127.0.0.1"])
async def test_endpoint_of_the_configuration(
    top: Any, running: Running, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --url it is where the configuration has it."""
    async with answering(running) as url:
        port = url.rpartition(":")[2]
        config = f"{OUTPUT}http: {{enabled: true, host: '{host}', port: {port}}}\n"
        assert await top("--once", config=config) == 0

    assert "2 endpoints" in capsys.readouterr().out


async def test_socket_of_the_configuration(
    top: Any, running: Running, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be a Unix socket."""
    place = f"unix://{home}/s"
    async with answering(running, place):
        config = f"{OUTPUT}http: {{enabled: true, host: '{place}'}}\n"
        assert await top("--once", config=config) == 0

    assert f"heartbeat at {place}, " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("config", "arguments", "message"),
    [
        (OUTPUT, (), "the endpoint is not enabled in the configuration: set 'http.ena"),
        ("http.port: -1\n", (), "is negative"),
        (None, (), "no heartbeat answers at http://localhost:"),
        (None, ("-c", "other.yml"), "other.yml"),
        (None, ("--status", "dwon"), "unknown status 'dwon', use any of degraded"),
        (None, ("--interval", "0"), "'--interval'"),
    ],
)
@pytest.mark.usefixtures("nobody_at_the_default")
def test_faults(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    *,
    config: str | None,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    """What is wrong is told in one go."""
    assert command("top", "--once", *arguments, config=config) == 1
    assert message in capsys.readouterr().err


def test_nobody_answers(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """An endpoint that is not there is a fault."""
    assert command("top", "--once", "--url", f"127.0.0.1:{refused_port()}") == 1
    assert "connection refused. Is it running" in capsys.readouterr().err


class Terminal:
    """`heartbeat top` on a terminal."""

    def __init__(self, url: str) -> None:
        """Take where the endpoint is."""
        self._url = url
        self._ours, self._theirs = pty.openpty()
        self.screen = b""

    async def start(self) -> asyncio.subprocess.Process:
        """Start it."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "heartbeat", "top"),
            *("--url", self._url, "--interval", "0.2"),
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "20"},
        )

    async def until(self, text: bytes) -> None:
        """Return when that has been on the screen; forget the screen."""
        while text not in self.screen:
            self.screen += await asyncio.to_thread(os.read, self._ours, 65_536)
        self.screen = b""

    def type(self, keys: bytes) -> None:
        """Type something."""
        os.write(self._ours, keys)

    def close(self) -> None:
        """Put it away."""
        os.close(self._ours)
        os.close(self._theirs)


@pytest.mark.slow
@pytest.mark.parametrize("keys", [b"xq", b"Q", b""])
async def test_live(running: Running, keys: bytes) -> None:
    """On a terminal the picture is renewed until q is typed, or Ctrl-C."""
    async with answering(running) as url:
        terminal = Terminal(url)
        process = await terminal.start()
        await terminal.until(b"1 down")
        running.monitors[1] = monitor("shop")
        await terminal.until(b"2 endpoints: \x1b[32m2 up")
        if keys:
            terminal.type(keys)
        else:
            process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
        terminal.close()


@pytest.mark.slow
async def test_live_without_an_answer(running: Running) -> None:
    """When the heartbeat goes away the last picture stays, with the reason."""
    async with answering(running) as url:
        terminal = Terminal(url)
        process = await terminal.start()
        await terminal.until(b"1 down")
    await terminal.until(b"no heartbeat answers")
    terminal.type(b"q")
    assert await process.wait() == 0
    terminal.close()

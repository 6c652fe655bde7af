"""`heartbeat check`: the command, its exit codes and its forms."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import certificates as pki
from tests.support.servers import refused_port, say, serve
from tests.support.web import answer, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def check(command: Callable[..., int]) -> Callable[..., Any]:
    """Return what runs the command beside the test's servers."""

    async def run(*arguments: str) -> int:
        return await asyncio.to_thread(command, "check", *arguments)

    return run


async def test_up(check: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A target that is up is OK: verdict first, then phases and conditions."""
    async with serving(answer(b"ok")) as server:
        assert await check(server.url(), "--body", "ok") == 0

    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0].startswith(f"OK: {server.url()} is up in ")
    assert lines[2] == "127.0.0.1 up"
    names = [line.split()[0] for line in lines[3:]]
    assert names == [
        *("connect", "request", "response", "content"),
        *("condition", "condition"),
    ]
    assert lines[-1] == "  condition  ok  body has /ok/"
    assert said.err == ""


async def test_down(check: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A target that is down is critical; error and body say why."""
    async with serving(answer(b"no \x1b[2Jluck")) as server:
        assert await check(server.url(), "--body", "ok") == 2

    out = capsys.readouterr().out
    assert "  error      only positive pattern mismatch\n" in out
    assert "  body       no \\x1b[2Jluck\n" in out
    assert "FAILED  body has /ok/: only positive pattern mismatch\n" in out


async def test_slow(check: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A limit of time that is exceeded is a warning, the second one critical."""
    async with serve(say(b"220")) as port:
        place = f"127.0.0.1:{port}"
        assert await check(place, "--warning", "1us") == 1
        assert await check(place, "-w", "1us", "-c", "2us") == 2
        assert await check(place, "-w", "5", "-c", "10s") == 0

    grades = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert [grade for grade in grades if grade.isupper()] == [
        *("WARNING", "CRITICAL", "OK")
    ]


async def test_certificate(
    check: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The chain is shown with names and dates, and its end may be held to a limit."""
    authority = tmp_path / "ca.pem"
    authority.write_text(pki.root().pem)
    async with serve(say(b""), tls=pki.server_context(pki.with_intermediate())) as port:
        place = f"tls://localhost:{port}"
        assert await check(place, "--ca", str(authority)) == 0
        limits = "--cert-days=100000,7"
        assert await check(place, "--ca", str(authority), limits) == 1

    out = capsys.readouterr().out
    assert "  cert       0  CN=localhost\n" in out
    assert "issuer   CN=Test Intermediate\n" in out
    assert "valid    2024-01-01 00:00 to 2049-12-31 23:59 UTC, " in out
    assert "names    localhost, web.test, *.wild.test, 127.0.0.1, ::1\n" in out
    assert "  cert       1  CN=Test Intermediate\n" in out
    assert "  condition  ok  the certificate is trusted and valid for the host\n" in out


@pytest.mark.parametrize(
    ("issued", "words"),
    [(pki.expired, "expired "), (pki.not_yet_valid, "not valid yet")],
)
async def test_certificate_out_of_time(
    check: Any, issued: Any, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A certificate of a failed handshake is shown, with what is wrong about its time.

    Taken unseen it is good enough to connect.
    """
    async with serve(say(b""), tls=pki.server_context(issued())) as port:
        assert await check(f"tls://localhost:{port}") == 2
        assert words in capsys.readouterr().out
        assert await check(f"tls://localhost:{port}", "-k") == 0


async def test_json(check: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The document is printed as it would have been sent."""
    port = refused_port()

    assert await check(f"127.0.0.1:{port}", "--json") == 2
    document = json.loads(capsys.readouterr().out)
    assert document["url"]["full"] == f"tcp://127.0.0.1:{port}"
    assert document["error"]["code"] == "NET_COULD_NOT_CONNECT"


async def test_plug_in(check: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A plug-in prints one line."""
    async with serving(answer(b"ok")) as server:
        assert await check(server.url(), "--perfdata", "-w", "5") == 0

    (line,) = capsys.readouterr().out.splitlines()
    words, _, figures = line.partition(" | ")
    assert words.startswith(f"OK: {server.url()} is up in ")
    labels = [figure.partition("=")[0] for figure in figures.split()]
    assert labels == ["time", "connect", "request", "response", "content", "size"]
    assert figures.split()[0].endswith("s;5;;0")


async def test_redirects(check: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Every hop is shown with its answer."""
    async with serving(answer(b"here")) as goal:
        moved = answer(b"", f"Location: {goal.url()}", status="302 Found")
        async with serving(moved) as server:
            assert await check(server.url(), "--max-redirects", "3") == 0

    out = capsys.readouterr().out
    assert f"  hop        302 {server.url()} 127.0.0.1\n" in out
    assert f"  hop        200 {goal.url()} 127.0.0.1\n" in out


async def test_warning_of_the_monitor(
    check: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the monitor doubts is told beside the result."""
    url = f"http://127.0.0.1:{refused_port()}/"

    assert await check(url, "--mode=all", "--max-redirects=1") == 2
    assert "warning: has no effect with max_redirects" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument 'URL|HOST:PORT|HOST'."),
        (["x", "--bogus"], "unknown flag: --bogus"),
        (["x", "--timeout", "soon"], "'soon' is no time such as 5, 2.5s or 500ms"),
        (["x", "--timeout", "-1"], "'-1' is no time such as 5, 2.5s or 500ms"),
        (["x", "--cert-days", "few"], "'few' is no number of days such as 30 or 30,7"),
        (["ftp://x"], "nothing checks 'ftp://'"),
        (["x", "--header", "a: b"], "--header is for http, but 'x' is checked by icmp"),
        (["x:1", "-w", "2", "-c", "1"], "--critical is shorter than --warning"),
        (["tls://x:1", "--cert-days", "7,30"], "the second number is for fewer days"),
        (["x", "-4", "-6"], "pinging hosts requires ipv4 or ipv6 mode enabled"),
        (["http://x/", "--body", "("], "invalid pattern '('"),
        (["http://x/", "--status", "many"], "many"),
        (["tls://x:1", "--ca", "/nowhere"], "/nowhere"),
        (["x:99999"], "99999"),
    ],
)
def test_wrong_use(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    """Wrong use is not known to be up or down; plug-ins say so on their one line."""
    assert command("check", *arguments) == 3
    said = capsys.readouterr()
    assert said.err.startswith("Error: ")
    assert (message in said.err, said.out) == (True, "")

    assert command("check", "--perfdata", *arguments) == 3
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("UNKNOWN: ")
    assert message in line


def test_help(command: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    """The help tells the exit codes."""
    assert command("check", "--help") == 0
    assert "Exit code: 0 up, 1 up but slower" in capsys.readouterr().out

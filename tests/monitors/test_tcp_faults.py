"""Every way a target can misbehave, as docs/failures.md has it: a test for each row."""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.clock import Deadline
from heartbeat.config import MonitorSpec, Section
from heartbeat.errors import ErrorType
from heartbeat.monitors import tcp
from heartbeat.net import Network
from heartbeat.net.dns import AAAA, A
from heartbeat.schedule import parse
from tests.support import certificates as pki
from tests.support.clock import FakeClock, settle
from tests.support.proxies import script
from tests.support.resolving import DENIAL, FAULT, NOTHING, Servers, found, resolver
from tests.support.servers import (
    echo,
    full_port,
    hang_up,
    refused_port,
    reset,
    say,
    serve,
    silence,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.event import Result
    from tests.support.certificates import Issued
    from tests.support.resolving import Said
    from tests.support.servers import Talk

TABLE = Path(__file__).parent.parent.parent / "docs" / "failures.md"
TRUSTING = {"certificate_authorities": [pki.root().pem]}
TOLD = {"send": "ruok", "receive": "imok"}
SOCKS = "socks5://me:secret@HERE"


@dataclass(frozen=True)
class Row:
    """A server and a monitor that meet; `HERE` is the server's address.

    `waits`: the monitor's time has to run out before there is a result.
    """

    talk: Talk | None = None
    host: str = "HERE"
    says: Said = DENIAL
    issued: Callable[[], Issued] | None = None
    waits: bool = False
    options: dict[str, Any] = field(default_factory=dict[str, Any])


def tls(talk: Talk | None = None, issued: Callable[[], Issued] | None = None) -> Row:
    """Return a row with TLS, the server's certificate as given."""
    options = {"ssl": TRUSTING, "check": TOLD}
    return Row(talk or echo, issued=issued, options=options)


def by_proxy(talk: Talk | None) -> Row:
    """Return a row where the server is the proxy."""
    options = {"proxy_url": SOCKS}
    return Row(talk, host="web.test:7", options=options)


def chain() -> Issued:
    """Return a certificate with a chain that is too long."""
    issued = pki.with_intermediate()
    return replace(issued, chain=issued.chain * 400)


ALERT = b"\x15\x03\x01\x00\x02\x02"
CUT = "tls-cut"

ROWS = {
    "no-such-host": Row(host="web.test:7"),
    "name-server-fails": Row(host="web.test:7", says=FAULT),
    "name-server-silent": Row(host="web.test:7", says=None, waits=True),
    "no-address-of-family": Row(
        host="web.test:7", says=found("10.0.0.1"), options={"ipv4": False, "ipv6": True}
    ),
    "refused": Row(),
    "unreachable": Row(host="255.255.255.255:7"),
    "unaccepted": Row(waits=True),
    "bad-source": Row(options={"source_address": "192.0.2.9"}),
    "silent": Row(silence, options={"check": TOLD}, waits=True),
    "reset": Row(reset, options={"check": {"receive": "x"}}),
    "closed": Row(hang_up, options={"check": {"receive": "x"}}),
    "other-answer": Row(echo, options={"check": TOLD}),
    "not-tls": tls(say(b"HTTP/1.1 400 Bad Request\r\n")),
    "tls-silent": replace(tls(silence), waits=True),
    "tls-closed": tls(script(9, 0)),
    CUT: tls(),
    "tls-alert": tls(script(9, ALERT + b"\x28")),
    "tls-version": tls(script(9, ALERT + b"\x46")),
    "expired": tls(issued=pki.expired),
    "not-yet-valid": tls(issued=pki.not_yet_valid),
    "unknown-authority": tls(issued=pki.unknown_authority),
    "wrong-host": tls(issued=pki.wrong_host),
    "chain-too-long": tls(issued=chain),
    "proxy-unknown": Row(
        host="web.test:7", options={"proxy_url": "socks5://proxy.test:1080"}
    ),
    "proxy-refused": by_proxy(None),
    "proxy-silent": replace(by_proxy(silence), waits=True),
    "proxy-login": by_proxy(script(4, b"\x05\x02", 11, b"\x01\x01")),
    "proxy-refuses": by_proxy(script(4, b"\x05\x00", 9, b"\x05\x05\x00\x01")),
    "proxy-other-protocol": by_proxy(script(4, b"HTTP/1.1 400 Bad Request\r\n")),
    "proxy-closed": by_proxy(script(4, 0)),
}


def documented() -> dict[str, tuple[str, str]]:
    """Return code and message of each row of the table."""
    cells = [
        [cell.strip().strip("`") for cell in line.split("|")[1:-1]]
        for line in TABLE.read_text("utf-8").splitlines()
        if line.startswith("| `")
    ]
    return {name: (code, message) for name, _, code, message in cells}


PLACES = {
    r"\bHOST:PORT\b": r"\\S+:7",
    r"\bHOST\b": "web.test",
    r"\b(NAME)\b": "proxy.test",
    r"\bSERVER\b": "10.0.0.53:53",
    r"\b(PROXY|IP:PORT|US)\b": r"\\S+:\\d+",
    r"\bSOURCE\b": "192.0.2.9",
    r"\bT2?\b": r"[0-9TZ:-]+",
    r"valid for A, not B": "valid for other.test, not localhost",
}
"""What the words of the table stand for."""


def pattern(message: str) -> str:
    """Return a message of the table as a pattern."""
    text = re.sub(r"([().])", r"\\\1", message)
    for word, meaning in PLACES.items():
        text = re.sub(word, meaning, text)
    return text


async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak TLS, but end inside the record with the answer."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = pki.server_context(pki.good())
    end = context.wrap_bio(incoming, outgoing, server_side=True)
    step: Callable[[], object] = end.do_handshake
    while True:
        try:
            step()
        except ssl.SSLWantReadError:
            writer.write(outgoing.read())
            incoming.write(await reader.readexactly(1))
        else:
            if step == end.read:
                break
            step = end.read
    end.write(b"imok")
    writer.write(outgoing.read()[:-1])


async def met(row: Row, name: str, folder: Path) -> Result:
    """Let the monitor of a row meet its server."""
    clock = FakeClock()
    network = Network(clock)
    servers = Servers({("web.test.", A): row.says, ("web.test.", AAAA): NOTHING})
    network.resolver = resolver(clock, servers, folder, hosts="127.0.0.1 localhost")
    async with AsyncExitStack() as stack:
        talk = cut if name == CUT else row.talk
        if talk is not None:
            context = None if row.issued is None else pki.server_context(row.issued())
            port = await stack.enter_async_context(serve(talk, tls=context))
        else:
            port = stack.enter_context(full_port()) if row.waits else refused_port()
        options = {"hosts": row.host, "timeout": 3, "ipv6": False, **row.options}
        here = "localhost" if row.issued else "127.0.0.1"
        result = await checked(network, clock, row, spec(options, f"{here}:{port}"))
    await network.close()
    return result


def spec(options: dict[str, Any], here: str) -> MonitorSpec:
    """Return the monitor."""
    placed = {
        key: value.replace("HERE", here) if isinstance(value, str) else value
        for key, value in options.items()
    }
    return MonitorSpec(
        id="port",
        name="",
        type="tcp",
        plugin="tcp",
        schedule=parse("@every 10s", None),
        options=Section(placed),
    )


async def checked(
    network: Network, clock: FakeClock, row: Row, spec: MonitorSpec
) -> Result:
    """Run the check once, and its time out if it has to."""
    (check,) = tcp.build(spec, network)

    async def run() -> Result:
        deadline = Deadline(clock, check.timeout)
        (result,) = [result async for result in check.run(deadline)]
        return result

    running = asyncio.ensure_future(run())
    if row.waits:
        await settle(200)
        await clock.advance(5)
    return await running


def test_the_table_is_complete() -> None:
    """The document and this module know the same rows."""
    assert set(ROWS) == set(documented())


@pytest.mark.parametrize("name", ROWS)
async def test_row(name: str, tmp_path: Path) -> None:
    """The document says what the table says."""
    code, message = documented()[name]

    result = await met(ROWS[name], name, tmp_path)

    assert result.error is not None
    assert re.fullmatch(pattern(message), result.error.message)
    assert (result.error.code or "") == code
    expected = ErrorType.VALIDATE if name == "other-answer" else ErrorType.IO
    assert result.error.type is expected

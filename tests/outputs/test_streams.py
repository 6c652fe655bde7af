"""Streams of asyncio to hosts: TLS, proxies and what goes wrong."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config import TlsOptions
from heartbeat.errors import OutputUnavailable
from heartbeat.net import Network, ProxyKind
from heartbeat.net.proxy import Proxy
from heartbeat.outputs.reach import Host, Reach
from heartbeat.outputs.streams import Opener
from heartbeat.outputs.trust import TlsAccess
from tests.support import certificates
from tests.support.servers import echo, full_port, refused_port, say, serve

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, MutableSequence

    from tests.support.clock import FakeClock


@asynccontextmanager
async def opening(
    clock: FakeClock, *, tls: dict[str, Any] | None = None, **options: Any
) -> AsyncGenerator[Opener]:
    """Return what opens streams, and close its network at the end."""
    network = Network(clock)
    usual: dict[str, Any] = {"timeout": 5.0}
    access = None
    if tls is not None:
        access = TlsAccess.of(TlsOptions.model_validate(tls), network)
    try:
        yield Opener(Reach(network, **(usual | options)), access)
    finally:
        await network.close()


async def echoed(opener: Opener, host: Host) -> bytes:
    """Return what comes back of a word."""
    reader, writer = await opener.open(host)
    writer.write(b"word")
    said = await reader.readexactly(4)
    writer.close()
    return said


async def test_a_plain_stream(clock: FakeClock) -> None:
    """Bytes go to the host and back."""
    async with serve(echo) as port, opening(clock) as opener:
        assert await echoed(opener, Host("127.0.0.1", port)) == b"word"


@pytest.mark.parametrize(
    "tls",
    [
        {"certificate_authorities": certificates.root().pem},
        {"verification_mode": "none"},
        {"ca_trusted_fingerprint": certificates.read(certificates.root()).fingerprint},
    ],
)
async def test_tls(clock: FakeClock, tls: dict[str, Any]) -> None:
    """By the same rules as everywhere, also for an authority known by fingerprint."""
    issued = certificates.good()
    context = certificates.server_context(
        certificates.Issued(
            issued.certificate, issued.key, (certificates.root().certificate,)
        )
    )
    async with serve(echo, tls=context) as port, opening(clock, tls=tls) as opener:
        assert await echoed(opener, Host("localhost", port)) == b"word"
        assert await echoed(opener, Host("127.0.0.1", port)) == b"word"


async def test_a_certificate_nobody_knows(clock: FakeClock) -> None:
    """The reason is that of the checks."""
    context = certificates.server_context(certificates.good())
    async with serve(echo, tls=context) as port, opening(clock, tls={}) as opener:
        with pytest.raises(OutputUnavailable, match="signed by unknown authority"):
            await opener.open(Host("localhost", port))


async def test_nobody_listens(clock: FakeClock) -> None:
    """The host and the system's words are told."""
    port = refused_port()
    async with opening(clock) as opener:
        with pytest.raises(OutputUnavailable) as caught:
            await opener.open(Host("127.0.0.1", port))

    assert str(caught.value) == f"127.0.0.1:{port}: dial: connection refused"


class InOrder(Random):
    """Leaves everything in its order."""

    def shuffle(self, x: MutableSequence[Any]) -> None:
        """Do nothing."""


async def test_the_next_address_is_tried(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of several is enough."""

    async def addresses(_reach: Reach, _host: Host) -> tuple[str, ...]:
        return "127.0.0.2", "127.0.0.3", "127.0.0.1"

    monkeypatch.setattr(Reach, "addresses", addresses)
    async with serve(echo) as port, opening(clock, random=InOrder()) as opener:
        assert await echoed(opener, Host("localhost", port)) == b"word"


async def test_nobody_answers(clock: FakeClock) -> None:
    """The wait has an end."""
    with full_port() as port:
        async with opening(clock, timeout=0.01) as opener:
            with pytest.raises(OutputUnavailable, match=r"no connection within 0\.01s"):
                await opener.open(Host("127.0.0.1", port))


async def test_a_name_that_does_not_exist(clock: FakeClock) -> None:
    """The lookup's words are told."""
    async with opening(clock) as opener:
        with pytest.raises(OutputUnavailable, match=r"lookup a\.\.b"):
            await opener.open(Host("a..b", 1))


async def socks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Let everybody through to a server on loopback, as a SOCKS proxy does."""
    await reader.readexactly(3)
    writer.write(b"\5\0")
    head = await reader.readexactly(5)
    await reader.readexactly(head[4])
    port = int.from_bytes(await reader.readexactly(2))
    there, back = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\5\0\0\1\0\0\0\0\0\0")

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            sink.write(data)
        sink.close()

    await asyncio.gather(pump(reader, back), pump(there, writer))


@pytest.mark.parametrize("is_secure", [False, True])
async def test_through_a_proxy(clock: FakeClock, *, is_secure: bool) -> None:
    """With TLS inside the tunnel or without."""
    tls = {"certificate_authorities": certificates.root().pem} if is_secure else None
    context = certificates.server_context(certificates.good()) if is_secure else None
    async with serve(socks) as proxy_port, serve(echo, tls=context) as port:
        proxy = Proxy(ProxyKind.SOCKS5, "127.0.0.1", proxy_port)
        async with opening(clock, tls=tls, proxy=proxy) as opener:
            assert await echoed(opener, Host("localhost", port)) == b"word"


async def test_a_proxy_that_refuses(clock: FakeClock) -> None:
    """Its reason is told."""
    async with serve(say(b"\5\xff")) as port:
        proxy = Proxy(ProxyKind.SOCKS5, "127.0.0.1", port)
        async with opening(clock, proxy=proxy) as opener:
            with pytest.raises(OutputUnavailable, match="proxy: no acceptable"):
                await opener.open(Host("web", 1))


async def test_a_server_without_tls(clock: FakeClock) -> None:
    """Errors of TLS are told in the words of the checks."""
    talk = say(b"HTTP/1.1 400\r\n\r\n")
    async with serve(talk) as port, opening(clock, tls={}) as opener:
        with pytest.raises(OutputUnavailable, match="tls: "):
            await opener.open(Host("127.0.0.1", port))

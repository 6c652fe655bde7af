"""Through proxies: what comes of each way, and the words for what goes wrong."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config.tls import TlsOptions
from heartbeat.errors import CheckFailed, ErrorCode
from heartbeat.net import DialFailed, Proxy, ProxyKind, Route, dial
from heartbeat.net.facts import TcpFacts, TlsFacts, TunnelFacts
from heartbeat.net.tunnel import ReadAhead, open_tunnel
from tests.support import certificates as pki
from tests.support.clock import settle
from tests.support.proxies import LET_THROUGH, ProxyServer, script
from tests.support.servers import (
    echo,
    full_port,
    hang_up,
    refused_port,
    reset,
    serve,
    silence,
)

if TYPE_CHECKING:
    from heartbeat.clock import Deadline
    from heartbeat.event import Facts
    from heartbeat.net import Connection, Network
    from tests.support.clock import FakeClock

HTTP, HTTPS, SOCKS5 = ProxyKind.HTTP, ProxyKind.HTTPS, ProxyKind.SOCKS5


def trusting(network: Network, **settings: Any) -> Any:
    """Return a context that trusts the certificates of the tests."""
    settings.setdefault("certificate_authorities", [pki.root().pem])
    return network.tls(TlsOptions.model_validate(settings))


async def answer(connection: Connection, deadline: Deadline, size: int) -> bytes:
    """Say `ping` and return so many bytes of what comes."""
    connection.write(b"ping")
    await connection.drain(deadline)
    received = b""
    while len(received) < size:
        received += await connection.read(deadline)
    connection.close()
    return received


async def failure(
    network: Network, route: Route, deadline: Deadline, facts: list[Facts]
) -> DialFailed:
    """Return how dialling by name fails."""
    with pytest.raises(DialFailed) as caught:
        await dial(network, route, "web.test", deadline, facts)
    return caught.value


@pytest.mark.parametrize("address", ["127.0.0.1", "web.test"])
@pytest.mark.parametrize("login", [None, ("me", "secret")])
async def test_socks(
    network: Network,
    deadline: Deadline,
    address: str,
    login: tuple[str, str] | None,
) -> None:
    """The proxy is asked for the address as it is given, be it a name."""
    facts: list[Facts] = []
    user, password = login or (None, "")
    async with serve(echo) as port, ProxyServer(login).socks() as server:
        proxy = Proxy(SOCKS5, "127.0.0.1", server.port, user, password)
        route = Route("web.test", port, proxy=proxy)
        connection = await dial(network, route, address, deadline, facts)
        received = await answer(connection, deadline, 4)

    assert received == b"ping"
    assert server.targets == [f"{address}:{port}"]
    assert facts == [TcpFacts(0.0), TunnelFacts(SOCKS5, 0.0)]


async def test_http_connect(network: Network, deadline: Deadline) -> None:
    """A tunnel through an HTTP proxy carries anything."""
    facts: list[Facts] = []
    async with serve(echo) as port, ProxyServer().http() as server:
        route = Route("web.test", port, proxy=Proxy(HTTP, "127.0.0.1", server.port))
        connection = await dial(network, route, "web.test", deadline, facts)
        received = await answer(connection, deadline, 4)

    assert received == b"ping"
    assert server.targets == [f"web.test:{port}"]
    assert facts == [TcpFacts(0.0), TunnelFacts(HTTP, 0.0)]


async def test_tls_in_tls(network: Network, deadline: Deadline) -> None:
    """The target's TLS goes through that of the proxy; its facts are the target's."""
    facts: list[Facts] = []
    tls = trusting(network)
    asked: list[str | None] = []
    context = pki.server_context(pki.good())
    context.sni_callback = lambda _, name, __: asked.append(name)
    async with (
        serve(echo, tls=context) as port,
        ProxyServer().http(tls=pki.server_context(pki.good())) as server,
    ):
        proxy = Proxy(HTTPS, "localhost", server.port, tls=tls)
        route = Route("web.test", port, tls, proxy=proxy)
        connection = await dial(network, route, "web.test", deadline, facts)
        received = await answer(connection, deadline, 4)

    assert (received, asked) == (b"ping", ["web.test"])
    assert [type(fact) for fact in facts] == [TcpFacts, TunnelFacts, TlsFacts]


@pytest.mark.parametrize("kind", [HTTP, SOCKS5])
async def test_a_target_that_speaks_at_once(
    network: Network, deadline: Deadline, kind: ProxyKind
) -> None:
    """What comes along with the proxy's last word is read first."""
    server = ProxyServer(greeting=b"220 ready ")
    serving = server.http() if kind is HTTP else server.socks()
    async with serve(echo) as port, serving:
        route = Route("web.test", port, proxy=Proxy(kind, "127.0.0.1", server.port))
        connection = await dial(network, route, "127.0.0.1", deadline, [])
        ends = connection.local, connection.peer
        received = await answer(connection, deadline, 14)

    assert isinstance(connection, ReadAhead)
    assert received == b"220 ready ping"
    assert ends[0].startswith("127.0.0.1:")
    assert ends[1] == f"127.0.0.1:{server.port}"


async def test_the_way_to_a_proxy(network: Network, deadline: Deadline) -> None:
    """Where the proxy is asked for the target itself, the way ends there."""
    facts: list[Facts] = []
    async with serve(echo) as port:
        proxy = Proxy(HTTP, "127.0.0.1", port)
        route = Route("web.test", 80, proxy=proxy, is_forwarded=True)
        connection = await dial(network, route, "web.test", deadline, facts)
        received = await answer(connection, deadline, 4)

    assert (received, facts) == (b"ping", [TcpFacts(0.0)])


async def test_a_tunnel_needs_a_proxy(network: Network, deadline: Deadline) -> None:
    """A route without a proxy has no tunnel."""
    with pytest.raises(ValueError, match="no proxy"):
        await open_tunnel(network, Route("a", 1), "a", deadline, [])


@pytest.mark.parametrize(
    ("kind", "before"),
    [
        (SOCKS5, "socks connect tcp 127.0.0.1:PORT->web.test:443: "),
        (HTTP, "proxyconnect tcp: "),
    ],
)
async def test_a_refused_proxy(
    network: Network, deadline: Deadline, kind: ProxyKind, before: str
) -> None:
    """The proxy's refusal is coded, and plain in the words of an HTTP client."""
    port = refused_port()
    facts: list[Facts] = []
    route = Route("web.test", 443, proxy=Proxy(kind, "127.0.0.1", port))

    failed = await failure(network, route, deadline, facts)

    plain = f"dial tcp 127.0.0.1:{port}: connect: connection refused"
    assert failed.error.code is ErrorCode.NET_COULD_NOT_CONNECT
    assert failed.error.message == (
        before.replace("PORT", str(port))
        + f"Could not connect to '127.0.0.1:{port}' with error: {plain}"
    )
    assert failed.plain == f"proxyconnect tcp: {plain}"
    assert (failed.timed_out, facts) == (False, [])


@pytest.mark.parametrize(
    ("kind", "before"),
    [
        (SOCKS5, "socks connect tcp [::1].test:9->web.test:443: "),
        (HTTP, "proxyconnect tcp: "),
    ],
)
async def test_an_unknown_proxy(
    network: Network, deadline: Deadline, kind: ProxyKind, before: str
) -> None:
    """A proxy without an address has a code of its own."""
    route = Route("web.test", 443, proxy=Proxy(kind, "[::1].test", 9))
    if kind is SOCKS5:
        before = "socks connect tcp [[::1].test]:9->web.test:443: "

    failed = await failure(network, route, deadline, [])

    lookup = "lookup [::1].test: no such host"
    assert failed.error.code is ErrorCode.DNS_LOOKUP_FAILED
    assert failed.error.message == (
        f'{before}DNS lookup failure "[::1].test": {lookup}'
    )
    assert failed.plain == f"proxyconnect tcp: {lookup}"


@pytest.mark.parametrize("kind", [HTTP, SOCKS5])
async def test_a_silent_proxy(
    network: Network, clock: FakeClock, deadline: Deadline, kind: ProxyKind
) -> None:
    """The one deadline ends the conversation too, and a code says so."""
    facts: list[Facts] = []
    async with serve(silence) as port:
        route = Route("web.test", 443, proxy=Proxy(kind, "127.0.0.1", port))
        task = asyncio.ensure_future(failure(network, route, deadline, facts))
        deadline.start()
        while not facts:
            await settle(1)
        await clock.advance(deadline.seconds)
        failed = await task

    assert failed.error.code is ErrorCode.NET_COULD_NOT_CONNECT
    assert failed.timed_out
    assert failed.error.message.endswith(f"->127.0.0.1:{port}: i/o timeout")


async def test_a_proxy_that_does_not_accept(
    network: Network, clock: FakeClock, deadline: Deadline
) -> None:
    """The deadline ends the connect to the proxy."""
    with full_port() as port:
        route = Route("web.test", 443, proxy=Proxy(SOCKS5, "127.0.0.1", port))
        task = asyncio.ensure_future(failure(network, route, deadline, []))
        deadline.start()
        await clock.advance(deadline.seconds)
        failed = await task

    assert failed.timed_out
    assert failed.plain == f"proxyconnect tcp: dial tcp 127.0.0.1:{port}: i/o timeout"


@pytest.mark.parametrize(
    ("kind", "talk", "expected"),
    [
        (SOCKS5, script(3, b"\x05\xff"), "no acceptable authentication methods"),
        (
            SOCKS5,
            script(3, b"\x05\x00", 15, b"\x05\x05\x00\x01"),
            "unknown error connection refused",
        ),
        (SOCKS5, script(3, 0), "EOF"),
        (SOCKS5, script(3, b"\x05", 0), "unexpected EOF"),
        (HTTP, script(9, b"HTTP/1.1 407 Proxy Authentication Required\r\n"), "407"),
        (HTTP, script(9, b"HTTP/1.1 502 Bad Gateway\r\n"), "Bad Gateway"),
    ],
)
async def test_a_proxy_that_refuses(
    network: Network, deadline: Deadline, kind: ProxyKind, talk: Any, expected: str
) -> None:
    """Refusals have no code; the facts of the connection to the proxy stay."""
    facts: list[Facts] = []
    async with serve(talk) as port:
        route = Route("web.test", 443, proxy=Proxy(kind, "127.0.0.1", port))
        failed = await failure(network, route, deadline, facts)

    expected = expected.replace("407", "Proxy Authentication Required")
    if kind is SOCKS5:
        expected = f"socks connect tcp 127.0.0.1:{port}->web.test:443: {expected}"
    assert (failed.error.message, failed.error.code) == (expected, None)
    assert failed.plain == expected
    assert facts == [TcpFacts(0.0)]


async def test_the_proxys_name_and_address(
    network: Network, deadline: Deadline
) -> None:
    """The coded text names the proxy as written, the plain one its address."""
    async with serve(script(3, b"\x05\xff"), host="127.0.0.1") as port:
        route = Route("web.test", 443, proxy=Proxy(SOCKS5, "localhost", port))
        failed = await failure(network, route, deadline, [])

    assert f"tcp localhost:{port}->" in failed.error.message
    assert f"tcp 127.0.0.1:{port}->" in failed.plain


@pytest.mark.parametrize("talk", [reset, hang_up])
async def test_a_proxy_that_breaks_off(
    network: Network, deadline: Deadline, talk: Any
) -> None:
    """A connection broken off is told as on any other way."""
    async with serve(talk) as port:
        route = Route("web.test", 443, proxy=Proxy(HTTP, "127.0.0.1", port))
        with pytest.raises(CheckFailed) as caught:
            await dial(network, route, "web.test", deadline, [])

    assert caught.value.error.message.endswith(("connection reset by peer", "EOF"))


async def test_a_proxy_nobody_trusts(network: Network, deadline: Deadline) -> None:
    """The proxy's certificate is judged like any, but is not the target's."""
    facts: list[Facts] = []
    async with ProxyServer().http(tls=pki.server_context(pki.expired())) as server:
        proxy = Proxy(HTTPS, "127.0.0.1", server.port, tls=trusting(network))
        route = Route("web.test", 443, proxy=proxy)
        failed = await failure(network, route, deadline, facts)

    assert failed.plain.startswith("proxyconnect tcp: x509: certificate has expired")
    assert failed.error.message == failed.plain
    assert (failed.error.code, facts) == (None, [TcpFacts(0.0)])


async def test_a_proxy_trusted_by_fingerprint(
    network: Network, deadline: Deadline
) -> None:
    """A proxy's authority may be learned, which takes a second connection."""
    issued = pki.unknown_authority()
    fingerprint = pki.read(pki.other_root()).fingerprint
    tls = trusting(network, ca_trusted_fingerprint=fingerprint)
    facts: list[Facts] = []
    async with (
        serve(echo) as port,
        ProxyServer().http(tls=pki.server_context(issued)) as server,
    ):
        proxy = Proxy(HTTPS, "127.0.0.1", server.port, tls=tls)
        route = Route("web.test", port, proxy=proxy)
        connection = await dial(network, route, "web.test", deadline, facts)
        received = await answer(connection, deadline, 4)

    assert received == b"ping"
    assert [type(fact) for fact in facts] == [TcpFacts, TunnelFacts]


async def test_the_source_address_counts_on_the_way_to_the_proxy(
    network: Network, deadline: Deadline
) -> None:
    """Whoever wants to come from one address does so to the proxy."""
    async with serve(script(3, b"\x05\x00", 10, LET_THROUGH)) as port:
        proxy = Proxy(SOCKS5, "127.0.0.1", port)
        route = Route("web.test", 1, proxy=proxy, source="127.0.0.9")
        connection = await dial(network, route, "10.0.0.1", deadline, [])
        local = connection.local
        connection.close()

    assert local.startswith("127.0.0.9:")


async def test_a_cancelled_conversation_lets_go(
    network: Network, deadline: Deadline
) -> None:
    """Whoever stops waiting leaves no connection behind."""
    gone = asyncio.Event()
    facts: list[Facts] = []

    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(100):
                pass
        finally:
            gone.set()

    async with serve(talk) as port:
        route = Route("web.test", 443, proxy=Proxy(SOCKS5, "127.0.0.1", port))
        task = asyncio.ensure_future(dial(network, route, "a", deadline, facts))
        while not facts:
            await settle(1)
        task.cancel()
        await gone.wait()

    assert task.cancelled()


async def test_nothing_is_left_of_a_refusal(
    network: Network, deadline: Deadline
) -> None:
    """A refused tunnel leaves no cycle of references."""
    route = Route("web.test", 443, proxy=Proxy(SOCKS5, "127.0.0.1", 1))
    async with serve(script(3, b"\x05\xff")) as port:
        proxy = Proxy(SOCKS5, "127.0.0.1", port)
        route = replace(route, proxy=proxy)

        async def refused() -> str:
            try:
                await dial(network, route, "web.test", deadline, [])
            except CheckFailed as failed:
                return failed.error.message
            return ""

        await refused()
        await settle()
        gc.collect()
        gc.disable()
        try:
            for _ in range(10):
                await refused()
            await settle()
            cycles = [
                thing
                for thing in gc.get_objects()
                if isinstance(thing, DialFailed) and str(port) in str(thing)
            ]
        finally:
            gc.enable()

    assert cycles == []

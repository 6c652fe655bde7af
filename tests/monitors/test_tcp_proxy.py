"""The TCP monitor by way of a SOCKS proxy, and from an address of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.clock import Deadline, SystemClock
from heartbeat.config import MonitorSpec, Section
from heartbeat.errors import CheckError, ConfigError, ErrorCode, ErrorType
from heartbeat.monitors import tcp
from heartbeat.net import Network
from heartbeat.schedule import parse
from tests.support.certificates import good, root, server_context
from tests.support.clock import FakeClock, settle
from tests.support.proxies import ProxyServer, script
from tests.support.servers import echo, refused_port, serve, silence

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from heartbeat.event import Fields, Result
    from heartbeat.monitors.base import Check


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    """Return a network of its own, on the system's clock."""
    network = Network(SystemClock())
    yield network
    await network.close()


def spec(options: Section) -> MonitorSpec:
    """Return a monitor with these options."""
    return MonitorSpec(
        id="port",
        name="",
        type="tcp",
        plugin="tcp",
        schedule=parse("@every 10s", None),
        options=options,
    )


def built(network: Network, **options: Any) -> Check:
    """Return the only check of a monitor with these options."""
    (check,) = tcp.build(spec(Section(options)), network)
    return check


async def checked(network: Network, **options: Any) -> Result:
    """Run a check once."""
    check = built(network, **options)
    deadline = Deadline(network.clock, check.timeout)
    (result,) = [result async for result in check.run(deadline)]
    return result


def document(result: Result) -> Fields:
    """Return what the facts write."""
    fields: Fields = {}
    for facts in result.facts:
        facts.put(fields)
    return fields


class TestNames:
    """Who looks the target's name up."""

    async def test_the_proxy(self, network: Network) -> None:
        """By default the name goes to the proxy; no address is known here."""
        async with serve(silence) as port, ProxyServer().socks() as server:
            result = await checked(
                network,
                hosts=f"only.proxy.knows:{port}",
                proxy_url=f"socks5://127.0.0.1:{server.port}",
            )

        assert (result.ip, result.error) == (None, None)
        assert server.targets == [f"only.proxy.knows:{port}"]
        assert set(document(result)) == {"tcp", "socks5"}

    async def test_this_machine(self, network: Network) -> None:
        """With `proxy_use_local_resolver` the proxy is asked for an address."""
        async with serve(silence) as port, ProxyServer().socks() as server:
            result = await checked(
                network,
                hosts=f"localhost:{port}",
                ipv6=False,
                proxy_url=f"socks5://127.0.0.1:{server.port}",
                proxy_use_local_resolver=True,
            )

        assert (result.ip, result.error) == ("127.0.0.1", None)
        assert server.targets == [f"127.0.0.1:{port}"]
        assert set(document(result)) == {"resolve", "tcp", "socks5"}

    async def test_an_address_is_known(self, network: Network) -> None:
        """A literal address needs nobody to look it up."""
        async with serve(silence) as port, ProxyServer().socks() as server:
            result = await checked(
                network,
                hosts=f"127.0.0.1:{port}",
                proxy_url=f"socks5://127.0.0.1:{server.port}",
            )

        assert (result.ip, result.error) == ("127.0.0.1", None)

    async def test_a_name_left_to_the_proxy_needs_no_family(
        self, network: Network
    ) -> None:
        """The families are about lookups here."""
        options = {"ipv4": False, "ipv6": False, "proxy_url": "socks5://p"}

        assert built(network, hosts="a:1", **options)


async def test_a_resolver_that_is_not_asked(network: Network) -> None:
    """Whoever names a name server is told that the proxy asks its own."""
    section = Section(
        {"hosts": "a:1", "proxy_url": "socks5://p", "resolver": "10.0.0.53"}
    )
    tcp.build(spec(section), network)

    assert [problem.path for problem in section.scope.reported] == ["resolver"]


async def test_data_and_tls_go_through(network: Network) -> None:
    """What is true of a direct connection is true of one by proxy."""
    async with (
        serve(echo, tls=server_context(good())) as port,
        ProxyServer(("me", "secret")).socks() as server,
    ):
        result = await checked(
            network,
            hosts=f"web.test:{port}",
            ssl={"certificate_authorities": [root().pem]},
            check={"send": "ruok", "receive": "ruok"},
            proxy_url=f"socks5://me:secret@127.0.0.1:{server.port}",
        )

    fields = document(result)
    assert result.error is None
    assert set(fields) == {"tcp", "socks5", "tls"}
    assert set(fields["tcp"]["rtt"]) == {"connect", "validate"}


class TestFailures:
    """What goes wrong on the way through a proxy."""

    async def test_a_refused_proxy(self, network: Network) -> None:
        """The failure is that of the proxy, with its code; nothing was measured."""
        port = refused_port()

        result = await checked(
            network, hosts="10.0.0.1:7", proxy_url=f"socks5://127.0.0.1:{port}"
        )

        assert result.error == CheckError(
            ErrorType.IO,
            f"socks connect tcp 127.0.0.1:{port}->10.0.0.1:7: "
            f"Could not connect to '127.0.0.1:{port}' with error: "
            f"dial tcp 127.0.0.1:{port}: connect: connection refused",
            ErrorCode.NET_COULD_NOT_CONNECT,
        )
        assert document(result) == {}

    async def test_a_refused_target(self, network: Network) -> None:
        """The proxy was reached, which was measured, but nothing beyond."""
        refusing = script(3, b"\x05\x00", 10, b"\x05\x05\x00\x01")
        async with serve(refusing) as port:
            result = await checked(
                network, hosts="10.0.0.1:7", proxy_url=f"socks5://127.0.0.1:{port}"
            )

        assert result.error == CheckError(
            ErrorType.IO,
            f"socks connect tcp 127.0.0.1:{port}->10.0.0.1:7: "
            "unknown error connection refused",
        )
        assert set(document(result)) == {"tcp"}

    async def test_a_bad_login(self, network: Network) -> None:
        """The login never shows."""
        async with ProxyServer(("me", "secret")).socks() as server:
            result = await checked(
                network,
                hosts="10.0.0.1:7",
                proxy_url=f"socks5://me:wrong@127.0.0.1:{server.port}",
            )

        assert result.error == CheckError(
            ErrorType.IO,
            f"socks connect tcp 127.0.0.1:{server.port}->10.0.0.1:7: "
            "username/password authentication failed",
        )

    async def test_a_silent_proxy(self) -> None:
        """The timeout of the monitor ends the conversation."""
        clock = FakeClock()
        network = Network(clock)
        spoken = asyncio.Event()

        async def listen(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await reader.read(1)
            spoken.set()
            await silence(reader, writer)

        async with serve(listen) as port:
            url = f"socks5://127.0.0.1:{port}"
            running = asyncio.ensure_future(
                checked(network, hosts="10.0.0.1:7", proxy_url=url, timeout=3)
            )
            await spoken.wait()
            await clock.advance(3)
            result = await running
        await network.close()

        assert result.error is not None
        assert result.error.code is ErrorCode.NET_COULD_NOT_CONNECT
        assert result.error.message.endswith(f"->127.0.0.1:{port}: i/o timeout")
        await settle()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"proxy_url": "http://p:1"}, "proxy: unknown scheme: http"),
        ({"proxy_url": "p:1"}, "a proxy is written"),
        (
            {"proxy_url": "socks5://p", "mode": "all"},
            "ping all ips only supported if proxy_use_local_resolver is enabled`",
        ),
    ],
)
async def test_options_that_cannot_work(
    network: Network, options: dict[str, Any], expected: str
) -> None:
    """Each mistake is named, before anything is connected."""
    with pytest.raises(ConfigError, match=expected):
        built(network, hosts="a:1", **options)


async def test_every_address_by_proxy(network: Network) -> None:
    """All addresses can be checked if they are looked up here."""
    options = {"mode": "all", "proxy_use_local_resolver": True}

    assert built(network, hosts="a:1", proxy_url="socks5://p", **options)


async def test_the_source_address(network: Network) -> None:
    """The target sees the connection come from there."""
    seen: list[str] = []

    async def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(writer.get_extra_info("peername")[0])
        writer.write(b"x")

    async with serve(note) as port:
        result = await checked(
            network,
            hosts=f"127.0.0.1:{port}",
            source_address="127.0.0.77",
            check={"receive": "x"},
        )

    assert (result.error, seen) == (None, ["127.0.0.77"])

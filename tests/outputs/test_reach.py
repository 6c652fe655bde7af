"""Hosts of outputs: how they are written and what a self-test tells of them."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config import TlsOptions
from heartbeat.errors import CheckFailed, OutputUnavailable
from heartbeat.net import Network, ProxyKind
from heartbeat.net.proxy import Proxy
from heartbeat.outputs.base import Finding
from heartbeat.outputs.reach import Host, Reach, parse_host, parse_proxy
from tests.support import certificates
from tests.support.servers import echo, hang_up, refused_port, serve

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.support.clock import FakeClock


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("a", Host("a", 1)),
        ("a.b-c_d", Host("a.b-c_d", 1)),
        ("a:2", Host("a", 2)),
        ("127.0.0.1:2", Host("127.0.0.1", 2)),
        ("::1", Host("::1", 1)),
        ("[::1]", Host("::1", 1)),
        ("[::1]:2", Host("::1", 2)),
    ],
)
def test_hosts(text: str, host: Host) -> None:
    """A name or an address, with a port or not."""
    assert parse_host(text, 1) == host


@pytest.mark.parametrize("text", ["", "a:", "a:b", "a:0", "a:65536", "http://a", "a/b"])
def test_no_hosts(text: str) -> None:
    """Anything else is refused."""
    message = f"'{text}' is no host, with or without a port"
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_host(text, 1)


def test_addresses_with_ports_are_unambiguous() -> None:
    """IPv6 has brackets."""
    assert (str(Host("a", 1)), str(Host("::1", 1))) == ("a:1", "[::1]:1")


def test_proxies() -> None:
    """Only SOCKS, or none."""
    assert parse_proxy("") is None
    assert parse_proxy("socks5://p:1") == Proxy(ProxyKind.SOCKS5, "p", 1)
    with pytest.raises(ValueError, match="unknown scheme: https"):
        parse_proxy("https://p")


@asynccontextmanager
async def reaching(clock: FakeClock, **options: Any) -> AsyncGenerator[Reach]:
    """Return a way that closes its network at the end."""
    network = Network(clock)
    if "ssl" in options:
        options["tls"] = network.tls(TlsOptions.model_validate(options.pop("ssl")))
    try:
        yield Reach(network, 5.0, **options)
    finally:
        await network.close()


async def test_the_next_address_is_tried(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of several is enough."""

    async def addresses(_reach: Reach, _host: Host) -> tuple[str, ...]:
        return "127.0.0.2", "127.0.0.1"

    monkeypatch.setattr(Reach, "addresses", addresses)
    async with serve(echo) as port, reaching(clock) as reach:
        connection = await reach.connect(Host("localhost", port))

        assert connection.peer == f"127.0.0.1:{port}"
        connection.close()


async def test_no_address_at_all(clock: FakeClock) -> None:
    """That is a failure, too."""
    async with reaching(clock) as reach:
        with pytest.raises(CheckFailed, match="no address"):
            await reach.first(Host("a", 1), (), tls=None)


async def test_a_name_that_does_not_exist(clock: FakeClock) -> None:
    """The lookup's words are told, by the self-test as well."""
    host = Host("a..b", 1)
    async with reaching(clock) as reach:
        with pytest.raises(OutputUnavailable, match=r"a\.\.b:1: lookup a\.\.b"):
            await reach.connect(host)
        found = [finding async for finding in reach.examine(host)]

    assert [(one.name, one.verdict) for one in found] == [
        ("parse host", "OK"),
        ("dns lookup", "ERROR"),
    ]


async def test_a_proxy_looks_names_up(clock: FakeClock) -> None:
    """Unless that is to be done here."""
    proxy = Proxy(ProxyKind.SOCKS5, "127.0.0.1", refused_port())
    host = Host("localhost", 1)
    async with reaching(clock, proxy=proxy) as reach:
        assert await reach.addresses(host) == ("localhost",)
        found = [finding async for finding in reach.examine(host)]
    async with reaching(clock, proxy=proxy, resolves_for_proxy=True) as reach:
        assert "127.0.0.1" in await reach.addresses(host)

    assert found[1] == Finding("proxy", "INFO", proxy.authority, 2)
    assert (found[2].name, found[2].verdict) == ("dial up", "ERROR")


@pytest.mark.parametrize(
    ("mode", "security", "verdict", "last"),
    [
        ("full", "INFO", "OK", "TLS version"),
        ("none", "WARN", "OK", "TLS version"),
    ],
)
async def test_tls(
    clock: FakeClock, mode: str, security: str, verdict: str, last: str
) -> None:
    """Whether certificates are verified is told, and the version."""
    ssl = {"verification_mode": mode}
    ssl["certificate_authorities"] = certificates.root().pem
    served = certificates.server_context(certificates.good())
    async with serve(echo, tls=served) as port, reaching(clock, ssl=ssl) as reach:
        found = [one async for one in reach.examine(Host("127.0.0.1", port))]

    by_name = {one.name: one.verdict for one in found}
    assert (by_name["security"], by_name["handshake"]) == (security, verdict)
    assert found[-1].name == last


async def test_tls_with_somebody_else(clock: FakeClock) -> None:
    """A server without TLS does not pass."""
    async with serve(hang_up) as port, reaching(clock, ssl={}) as reach:
        found = [one async for one in reach.examine(Host("127.0.0.1", port))]

    assert (found[-1].name, found[-1].verdict) == ("handshake", "ERROR")

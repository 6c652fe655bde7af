"""The way to the hosts of an output that makes its connections with `heartbeat.net`.

Owns hosts as the operator writes them, connecting to one of them and the steps of a
self-test up to the first byte. Must not know what is said on a connection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from heartbeat.clock import Deadline
from heartbeat.errors import CheckFailed, OutputUnavailable
from heartbeat.net import ALL, Families, ProxyKind, Route, TlsFacts, dial, resolve
from heartbeat.net import parse_proxy as parse_any_proxy
from heartbeat.net.names import as_address
from heartbeat.net.proxy import MAX_PORT
from heartbeat.net.wording import endpoint
from heartbeat.outputs.base import Finding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from heartbeat.event import Facts
    from heartbeat.net import Connection, Network, Proxy, TlsContext

STEP, DETAIL = 2, 3
"""Depths of findings below the host's own."""

_HOST = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]+(?:%[^\]\s]+)?)\]|(?P<name>[^:/@?#\[\]\s]+))"
    r"(?::(?P<port>[0-9]{1,5}))?"
)


@dataclass(frozen=True, slots=True)
class Host:
    """A server to connect to."""

    name: str
    port: int

    def __str__(self) -> str:
        """Return `host:port`."""
        return endpoint(self.name, self.port)


def parse_host(text: str, default_port: int) -> Host:
    """Return the server that `host` or `host:port` names; raises `ValueError`."""
    if ":" in (as_address(text) or ""):
        return Host(text.strip("[]"), default_port)
    parts = _HOST.fullmatch(text)
    port = default_port if parts is None else int(parts["port"] or default_port)
    if parts is None or not 0 < port <= MAX_PORT:
        raise ValueError(f"'{text}' is no host, with or without a port")
    return Host(parts["v6"] or parts["name"], port)


def parse_proxy(text: str) -> Proxy | None:
    """Return the SOCKS proxy that a URL names, None for ""; raises `ValueError`."""
    return parse_any_proxy(text, (ProxyKind.SOCKS5,)) if text else None


@dataclass(frozen=True, slots=True)
class Reach:
    """How to get to any of the hosts; `timeout` in seconds for each attempt."""

    network: Network
    timeout: float
    tls: TlsContext | None = None
    proxy: Proxy | None = None
    resolves_for_proxy: bool = False
    random: Random = field(default_factory=Random)

    async def connect(self, host: Host) -> Connection:
        """Return a connection to one of the host's addresses, tried in any order.

        Raises `OutputUnavailable`.
        """
        try:
            addresses = list(await self.addresses(host))
            self.random.shuffle(addresses)
            connection, _ = await self.first(host, addresses, tls=self.tls)
        except CheckFailed as error:
            raise OutputUnavailable(f"{host}: {error}") from error
        return connection

    async def addresses(self, host: Host) -> tuple[str, ...]:
        """Return where to connect to; raises `CheckFailed`.

        That is the name itself where it is the proxy's part to look it up.
        """
        if self.proxy is not None and not self.resolves_for_proxy:
            return (host.name,)
        lookup = await resolve(self.network, host.name, Families(), ALL)
        return lookup.addresses

    async def first(
        self, host: Host, addresses: Sequence[str], *, tls: TlsContext | None
    ) -> tuple[Connection, list[Facts]]:
        """Return a connection to the first address that takes one, and its facts.

        Raises the last `CheckFailed`; there is at least one address.
        """
        route = Route(host.name, host.port, tls, proxy=self.proxy)
        failure: CheckFailed | None = None
        for address in addresses:
            facts: list[Facts] = []
            deadline = Deadline(self.network.clock, self.timeout)
            deadline.start()
            try:
                return await dial(self.network, route, address, deadline, facts), facts
            except CheckFailed as error:
                failure = error
            finally:
                deadline.cancel()
        raise failure or CheckFailed.io(f"lookup {host.name}: no address")

    async def examine(self, host: Host) -> AsyncIterator[Finding]:
        """Try everything up to TLS, step by step and up to the first error."""
        yield Finding("parse host", depth=STEP)
        try:
            addresses = await self.addresses(host)
        except CheckFailed as error:
            yield Finding("dns lookup", "ERROR", str(error), STEP)
            return
        if self.proxy is not None:
            yield Finding("proxy", "INFO", self.proxy.authority, STEP)
        else:
            yield Finding("dns lookup", depth=STEP)
            yield Finding("addresses", "INFO", ", ".join(addresses), STEP)
        try:
            connection, _ = await self.first(host, addresses, tls=None)
        except CheckFailed as error:
            yield Finding("dial up", "ERROR", str(error), STEP)
            return
        connection.close()
        yield Finding("dial up", depth=STEP)
        async for finding in self._examine_tls(host, addresses):
            yield finding

    async def _examine_tls(
        self, host: Host, addresses: Sequence[str]
    ) -> AsyncIterator[Finding]:
        if self.tls is None:
            yield Finding("TLS", "WARN", "secure connection disabled", STEP)
            return
        yield Finding("TLS", "", depth=STEP)
        state = "enabled" if self.tls.verifies else "disabled"
        verdict = "INFO" if self.tls.verifies else "WARN"
        text = f"server's certificate chain verification is {state}"
        yield Finding("security", verdict, text, DETAIL)
        try:
            connection, facts = await self.first(host, addresses, tls=self.tls)
        except CheckFailed as error:
            yield Finding("handshake", "ERROR", str(error), DETAIL)
            return
        connection.close()
        yield Finding("handshake", depth=DETAIL)
        for fact in facts:
            if isinstance(fact, TlsFacts):
                yield Finding("TLS version", "INFO", fact.version, DETAIL)

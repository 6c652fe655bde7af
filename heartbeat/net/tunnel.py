"""Through a proxy to the target: the layer between TCP and TLS.

Owns the conversation with the proxy, from finding it to the connection it gives, and
the words for each way that fails. Must not know what is said through the tunnel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from heartbeat.errors import CheckFailed, ErrorCode
from heartbeat.net.connection import connect
from heartbeat.net.dialogue import Refused
from heartbeat.net.facts import TcpFacts, TunnelFacts
from heartbeat.net.handshake import TrustLearned, handshake
from heartbeat.net.httpconnect import connect_by_http
from heartbeat.net.lookup import ANY, Families, resolve
from heartbeat.net.proxy import ProxyKind
from heartbeat.net.socks import connect_by_socks
from heartbeat.net.wording import DialFailed, endpoint, is_deadline, read_text

if TYPE_CHECKING:
    from heartbeat.clock import Deadline
    from heartbeat.event import Facts
    from heartbeat.net.connection import Connection
    from heartbeat.net.dialogue import Dialogue
    from heartbeat.net.network import Network
    from heartbeat.net.proxy import Proxy
    from heartbeat.net.route import Route

UNREACHED = "proxyconnect tcp: "
"""What the reference's HTTP client puts before failures to reach a proxy."""


class ReadAhead:
    """A connection of which something was read already; see `Connection`."""

    __slots__ = ("_ahead", "_below")

    def __init__(self, below: Connection, ahead: bytes) -> None:
        """Put what was read in front of what is still to come."""
        self._below = below
        self._ahead = ahead

    @property
    def local(self) -> str:
        """Our end as `ip:port`."""
        return self._below.local

    @property
    def peer(self) -> str:
        """The other end as `ip:port`."""
        return self._below.peer

    async def read(self, deadline: Deadline) -> bytes:
        """Return the bytes read ahead, then those of the connection."""
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            return ahead
        return await self._below.read(deadline)

    def write(self, data: bytes) -> None:
        """Hand on."""
        self._below.write(data)

    async def drain(self, deadline: Deadline) -> None:
        """Return when little of what was written still waits."""
        await self._below.drain(deadline)

    def close(self) -> None:
        """Let go at once."""
        self._below.close()


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of failures on one way through a proxy.

    `target` is what the proxy is asked for, a host and port.
    """

    proxy: Proxy
    target: tuple[str, int]

    def unknown(self, failure: CheckFailed) -> DialFailed:
        """Return the failure to look the proxy's name up."""
        lookup = f'DNS lookup failure "{self.proxy.host}": {failure}'
        coded = CheckFailed.io(lookup, ErrorCode.DNS_LOOKUP_FAILED)
        coded.__cause__ = failure.__cause__
        return self.unreached(coded, str(failure))

    def unreached(self, failure: CheckFailed, plain: str) -> DialFailed:
        """Return the failure to get as far as to speak to the proxy."""
        before = self._socks(self.proxy.authority) or UNREACHED
        return DialFailed(
            before + failure.error.message,
            UNREACHED + plain,
            code=failure.error.code,
            timed_out=is_deadline(failure.__cause__),
        )

    def refused(self, cause: str, peer: str, *, timed_out: bool) -> DialFailed:
        """Return the failure of the conversation; `peer` is the proxy as `ip:port`."""
        return DialFailed(
            self._socks(self.proxy.authority) + cause,
            self._socks(peer) + cause,
            code=ErrorCode.NET_COULD_NOT_CONNECT if timed_out else None,
            timed_out=timed_out,
        )

    def _socks(self, proxy: str) -> str:
        """Return what every failure of SOCKS begins with, nothing for HTTP."""
        if self.proxy.kind is not ProxyKind.SOCKS5:
            return ""
        return f"socks connect tcp {proxy}->{endpoint(*self.target)}: "


async def reach_proxy(
    network: Network,
    route: Route,
    address: str,
    deadline: Deadline,
    facts: list[Facts],
) -> Connection:
    """Return a connection to the route's proxy itself, with TLS if it wants that.

    `address` is the target, for the words of failures. Appends the `TcpFacts` of the
    connection to the proxy. Raises `CheckFailed`.
    """
    proxy = _proxy(route)
    wording = Wording(proxy, (address, route.port))
    within = deadline.remaining()
    try:
        lookup = await resolve(network, proxy.host, Families(), ANY, within=within)
    except CheckFailed as failure:
        raise wording.unknown(failure) from failure
    (ip,) = lookup.addresses
    try:
        connection = await connect(ip, proxy.port, deadline, source=route.source)
    except DialFailed as failure:
        raise wording.unreached(failure, failure.plain) from failure
    facts.append(TcpFacts(connection.took))
    if proxy.tls is None:
        return connection
    await proxy.tls.refresh()
    name = proxy.host
    try:
        return await handshake(connection, proxy.tls, name, deadline=deadline, facts=[])
    except TrustLearned:
        raise
    except CheckFailed as failure:
        raise wording.unreached(failure, str(failure)) from failure


async def open_tunnel(
    network: Network,
    route: Route,
    address: str,
    deadline: Deadline,
    facts: list[Facts],
) -> Connection:
    """Return a connection to the target by way of the route's proxy.

    An `address` that is none but a name is left to the proxy to look up. Appends
    `TcpFacts` and `TunnelFacts`. Raises `CheckFailed`.
    """
    proxy = _proxy(route)
    wording = Wording(proxy, (address, route.port))
    connection = await reach_proxy(network, route, address, deadline, facts)
    started = deadline.now()
    speak = connect_by_socks if proxy.kind is ProxyKind.SOCKS5 else connect_by_http
    try:
        ahead = await _converse(connection, speak(proxy, address, route.port), deadline)
    except BaseException as error:
        connection.close()
        if isinstance(error, (OSError, Refused)):
            raise _refusal(error, connection, wording) from error
        raise
    facts.append(TunnelFacts(proxy.kind, deadline.now() - started))
    return ReadAhead(connection, ahead) if ahead else connection


def _proxy(route: Route) -> Proxy:
    if route.proxy is None:
        raise ValueError("the route has no proxy")
    return route.proxy


async def _converse(
    connection: Connection, dialogue: Dialogue, deadline: Deadline
) -> bytes:
    """Return what came beyond the conversation."""
    step = next(dialogue)
    try:
        while True:
            received = b""
            if step is None:
                received = await connection.read(deadline)
            else:
                connection.write(step)
            step = dialogue.send(received)
    except StopIteration as end:
        ahead: bytes = end.value
        return ahead
    finally:
        dialogue.close()


def _refusal(
    error: OSError | Refused, connection: Connection, wording: Wording
) -> DialFailed:
    text = str(error) if isinstance(error, Refused) else read_text(error, connection)
    return wording.refused(text, connection.peer, timed_out=is_deadline(error))

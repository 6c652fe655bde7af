"""From an address to a connection that an application protocol can use.

Owns the order of the layers (tcp, proxy, tls) and what each leaves behind as facts.
Must not know names (they are resolved before) or what is said on the connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.net.connection import Connection, connect
from heartbeat.net.facts import TcpFacts
from heartbeat.net.handshake import TrustLearned, handshake
from heartbeat.net.tunnel import open_tunnel, reach_proxy

if TYPE_CHECKING:
    from heartbeat.clock import Deadline
    from heartbeat.event import Facts
    from heartbeat.net.network import Network
    from heartbeat.net.route import Route


async def dial(
    network: Network,
    route: Route,
    address: str,
    deadline: Deadline,
    facts: list[Facts],
) -> Connection:
    """Connect to `address` through all layers of the route.

    With a proxy `address` may also be a name, which the proxy then looks up. Every
    layer appends its facts as soon as it has them, so those of the lower layers are
    there when a higher one fails. Raises `CheckFailed`.
    """
    if route.tls is None and route.proxy is None:
        return await _directly(network, route, address, deadline, facts)
    known = len(facts)
    try:
        return await _through_layers(network, route, address, deadline, facts)
    except TrustLearned:
        del facts[known:]
        return await _through_layers(network, route, address, deadline, facts)


async def _through_layers(
    network: Network,
    route: Route,
    address: str,
    deadline: Deadline,
    facts: list[Facts],
) -> Connection:
    if route.tls is not None:
        await route.tls.refresh()
    if route.proxy is None:
        reach = _directly
    else:
        reach = reach_proxy if route.is_forwarded else open_tunnel
    connection = await reach(network, route, address, deadline, facts)
    if route.tls is None:
        return connection
    name = route.server_name or route.host
    return await handshake(connection, route.tls, name, deadline=deadline, facts=facts)


async def _directly(
    network: Network,  # noqa: ARG001 - the ways to a target are called alike
    route: Route,
    address: str,
    deadline: Deadline,
    facts: list[Facts],
) -> Connection:
    connection = await connect(address, route.port, deadline, source=route.source)
    facts.append(TcpFacts(connection.took))
    return connection

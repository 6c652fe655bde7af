"""From an address to a connection that an application protocol can use.

Owns the order of the layers (tcp, then tls) and what each leaves behind as facts. Must
not know names (they are resolved before) or what is said on the connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from heartbeat.net.connection import Connection, connect
from heartbeat.net.facts import TcpFacts
from heartbeat.net.handshake import TrustLearned, handshake

if TYPE_CHECKING:
    from heartbeat.clock import Deadline
    from heartbeat.event import Facts
    from heartbeat.net.network import Network
    from heartbeat.net.tls import TlsContext


@dataclass(frozen=True, slots=True)
class Route:
    """How to reach an endpoint: the target and the layers on the way.

    `host` is what the operator wrote; `server_name` is what TLS is to ask for and to
    check, `host` where it is None.
    """

    host: str
    port: int
    tls: TlsContext | None = None
    server_name: str | None = None


async def dial(
    network: Network,
    route: Route,
    address: str,
    deadline: Deadline,
    facts: list[Facts],
) -> Connection:
    """Connect to `address` through all layers of the route.

    Every layer appends its facts as soon as it has them, so those of the lower layers
    are there when a higher one fails. Raises `CheckFailed`.
    """
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
    clock = network.clock
    if route.tls is not None:
        await route.tls.refresh()
    started = clock.monotonic()
    connection = await connect(address, route.port, deadline)
    facts.append(TcpFacts(clock.monotonic() - started))
    if route.tls is None:
        return connection
    name = route.server_name or route.host
    return await handshake(connection, route.tls, name, deadline=deadline, facts=facts)

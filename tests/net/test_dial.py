"""Dialling: which layers there are and which name TLS asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.config.tls import TlsOptions
from heartbeat.errors import CheckFailed
from heartbeat.net import Route, dial
from heartbeat.net.facts import TcpFacts, TlsFacts
from tests.support import certificates as pki
from tests.support.servers import echo, refused_port, say, serve

if TYPE_CHECKING:
    from heartbeat.clock import Deadline
    from heartbeat.event import Facts
    from heartbeat.net import Network


async def test_plain_tcp(network: Network, deadline: Deadline) -> None:
    """Without TLS the connection is the one of TCP."""
    facts: list[Facts] = []
    async with serve(say(b"hello")) as port:
        route = Route("web.test", port)
        connection = await dial(network, route, "127.0.0.1", deadline, facts)
        answer = await connection.read(deadline)
        connection.close()

    assert (answer, facts) == (b"hello", [TcpFacts(0.0)])


async def test_nothing_is_known_of_a_failed_connect(
    network: Network, deadline: Deadline
) -> None:
    """A refused connect leaves no facts."""
    facts: list[Facts] = []
    route = Route("web.test", refused_port())

    with pytest.raises(CheckFailed):
        await dial(network, route, "127.0.0.1", deadline, facts)

    assert facts == []


@pytest.mark.parametrize(
    ("host", "server_name"),
    [("web.test", None), ("web.test.", None), ("127.0.0.9", "web.test")],
)
async def test_the_name_asked_for(
    network: Network, deadline: Deadline, host: str, server_name: str | None
) -> None:
    """TLS asks for the host unless the route names another server."""
    asked: list[str | None] = []
    server = pki.server_context(pki.good())
    server.sni_callback = lambda _, name, __: asked.append(name)
    authorities = {"certificate_authorities": [pki.root().pem]}
    tls = network.tls(TlsOptions.model_validate(authorities))
    facts: list[Facts] = []
    async with serve(echo, tls=server) as port:
        route = Route(host, port, tls, server_name)
        connection = await dial(network, route, "127.0.0.1", deadline, facts)
        connection.close()

    assert asked == ["web.test"]
    assert [type(fact) for fact in facts] == [TcpFacts, TlsFacts]

"""`heartbeat test output` for Elasticsearch.

Owns the steps and their order. Writes no document. Must not know the bulk interface.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from heartbeat.clock import Deadline
from heartbeat.errors import CheckFailed, OutputUnavailable
from heartbeat.net import ALL, Families, Route, TlsFacts, dial, resolve
from heartbeat.outputs.base import Finding
from heartbeat.outputs.elasticsearch.access import open_client
from heartbeat.outputs.elasticsearch.license import PATH, QUERY, read_license
from heartbeat.outputs.elasticsearch.server import (
    OK,
    as_object,
    read_object,
    read_server,
    reason_of,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

    from heartbeat.event import Facts
    from heartbeat.net import Network
    from heartbeat.outputs.elasticsearch.access import Access
    from heartbeat.outputs.elasticsearch.client import Client
    from heartbeat.outputs.elasticsearch.hosts import Host
    from heartbeat.outputs.elasticsearch.server import Answer

STEP, DETAIL = 2, 3
"""Depths of findings below the host's own."""

PRIVILEGES = "/_security/user/_has_privileges"
WRITE, CREATE = "create_doc", "auto_configure"


async def examine(
    host: Host, access: Access, network: Network, indices: Sequence[str]
) -> AsyncIterator[Finding]:
    """Try one host as if it were the only one, up to the first error."""
    yield Finding(host.url, "")
    yield Finding("parse url", depth=STEP)
    proxy = access.proxies.get(host.url)
    if proxy is not None:
        yield Finding("proxy", "INFO", proxy.url, STEP)
    else:
        has_failed = False
        async for finding in _connection(host, access, network):
            has_failed = has_failed or finding.verdict == "ERROR"
            yield finding
        if has_failed:
            return
    async for finding in _conversation(host, access, network, indices):
        yield finding


async def _connection(
    host: Host, access: Access, network: Network
) -> AsyncIterator[Finding]:
    yield Finding("connection", "", depth=STEP)
    yield Finding("parse host", depth=DETAIL)
    try:
        lookup = await resolve(network, host.name, Families(), ALL)
    except CheckFailed as error:
        yield Finding("dns lookup", "ERROR", str(error), DETAIL)
        return
    yield Finding("dns lookup", depth=DETAIL)
    yield Finding("addresses", "INFO", ", ".join(lookup.addresses), DETAIL)
    try:
        address = await _first_reached(host, lookup.addresses, access, network)
    except CheckFailed as error:
        yield Finding("dial up", "ERROR", str(error), DETAIL)
        return
    yield Finding("dial up", depth=DETAIL)
    if host.scheme == "http" or access.tls is None:
        yield Finding("TLS", "WARN", "secure connection disabled", STEP)
        return
    async for finding in _tls(host, address, access, network):
        yield finding


async def _first_reached(
    host: Host, addresses: tuple[str, ...], access: Access, network: Network
) -> str:
    """Return the first address that takes a connection; raises the last failure."""
    failure: CheckFailed | None = None
    for address in addresses:
        try:
            await _dialled(Route(host.name, host.port), address, access, network)
        except CheckFailed as error:
            failure = error
        else:
            return address
    raise failure or CheckFailed.io(f"lookup {host.name}: no address")


async def _tls(
    host: Host, address: str, access: Access, network: Network
) -> AsyncIterator[Finding]:
    yield Finding("TLS", "", depth=STEP)
    assert access.tls is not None  # noqa: S101 - the caller asked for https
    rules = access.tls.rules
    checked = "server's certificate chain verification is"
    if rules.verifies:
        yield Finding("security", "INFO", f"{checked} enabled", DETAIL)
    else:
        yield Finding("security", "WARN", f"{checked} disabled", DETAIL)
    try:
        route = Route(host.name, host.port, rules)
        facts = await _dialled(route, address, access, network)
    except CheckFailed as error:
        yield Finding("handshake", "ERROR", str(error), DETAIL)
        return
    yield Finding("handshake", depth=DETAIL)
    for fact in facts:
        if isinstance(fact, TlsFacts):
            yield Finding("TLS version", "INFO", fact.version, DETAIL)


async def _dialled(
    route: Route, address: str, access: Access, network: Network
) -> list[Facts]:
    """Connect and hang up; raises `CheckFailed`."""
    facts: list[Facts] = []
    deadline = Deadline(network.clock, access.timeout)
    deadline.start()
    try:
        connection = await dial(network, route, address, deadline, facts)
    finally:
        deadline.cancel()
    connection.close()
    return facts


async def _conversation(
    host: Host, access: Access, network: Network, indices: Sequence[str]
) -> AsyncIterator[Finding]:
    client: Client | None = None
    try:
        client = await open_client(replace(access, hosts=(host,)), network.clock)
        server = read_server(await client.get("/"), access, network.clock)
        yield Finding("talk to server", depth=STEP)
        yield Finding("version", "INFO", server.version, STEP)
        if words := read_license(await client.get(PATH, query=QUERY)):
            yield Finding("license", "WARN", words, STEP)
        if indices:
            answer = await _ask_privileges(client, indices)
            for finding in _permissions(answer, indices):
                yield finding
    except OutputUnavailable as error:
        yield Finding("talk to server", "ERROR", str(error), STEP)
    finally:
        if client is not None:
            await client.close()


async def _ask_privileges(client: Client, indices: Sequence[str]) -> Answer:
    wanted = {"index": [{"names": indices, "privileges": [WRITE, CREATE]}]}
    return await client.post(PRIVILEGES, orjson.dumps(wanted))


def _permissions(answer: Answer, indices: Iterable[str]) -> Iterable[Finding]:
    """Yield whether we may create documents, as far as the server tells."""
    granted = as_object(read_object(answer.body).get("index"))
    for index in indices:
        if answer.status == OK:
            yield _permission(index, as_object(granted.get(index)))
        else:
            why = reason_of(answer) or f"it answered {answer.status}"
            text = f"the server does not say (is its security off?): {why}"
            yield Finding(f"may write to {index}", "WARN", text, STEP)


def _permission(index: str, granted: Mapping[str, Any]) -> Finding:
    name = f"may write to {index}"
    if not granted.get(WRITE):
        return Finding(name, "ERROR", f"the privilege {WRITE} is missing", STEP)
    if not granted.get(CREATE):
        text = f"the privilege {CREATE} is missing: {index} must exist already"
        return Finding(name, "WARN", text, STEP)
    return Finding(name, depth=STEP)

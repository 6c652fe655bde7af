"""Everything that is needed to talk to a cluster, before anything is connected.

Owns the values; imports no HTTP library, so that building an output is cheap. Must not
know what is asked of the cluster.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from heartbeat.errors import ConfigError, OutputUnavailable
from heartbeat.outputs.elasticsearch.hosts import (
    Defaults,
    Host,
    Proxy,
    parse_host,
    parse_proxy,
    proxy_of,
)
from heartbeat.outputs.elasticsearch.login import basic
from heartbeat.outputs.trust import TlsAccess

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.clock import Clock
    from heartbeat.net import Network
    from heartbeat.outputs.elasticsearch.client import Client
    from heartbeat.outputs.elasticsearch.options import ElasticsearchOptions

LIBRARY_IDLE = 60.0
"""Seconds an unused connection is kept where the option says 0."""


class TlsUnavailable(OutputUnavailable):
    """No connection because of certificates: it may help to read them again."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach the hosts, and as whom.

    `proxies` by the URL of the host; `connections` for each host; times in seconds.
    """

    hosts: tuple[Host, ...]
    proxies: Mapping[str, Proxy]
    proxy_headers: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str]
    tls: TlsAccess | None
    timeout: float
    idle: float
    connections: int
    uses_all_hosts: bool
    allows_older: bool = True
    authorization: str = field(default="", repr=False)

    def authorization_for(self, host: Host) -> str:
        """Return who we are to a host: its own credentials before those of all."""
        if host.user is not None:
            return basic(host.user, host.password)
        return self.authorization


def access_of(options: ElasticsearchOptions, network: Network) -> Access:
    """Return what the options say; reads certificates, raises `ConfigError`."""
    defaults = Defaults(options.protocol, options.path)
    written = [parse_host(text, defaults) for text in options.hosts]
    hosts = tuple({host.url: host for host in written}.values())
    return Access(
        hosts=hosts,
        proxies=_proxies(options, hosts),
        proxy_headers=options.proxy_headers,
        # Names in any case are the same header, the last one counts.
        headers={**options.auth.said, **options.headers},
        query=options.parameters,
        tls=_tls(options, network, hosts),
        timeout=options.timeout,
        idle=options.idle_connection_timeout or LIBRARY_IDLE,
        connections=options.limits(len(hosts)).concurrency,
        uses_all_hosts=options.loadbalance,
        allows_older=options.allow_older_versions,
        authorization=options.authorization,
    )


async def open_client(access: Access, clock: Clock) -> Client:
    """Return a client for the hosts; raises `OutputUnavailable`.

    In a thread: the first import of the library and certificates take their time.
    """
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(None, _client, access, clock)
    except ConfigError as error:
        # Certificates were good when the output was built and have changed since.
        raise OutputUnavailable(str(error)) from error


def _client(access: Access, clock: Clock) -> Client:
    from heartbeat.outputs.elasticsearch.client import Client  # noqa: PLC0415 - costly

    return Client(access, clock)


def _proxies(
    options: ElasticsearchOptions, hosts: tuple[Host, ...]
) -> dict[str, Proxy]:
    if options.proxy_disable:
        return {}
    if options.proxy_url:
        proxy = parse_proxy(options.proxy_url)
        return {host.url: proxy for host in hosts}
    found = {host.url: proxy_of(host) for host in hosts}
    return {url: proxy for url, proxy in found.items() if proxy is not None}


def _tls(
    options: ElasticsearchOptions, network: Network, hosts: tuple[Host, ...]
) -> TlsAccess | None:
    if all(host.scheme == "http" for host in hosts):
        return None
    return TlsAccess.of(options.ssl, network)

"""One host of a cluster, as elasticsearch-py's transport uses it.

Owns the HTTP session of the host: proxy, TLS, limits, idle connections. The library's
own node knows no proxies, widens the TLS versions that were asked for and follows
redirects. Must not know what is requested.
"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

import aiohttp
from elastic_transport import (
    ApiResponseMeta,
    BaseAsyncNode,
    HttpHeaders,
    NodeConfig,
    TransportApiResponse,
)
from yarl import URL

from heartbeat.announce import Outage
from heartbeat.outputs.elasticsearch.failure import CONNECT_LIMIT, transport_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.clock import Clock
    from heartbeat.outputs.elasticsearch.access import Access
    from heartbeat.outputs.elasticsearch.hosts import Proxy
    from heartbeat.outputs.trust import Trust

log = logging.getLogger(__name__)

LARGE = 65_536
"""From here on a body is given to the library as a stream, which it sends in parts."""

FAILURES = (aiohttp.ClientError, OSError, ValueError, RuntimeError)
"""What a request can end in; `RuntimeError` if the session was closed meanwhile."""


@dataclass(frozen=True, slots=True)
class Means:
    """What the nodes of one client share."""

    access: Access
    trust: Trust | None
    clock: Clock


def bound_node(means: Means) -> type[HostNode]:
    """Return a class of nodes that have these means: the transport makes them."""
    return cast("type[HostNode]", type("BoundNode", (HostNode,), {"means": means}))


class HostNode(BaseAsyncNode):
    """One host and its connections."""

    means: ClassVar[Means]

    def __init__(self, config: NodeConfig) -> None:
        """Connect to nothing yet."""
        super().__init__(config)
        access = self.means.access
        self._session: aiohttp.ClientSession | None = None
        self._outage = Outage(self.means.clock)
        self._proxy = _proxy_arguments(
            access.proxies.get(self.base_url), access.proxy_headers
        )
        self._timeout = aiohttp.ClientTimeout(
            total=access.timeout, sock_connect=min(CONNECT_LIMIT, access.timeout)
        )

    async def perform_request(  # type: ignore[override] # as the base itself
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: HttpHeaders | None = None,
        request_timeout: Any = None,
    ) -> TransportApiResponse:
        """Send a request and return the whole answer.

        Raises the transport's errors. The limit is that of the options; what the
        transport says about it is not used.
        """
        del request_timeout
        try:
            answer = await self._send(method, target, body, headers)
        except FAILURES as error:
            trust = self.means.trust
            if trust is not None and trust.take_news():
                return await self.perform_request(method, target, body, headers)
            failure = transport_error(error, self.base_url, self.means.access.timeout)
            self._note_down(failure.message)
            raise failure from error
        self._note_up()
        return answer

    async def close(self) -> None:  # type: ignore[override] # as the base itself
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _send(
        self, method: str, target: str, body: bytes | None, headers: HttpHeaders | None
    ) -> TransportApiResponse:
        if self._session is None:
            self._session = self._open()
        is_large = body is not None and len(body) > LARGE
        started = self.means.clock.monotonic()
        async with self._session.request(
            method,
            URL(self.base_url + target, encoded=True),
            data=io.BytesIO(body or b"") if is_large else body,
            headers={**self.headers, **(headers or {})},
            timeout=self._timeout,
            allow_redirects=False,
            **self._proxy,
        ) as response:
            content = await response.read()
        meta = ApiResponseMeta(
            status=response.status,
            http_version="1.1",
            headers=HttpHeaders(response.headers),
            duration=self.means.clock.monotonic() - started,
            node=self.config,
        )
        return TransportApiResponse(meta, content)

    def _open(self) -> aiohttp.ClientSession:
        access, trust = self.means.access, self.means.trust
        connector = aiohttp.TCPConnector(
            limit_per_host=access.connections,
            keepalive_timeout=access.idle,
            ssl=trust.context if trust is not None else True,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("accept", "accept-encoding", "user-agent"),
        )

    def _note_down(self, text: str) -> None:
        """Tell of a host that fails; of a single one the worker tells."""
        prefix = self._outage.failed()
        if prefix is not None and len(self.means.access.hosts) > 1:
            log.warning("%scannot use %s", prefix, text)

    def _note_up(self) -> None:
        lasted = self._outage.worked()
        if lasted is not None and len(self.means.access.hosts) > 1:
            log.warning("%s works again after %s", self.base_url, lasted)


def _proxy_arguments(proxy: Proxy | None, headers: Mapping[str, str]) -> dict[str, Any]:
    if proxy is None:
        return {}
    url = URL(proxy.url)
    if proxy.user:
        url = url.with_user(proxy.user).with_password(proxy.password)
    return {"proxy": url, "proxy_headers": dict(headers)}

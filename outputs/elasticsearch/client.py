"""Requests to a cluster, through elasticsearch-py's transport.

Owns the choice of hosts, headers and the query of every request, and the words for
requests that no host answers. Must not know what answers mean.

The transport is used without the client on top of it: that one rewrites media types so
that older servers refuse them, and importing it costs half a second and 16 MB. This
module is imported on first use and in a thread, because even the transport costs some.
"""

from __future__ import annotations

import logging
import platform
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from elastic_transport import (
    AsyncTransport,
    NodeConfig,
    NodeSelector,
    RoundRobinSelector,
    SerializationError,
    Serializer,
    TlsError,
    TransportError,
)

from heartbeat import COMPATIBLE_VERSION
from heartbeat.errors import OutputUnavailable
from heartbeat.outputs.elasticsearch.access import TlsUnavailable
from heartbeat.outputs.elasticsearch.node import Means, bound_node
from heartbeat.outputs.elasticsearch.server import Answer
from heartbeat.outputs.trust import Trust

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from elastic_transport import BaseNode

    from heartbeat.clock import Clock
    from heartbeat.outputs.elasticsearch.access import Access
    from heartbeat.outputs.elasticsearch.hosts import Host

JSON = "application/json; charset=UTF-8"
KINDS = ("application/*", "text/*", "multipart/*")
"""What requests and answers may be made of; what is in them we know ourselves."""

ELSEWHERE = (502, 503, 504)
"""Statuses after which another host may do better."""

MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
USER_AGENT = (
    f"Elastic-heartbeat/{COMPATIBLE_VERSION} ({sys.platform};"
    f" {MACHINES.get(platform.machine(), platform.machine())}; Standalone)"
)


class Raw(Serializer):
    """Hands bytes on as they are: we encode and decode ourselves."""

    def dumps(self, data: bytes) -> bytes:
        """Return the bytes."""
        return data

    def loads(self, data: bytes) -> bytes:
        """Return the bytes."""
        return data


class FirstSelector(NodeSelector):
    """Prefers the hosts in their order."""

    def select(self, nodes: Sequence[BaseNode]) -> BaseNode:
        """Return the first live host as the operator listed them."""
        alive = {node.config: node for node in nodes}
        return next(alive[one] for one in self.node_configs if one in alive)


class Client:
    """The connections to a cluster."""

    def __init__(self, access: Access, clock: Clock) -> None:
        """Connect to nothing yet; reads certificates, raises `ConfigError`."""
        # What it has to say is said by the node and the worker, without tracebacks.
        logging.getLogger("elastic_transport").setLevel(logging.CRITICAL)
        trust = Trust(access.tls) if access.tls is not None else None
        raw = Raw()
        self._urls = {node_config(one, access): one.url for one in access.hosts}
        self._query = dict(access.query)
        self._transport = AsyncTransport(
            list(self._urls),
            node_class=bound_node(Means(access, trust, clock)),
            node_selector_class=(
                RoundRobinSelector if access.uses_all_hosts else FirstSelector
            ),
            randomize_nodes_in_pool=access.uses_all_hosts,
            serializers={"application/json": raw, **dict.fromkeys(KINDS, raw)},
            max_retries=len(access.hosts) - 1,
            retry_on_status=ELSEWHERE,
            meta_header=False,
        )

    async def get(self, path: str, *, query: Mapping[str, str] | None = None) -> Answer:
        """Ask for a path; raises `OutputUnavailable` without an answer."""
        return await self._ask("GET", self._target(path, query or {}), None, {})

    async def post(
        self,
        path: str,
        body: bytes,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send JSON; raises `OutputUnavailable` without an answer."""
        told = {"content-type": JSON, **(headers or {})}
        return await self._ask("POST", self._target(path, query or {}), body, told)

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()

    def _target(self, path: str, query: Mapping[str, str]) -> str:
        parameters = sorted({**query, **self._query}.items())
        return f"{path}?{urlencode(parameters)}" if parameters else path

    async def _ask(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        try:
            meta, content = await self._transport.perform_request(
                method, target, body=body, headers=headers
            )
        except TlsError as error:
            raise TlsUnavailable(_words(error)) from error
        except SerializationError as error:
            hosts = ", ".join(self._urls.values())
            text = f"{hosts}: the answer is neither JSON nor text"
            raise OutputUnavailable(text) from error
        except TransportError as error:
            raise OutputUnavailable(_words(error)) from error
        url = self._urls[meta.node]
        return Answer(url, meta.status, meta.headers, content or b"")


def _words(error: TransportError) -> str:
    """Return what went wrong at every host that was tried."""
    tried = [*error.errors, error]
    return "; ".join(
        dict.fromkeys(
            one.message if isinstance(one, TransportError) else str(one)
            for one in tried
        )
    )


def node_config(host: Host, access: Access) -> NodeConfig:
    """Return a host as the transport wants it, our credentials included."""
    headers = {
        "accept": "application/json",
        "user-agent": USER_AGENT,
        "x-elastic-product-origin": "beats",
        **access.headers,
    }
    authorization = access.authorization_for(host)
    if authorization:
        headers["authorization"] = authorization
    return NodeConfig(host.scheme, host.name, host.port, host.path, headers)

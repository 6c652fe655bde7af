"""A cluster, as far as it gets prepared: one method for each thing that may be there.

Owns the client of elasticsearch-py over an output's own way to its hosts, and the words
for what a cluster refuses. Must not know in which order things are installed.

This module is imported on first use and in a thread: the library costs half a second
and 16 MB, which a process that finds its template in place never pays.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from elastic_transport import ApiError, HttpHeaders, TransportError
from elasticsearch import AsyncElasticsearch, BadRequestError, NotFoundError

from heartbeat.elastic.refusal import (
    IDENTITY,
    LIFECYCLES,
    POLICIES,
    STREAMS,
    TEMPLATES,
    NotPermitted,
)
from heartbeat.elastic.streams import ASKED, Fit, fit_of
from heartbeat.errors import OutputUnavailable
from heartbeat.outputs.elasticsearch.client import node_config
from heartbeat.outputs.elasticsearch.node import HostNode, Means
from heartbeat.outputs.elasticsearch.server import (
    HINTS,
    MAX_WORDS,
    SERVERLESS,
    as_object,
)
from heartbeat.outputs.trust import Trust

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from elastic_transport import TransportApiResponse

    from heartbeat.clock import Clock
    from heartbeat.outputs.elasticsearch.access import Access

JSON = "application/json"
UNAUTHENTICATED = 401
FORBIDDEN = 403
EXISTS = "resource_already_exists_exception"
IN_THE_WAY = "conflicts with index"
PLAIN_INDEX = (
    "cannot create the data stream {0}: an index has that name, made by documents that"
    " came before the template; reindex it under another name and delete it"
)


class PlainNode(HostNode):
    """A host that is spoken to in plain JSON.

    The library asks for media types of its own version, which older servers refuse.
    """

    async def perform_request(  # type: ignore[override] # as the base itself
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: HttpHeaders | None = None,
        request_timeout: Any = None,
    ) -> TransportApiResponse:
        """Send a request and return the whole answer; raises the transport's errors."""
        del request_timeout  # as the base itself: the limit is that of the options
        told = HttpHeaders(headers or {})
        told["accept"] = JSON
        if body:
            told["content-type"] = JSON
        if query := self.means.access.query:
            target += f"{'&' if '?' in target else '?'}{urlencode(query)}"
        return await super().perform_request(method, target, body, told)


class Cluster:
    """The things in a cluster that documents need.

    Every method raises `NotPermitted` if a privilege is missing, `OutputUnavailable` if
    it cannot be done for another reason.
    """

    def __init__(self, access: Access, clock: Clock) -> None:
        """Connect to nothing yet; reads certificates, raises `ConfigError`."""
        logging.getLogger("elastic_transport").setLevel(logging.CRITICAL)
        trust = Trust(access.tls) if access.tls is not None else None
        means = Means(access, trust, clock)
        self._client = AsyncElasticsearch(
            [node_config(host, access) for host in access.hosts],
            node_class=type("BoundPlainNode", (PlainNode,), {"means": means}),
            max_retries=len(access.hosts) - 1,
            meta_header=False,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def is_serverless(self) -> bool:
        """Say whether it is a serverless project."""
        with _told("look at the cluster", IDENTITY):
            answer = await self._client.info()
        return as_object(answer.body.get("version")).get("build_flavor") == SERVERLESS

    async def has_policy(self, name: str) -> bool:
        """Say whether there is such a lifecycle policy."""
        with _told(f"look for the lifecycle policy {name}", POLICIES):
            return await _found(self._client.ilm.get_lifecycle(name=name))

    async def put_policy(self, name: str, body: Mapping[str, Any]) -> None:
        """Create or replace a lifecycle policy."""
        with _told(f"put the lifecycle policy {name}", POLICIES):
            await self._client.ilm.put_lifecycle(name=name, body=dict(body))

    async def has_template(self, name: str) -> bool:
        """Say whether there is such an index template."""
        with _told(f"look for the index template {name}", TEMPLATES):
            template = self._client.indices.get_index_template(
                name=name, filter_path="index_templates.name"
            )
            return await _found(template)

    async def put_template(self, name: str, body: Mapping[str, Any]) -> None:
        """Create or replace an index template."""
        with _told(f"put the index template {name}", TEMPLATES):
            await self._client.indices.put_index_template(name=name, body=dict(body))

    async def has_component(self, name: str) -> bool:
        """Say whether there is such a component template."""
        with _told(f"look for the component template {name}", TEMPLATES):
            template = self._client.cluster.get_component_template(
                name=name, filter_path="component_templates.name"
            )
            return await _found(template)

    async def fit(self, stream: str) -> Fit:
        """Say what the templates that are there would make of a data stream."""
        with _told(f"look for the template of {stream}", TEMPLATES):
            answer = await self._client.indices.simulate_index_template(
                name=stream, filter_path=ASKED
            )
        return fit_of(answer.body)

    async def has_stream(self, name: str) -> bool:
        """Say whether there is such a data stream."""
        with _told(f"look for the data stream {name}", STREAMS.format(name)):
            return await _found(self._client.indices.get_data_stream(name=name))

    async def create_stream(self, name: str) -> None:
        """Create a data stream; one that somebody else just created will do."""
        with _told(f"create the data stream {name}", STREAMS.format(name)):
            try:
                await self._client.indices.create_data_stream(name=name)
            except BadRequestError as error:
                if error.error != EXISTS:
                    raise
            except ApiError as error:
                if IN_THE_WAY not in _reason(error):
                    raise
                raise OutputUnavailable(PLAIN_INDEX.format(name)) from error

    async def has_lifecycle(self, stream: str) -> bool:
        """Say whether the data stream has a lifecycle of its own."""
        privilege = LIFECYCLES.format(stream)
        with _told(f"look at the lifecycle of {stream}", privilege):
            try:
                answer = await self._client.indices.get_data_lifecycle(name=stream)
            except NotFoundError:
                return False
        streams = answer.body.get("data_streams", [])
        return any("lifecycle" in one for one in streams)

    async def put_lifecycle(self, stream: str, body: Mapping[str, Any]) -> None:
        """Set the lifecycle of a data stream."""
        with _told(f"set the lifecycle of {stream}", LIFECYCLES.format(stream)):
            await self._client.indices.put_data_lifecycle(name=stream, body=dict(body))


async def _found(asked: Any) -> bool:
    try:
        await asked
    except NotFoundError:
        return False
    return True


@contextmanager
def _told(task: str, privilege: str) -> Generator[None]:
    """Turn the library's errors into ours."""
    try:
        yield
    except ApiError as error:
        status, reason = error.meta.status, _reason(error)
        if status == FORBIDDEN:
            text = f"cannot {task}: {privilege} is missing: {reason}"
            raise NotPermitted(text) from error
        if status == UNAUTHENTICATED:
            raise OutputUnavailable(f"cannot {task}: {HINTS[status]}") from error
        raise OutputUnavailable(f"cannot {task}: {status}: {reason}") from error
    except TransportError as error:
        raise OutputUnavailable(f"cannot {task}: {error.message}") from error


def _reason(error: ApiError) -> str:
    """Return the server's own words, from the whole down to the cause."""
    details = as_object(as_object(error.body).get("error"))
    reasons: list[str] = []
    while details:
        reasons.append(str(details.get("reason")))
        details = as_object(details.get("caused_by"))
    return (": ".join(dict.fromkeys(reasons)) or error.message)[:MAX_WORDS]

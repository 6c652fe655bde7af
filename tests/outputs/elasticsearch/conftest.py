"""A fake cluster and outputs that talk to it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config import Section
from heartbeat.net import Network
from heartbeat.outputs.base import OutputContext
from heartbeat.outputs.elasticsearch import build
from tests.support.bulk import Bulk, bulk_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from heartbeat.outputs.elasticsearch.output import ElasticsearchOutput
    from tests.support.clock import FakeClock


@pytest.fixture
async def bulk() -> AsyncIterator[Bulk]:
    """Return a fake cluster."""
    async with bulk_server() as served:
        yield served


@pytest.fixture
async def network(clock: FakeClock) -> AsyncIterator[Network]:
    """Return what outputs reach the network with."""
    made = Network(clock)
    yield made
    await made.close()


@pytest.fixture
async def make(
    network: Network,
) -> AsyncIterator[Callable[..., ElasticsearchOutput]]:
    """Return a way to build outputs, which are closed at the end."""
    async with AsyncExitStack() as stack:

        def made(*hosts: str, **options: Any) -> ElasticsearchOutput:
            section = Section({"hosts": list(hosts), **options})
            output = build(section, OutputContext(network))
            stack.push_async_callback(output.close)
            return output

        yield made


@pytest.fixture
def connected(
    make: Callable[..., ElasticsearchOutput], bulk: Bulk
) -> Callable[..., Awaitable[ElasticsearchOutput]]:
    """Return a way to have an output that is connected to the fake cluster."""

    async def connect(**options: Any) -> ElasticsearchOutput:
        output = make(bulk.url, **options)
        await output.connect()
        return output

    return connect

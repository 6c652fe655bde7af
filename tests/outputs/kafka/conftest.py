"""A scripted Kafka and outputs that talk to it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config import Section
from heartbeat.net import Network
from heartbeat.outputs.base import OutputContext
from heartbeat.outputs.kafka import KafkaOutput, Opener, build
from tests.support.kafka import Cluster, FakeClient
from tests.support.servers import serve, silence

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from heartbeat.outputs.kafka.client import Client
    from tests.support.clock import FakeClock


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Return a scripted cluster that stands behind every output of the test."""
    made = Cluster()

    async def opened(_opener: Opener) -> Client:
        return FakeClient(made)

    monkeypatch.setattr(Opener, "open", opened)
    return made


@pytest.fixture
async def broker() -> AsyncIterator[str]:
    """Return a port that takes connections."""
    async with serve(silence) as port:
        yield f"127.0.0.1:{port}"


@pytest.fixture
async def make(clock: FakeClock) -> AsyncIterator[Callable[..., KafkaOutput]]:
    """Return a way to build outputs for the topic `up`, closed at the end."""
    network = Network(clock)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(network.close)

        def made(*hosts: str, **options: Any) -> KafkaOutput:
            usual = {"hosts": hosts or ["127.0.0.1"], "topic": "up"}
            output = build(Section({**usual, **options}), OutputContext(network))
            stack.push_async_callback(output.close)
            return output

        yield made

"""A scripted Logstash and outputs that talk to it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config import Section
from heartbeat.net import Network
from heartbeat.outputs.base import OutputContext
from heartbeat.outputs.logstash import LogstashOutput, build
from tests.support.lumberjack import Receiver, receiver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.support.clock import FakeClock


@pytest.fixture
async def logstash() -> AsyncIterator[Receiver]:
    """Return a scripted Logstash."""
    async with receiver() as served:
        yield served


@pytest.fixture
async def make(clock: FakeClock) -> AsyncIterator[Callable[..., LogstashOutput]]:
    """Return a way to build outputs for ports of loopback, closed at the end."""
    network = Network(clock)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(network.close)

        def made(*ports: int, **options: Any) -> LogstashOutput:
            hosts = [f"127.0.0.1:{port}" for port in ports]
            section = Section({"hosts": hosts, **options})
            output = build(section, OutputContext(network))
            stack.push_async_callback(output.close)
            return output

        yield made

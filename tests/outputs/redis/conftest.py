"""A scripted Redis and outputs that talk to it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config import Section
from heartbeat.net import Network
from heartbeat.outputs.base import OutputContext
from heartbeat.outputs.redis import RedisOutput, build
from tests.support.redis import Redis, redis_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.support.clock import FakeClock


@pytest.fixture
async def redis() -> AsyncIterator[Redis]:
    """Return a scripted Redis."""
    async with redis_server() as served:
        yield served


@pytest.fixture
async def make(clock: FakeClock) -> AsyncIterator[Callable[..., RedisOutput]]:
    """Return a way to build outputs for hosts, closed at the end."""
    network = Network(clock)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(network.close)

        def made(*hosts: str | int, **options: Any) -> RedisOutput:
            written = [
                one if isinstance(one, str) else f"127.0.0.1:{one}" for one in hosts
            ]
            section = Section({"hosts": written, **options})
            output = build(section, OutputContext(network))
            stack.push_async_callback(output.close)
            return output

        yield made

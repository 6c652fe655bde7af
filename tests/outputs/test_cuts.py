"""An exchange with a Logstash or a Redis that breaks off, wherever it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat import outputs
from heartbeat.config import Section
from heartbeat.errors import OutputUnavailable
from heartbeat.net import Network
from heartbeat.outputs.base import Closeable, OutputContext
from tests.support.cutting import wire_to
from tests.support.lumberjack import receiver
from tests.support.records import ids, numbered
from tests.support.redis import redis_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.outputs.base import Batch, Output
    from tests.support.clock import FakeClock
    from tests.support.cutting import Wire

BATCH = numbered(1, 2)

pytestmark = pytest.mark.slow


async def deliver(output: Output, batch: Batch) -> int:
    """Offer what is not taken again and again; return how often it took."""
    attempts = 0
    while batch:
        attempts += 1
        try:
            batch = list((await output.publish(batch)).retry)
        except OutputUnavailable:
            assert attempts == 1
    return attempts


async def cut_everywhere(
    output: Output, wire: Wire, received: Callable[[], list[str]]
) -> None:
    """Cut one exchange at every byte; all arrives, at most once more than once."""
    await output.publish(BATCH)
    before = wire.passed
    await output.publish(BATCH)
    length = wire.passed - before
    assert length > 100

    for position in range(1, length):
        had = len(received())
        wire.cuts.append(wire.passed + position)

        assert await deliver(output, BATCH) == 2
        found = received()[had:]
        assert set(found) == set(ids(BATCH))
        assert found[-len(BATCH) :] == ids(BATCH)
        assert len(found) <= 2 * len(BATCH)


async def test_logstash(clock: FakeClock) -> None:
    """A window is sent again unless its acknowledgement came through."""
    async with receiver() as logstash, wire_to(logstash.port) as wire:
        output = made("logstash", wire, clock, compression_level=0)

        await cut_everywhere(output, wire, lambda: logstash.ids)
        await close(output)


async def test_redis(clock: FakeClock) -> None:
    """A command is sent again unless its answer came through."""
    async with redis_server() as redis, wire_to(redis.port) as wire:

        def received() -> list[str]:
            values = redis.values[b"heartbeat"]
            return [orjson.loads(value)["@metadata"]["_id"] for value in values]

        output = made("redis", wire, clock)

        await cut_everywhere(output, wire, received)
        await close(output)


def made(name: str, wire: Wire, clock: FakeClock, **options: Any) -> Output:
    """Return an output at the other end of the wire."""
    section = Section({"hosts": [f"127.0.0.1:{wire.port}"], **options})
    return outputs.build(name, section, OutputContext(Network(clock)))


async def close(output: Output) -> None:
    """Let go of the connection."""
    assert isinstance(output, Closeable)
    await output.close()

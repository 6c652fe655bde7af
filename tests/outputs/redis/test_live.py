"""Against a real Redis."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import redis.asyncio

from heartbeat.clock import SystemClock
from heartbeat.config import Section
from heartbeat.errors import OutputUnavailable
from heartbeat.net import Network
from heartbeat.outputs.base import Delivery, OutputContext
from heartbeat.outputs.redis import build
from tests.support.cutting import wire_to
from tests.support.records import ids, numbered
from tests.support.services import (
    Service,
    deliver_through_a_crash,
    deliver_through_cuts,
    service,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

pytestmark = [pytest.mark.redis, pytest.mark.slow, pytest.mark.timeout(120)]

KIT = "HEARTBEAT_TEST_REDIS"


@asynccontextmanager
async def reader(server: Service, **options: Any) -> AsyncGenerator[Any]:
    """Return a client of the library's own making."""
    client: Any = redis.asyncio.Redis(port=server.port, **options)
    try:
        yield client
    finally:
        await client.aclose()


async def received(
    server: Service, key: str = "heartbeat", **options: Any
) -> list[str]:
    """Return the ids of the events on a list."""
    async with reader(server, **options) as client:
        values = await client.lrange(key, 0, -1)
    return [orjson.loads(value)["@metadata"]["_id"] for value in values]


async def test_lists(make: Any, tmp_path: Path) -> None:
    """A whole batch, in order, in the database that is wanted."""
    async with service(KIT, tmp_path / "run") as server:
        output = make(server.port, db=3, key="up-%{[monitor.id]:x}", bulk_max_size=0)
        many = make(server.port)

        assert await output.publish(numbered(1, 2)) == Delivery(2, [], [])
        assert await many.publish(numbered(1, 2048)) == Delivery(2048, [], [])

        assert await received(server, "up-m2", db=3) == ["id-2"]
        assert await received(server) == ids(numbered(1, 2048))


async def test_channels(make: Any, tmp_path: Path) -> None:
    """Subscribers get one message for each event."""
    async with service(KIT, tmp_path / "run") as server, reader(server) as client:
        listener = client.pubsub()
        await listener.subscribe("up")
        await listener.get_message(timeout=5)

        delivery = await make(server.port, key="up", datatype="channel").publish(
            numbered(1, 2)
        )

        heard = [await listener.get_message(timeout=5) for _ in range(2)]
        await listener.aclose()
        assert delivery == Delivery(2, [], [])
        assert [orjson.loads(one["data"])["monitor"]["id"] for one in heard] == [
            "m1",
            "m2",
        ]


@pytest.mark.parametrize(
    ("login", "works"),
    [
        ({"password": "secret"}, True),
        ({"username": "writer", "password": "secret"}, True),
        ({"password": "wrong"}, False),
        ({}, False),
    ],
)
async def test_logins(
    make: Any, tmp_path: Path, login: dict[str, str], *, works: bool
) -> None:
    """The password alone or with a user of the access control list."""
    settings = {"REDIS_PASSWORD": "secret", "REDIS_USER": "writer"}
    async with service(KIT, tmp_path / "run", **settings) as server:
        output = make(server.port, **login)
        verdicts = [finding.verdict async for finding in output.test()]
        assert ("ERROR" not in verdicts) is works
        if works:
            assert await output.publish(numbered(1, 1)) == Delivery(1, [], [])
        else:
            with pytest.raises(OutputUnavailable):
                await output.publish(numbered(1, 1))


async def test_tls(make: Any, tmp_path: Path) -> None:
    """With the right authority; without it nothing is sent."""
    async with service(KIT, tmp_path / "run", TLS="1") as server:
        url = f"rediss://127.0.0.1:{server.port}"
        trusting = make(url, ssl={"certificate_authorities": server.ca})

        assert await trusting.publish(numbered(1, 3)) == Delivery(3, [], [])
        with pytest.raises(OutputUnavailable, match="x509"):
            await make(url).publish(numbered(4, 4))


async def test_refusals(make: Any, tmp_path: Path) -> None:
    """A server without memory takes nothing, until it has some again."""
    async with service(KIT, tmp_path / "run") as server, reader(server) as client:
        output = make(server.port)
        await client.config_set("maxmemory", 1)
        with pytest.raises(OutputUnavailable, match="maxmemory"):
            await output.publish(numbered(1, 1))
        await client.config_set("maxmemory", 0)

        assert await output.publish(numbered(1, 1)) == Delivery(1, [], [])


async def test_a_connection_that_was_killed(make: Any, tmp_path: Path) -> None:
    """A new one is made without a failure."""
    async with service(KIT, tmp_path / "run") as server, reader(server) as client:
        output = make(server.port)
        await output.publish(numbered(1, 1))
        await client.execute_command("CLIENT", "KILL", "SKIPME", "yes")
        await client.ping()

        assert await output.publish(numbered(2, 2)) == Delivery(1, [], [])


async def test_nothing_is_missing_after_a_crash(tmp_path: Path) -> None:
    """The server is killed in the middle and comes back."""
    async with service(KIT, tmp_path / "run") as server:
        options = {
            "hosts": f"127.0.0.1:{server.port}",
            "bulk_max_size": 50,
            "backoff": {"init": "50ms", "max": "200ms"},
        }
        output = build(Section(options), OutputContext(Network(SystemClock())))

        count = await deliver_through_a_crash(output, server, tmp_path / "letters")

        assert set(await received(server)) == set(ids(numbered(1, count)))


@pytest.mark.parametrize("is_silent", [False, True])
async def test_nothing_is_missing_after_cuts(
    tmp_path: Path, *, is_silent: bool
) -> None:
    """The network goes away in the middle of batches, with and without a word."""
    async with (
        service(KIT, tmp_path / "run") as server,
        wire_to(server.port) as wire,
    ):
        wire.is_silent = is_silent
        options = {
            "hosts": f"127.0.0.1:{wire.port}",
            "bulk_max_size": 500,
            "timeout": "500ms",
            "backoff": {"init": "10ms", "max": "20ms"},
        }
        output = build(Section(options), OutputContext(Network(SystemClock())))

        count = await deliver_through_cuts(output, wire, tmp_path / "letters")

        assert set(await received(server)) == set(ids(numbered(1, count)))

"""Outputs behind a SOCKS proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from heartbeat import outputs
from heartbeat.config import Section
from heartbeat.net import Network
from heartbeat.outputs.base import Closeable, OutputContext
from tests.support.lumberjack import receiver
from tests.support.proxies import ProxyServer
from tests.support.records import numbered
from tests.support.redis import redis_server

if TYPE_CHECKING:
    from tests.support.clock import FakeClock

PLACES = pytest.mark.parametrize(
    ("is_local", "place"), [(False, "localhost"), (True, "127.0.0.1")]
)
"""Where names are looked up, and what the proxy is then told."""


async def through_a_proxy(
    name: str, port: int, clock: FakeClock, *, is_local: bool
) -> list[str]:
    """Publish two records; return where the proxy was told to connect to."""
    async with ProxyServer().socks() as proxy:
        options = {
            "hosts": f"localhost:{port}",
            "proxy_url": f"socks5://127.0.0.1:{proxy.port}",
            "proxy_use_local_resolver": is_local,
        }
        network = Network(clock)
        output = outputs.build(name, Section(options), OutputContext(network))
        delivery = await output.publish(numbered(1, 2))
        assert isinstance(output, Closeable)
        await output.close()
        await network.close()
    assert delivery.accepted == 2
    return proxy.targets


@PLACES
async def test_logstash(clock: FakeClock, place: str, *, is_local: bool) -> None:
    """Names are looked up there, or here if that is wanted."""
    async with receiver() as logstash:
        told = await through_a_proxy(
            "logstash", logstash.port, clock, is_local=is_local
        )

        assert told == [f"{place}:{logstash.port}"]
        assert logstash.ids == ["id-1", "id-2"]


@PLACES
async def test_redis(clock: FakeClock, place: str, *, is_local: bool) -> None:
    """Names are looked up there, or here if that is wanted."""
    async with redis_server() as redis:
        told = await through_a_proxy("redis", redis.port, clock, is_local=is_local)

        values = redis.values[b"heartbeat"]
        assert told == [f"{place}:{redis.port}"]
        assert [orjson.loads(value)["monitor"]["id"] for value in values] == [
            "m1",
            "m2",
        ]

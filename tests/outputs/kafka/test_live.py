"""Against a real Kafka, through the real library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat.clock import SystemClock
from heartbeat.config import Section
from heartbeat.errors import OutputUnavailable
from heartbeat.net import Network
from heartbeat.outputs.base import Delivery, OutputContext
from heartbeat.outputs.kafka import build
from tests.support.clock import START_NS
from tests.support.cutting import wire_to
from tests.support.receivers import messages
from tests.support.records import ids, numbered, record
from tests.support.services import (
    Service,
    deliver_through_a_crash,
    deliver_through_cuts,
    kit,
    service,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(180)]

KIT = "HEARTBEAT_TEST_KAFKA"
SASL, TLS = 2, 3
"""How far the ports of other listeners are from the first."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Service]:
    """Return a broker with all its listeners."""
    async with service(KIT, tmp_path / "run", TLS="1") as running:
        yield running


def host(server: Service, listener: int = 0) -> str:
    """Return the address of a listener."""
    return f"127.0.0.1:{server.port + listener}"


def names(found: list[Any]) -> list[str]:
    """Return the ids of the events in messages."""
    return [orjson.loads(one.value)["@metadata"]["_id"] for one in found]


class TestBroker:
    """What a broker gets."""

    async def test_all_of_it(self, make: Any, server: Service) -> None:
        """One broker, many looks: starting one takes seconds."""
        await self.check_messages(make, server)
        for name in ("none", "gzip", "snappy", "lz4", "zstd"):
            await self.check_compression(make, server, name)
        await self.check_idempotence(make, server)
        await self.check_sizes(make, server)
        for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
            await self.check_login(make, server, mechanism)
        await self.check_wrong_login(make, server)
        await self.check_tls(make, server)
        await self.check_invalid_topic(make, server)

    async def check_messages(self, make: Any, server: Service) -> None:
        """Key, time, header and partition are those of the event."""
        headers = [{"key": "a", "value": "b"}]
        output = make(host(server), key="%{[monitor.id]}", headers=headers)
        await output.connect()
        assert await output.publish(numbered(1, 20)) == Delivery(20, [], [])
        assert await output.publish(numbered(1, 20)) == Delivery(20, [], [])

        found = await messages(host(server), "up")

        assert sorted(names(found)) == sorted(ids(numbered(1, 20)) * 2)
        assert len({(one.key, one.partition) for one in found}) == 20
        assert len({one.partition for one in found}) == 3
        assert {one.timestamp for one in found} == {START_NS // 1_000_000}
        assert found[0].headers == (("a", b"b"),)

    async def check_compression(self, make: Any, server: Service, name: str) -> None:
        """Every way to compress can be read back."""
        output = make(host(server), topic=f"c-{name}", compression=name)
        await output.connect()
        await output.publish(numbered(1, 500))

        assert len(await messages(host(server), f"c-{name}")) == 500

    async def check_idempotence(self, make: Any, server: Service) -> None:
        """A producer with an id of its own."""
        options = {"topic": "once", "idempotent": True, "required_acks": -1}
        output = make(host(server), **options)
        await output.connect()

        assert await output.publish(numbered(1, 100)) == Delivery(100, [], [])

    async def check_sizes(self, make: Any, server: Service) -> None:
        """What the client or the broker finds too large is rejected, nothing else."""
        small = make(host(server), max_message_bytes=2000)
        large = make(host(server), max_message_bytes=3_000_000, compression="none")
        one, other = record(1), record(2, size=2_000_000)

        for output in (small, large):
            await output.connect()
            delivery = await output.publish([one, other])

            assert delivery.accepted == 1
            assert [refused.record for refused in delivery.rejected] == [other]
            assert delivery.rejected[0].kind == "too large"

    async def check_login(self, make: Any, server: Service, mechanism: str) -> None:
        """With the password, over TLS, too."""
        options = {
            "username": "test",
            "password": "secret",
            "sasl": {"mechanism": mechanism},
        }
        ssl = {"certificate_authorities": server.ca}
        for output in (
            make(host(server, SASL), **options),
            make(host(server, TLS + 1), **options, ssl=ssl),
        ):
            await output.connect()

            assert await output.publish(numbered(1, 1)) == Delivery(1, [], [])

    async def check_wrong_login(self, make: Any, server: Service) -> None:
        """It is told, and tried again."""
        output = make(host(server, SASL), username="test", password="wrong")

        with pytest.raises(OutputUnavailable):
            await output.connect()

    async def check_tls(self, make: Any, server: Service) -> None:
        """With the right authority only."""
        trusting = make(host(server, TLS), ssl={"certificate_authorities": server.ca})
        await trusting.connect()
        with pytest.raises(OutputUnavailable):
            await make(host(server, TLS), ssl={}).connect()

        assert await trusting.publish(numbered(1, 1)) == Delivery(1, [], [])
        assert "ERROR" not in [one.verdict async for one in trusting.test()]

    async def check_invalid_topic(self, make: Any, server: Service) -> None:
        """A name that no topic can have is no reason to wait."""
        output = make(host(server), topic="a topic", timeout="2s")
        await output.connect()
        delivery = await output.publish(numbered(1, 1))

        assert len(delivery.rejected) == 1


async def test_nothing_is_missing_after_a_crash(tmp_path: Path) -> None:
    """The broker is killed in the middle and comes back."""
    async with service(KIT, tmp_path / "run") as server:
        options = {
            "hosts": host(server),
            "topic": "up",
            "bulk_max_size": 50,
            "timeout": "3s",
            "backoff": {"init": "50ms", "max": "200ms"},
        }
        output = build(Section(options), OutputContext(Network(SystemClock())))

        count = await deliver_through_a_crash(output, server, tmp_path / "letters")

        assert set(names(await messages(host(server), "up"))) == set(
            ids(numbered(1, count))
        )


@pytest.mark.parametrize("is_silent", [False, True])
async def test_nothing_is_missing_after_cuts(
    tmp_path: Path, *, is_silent: bool
) -> None:
    """The network goes away in the middle of batches, with and without a word.

    The broker is made to send its clients to the wire.
    """
    kit(KIT)
    async with wire_to(0) as wire:
        told = f"advertised.listeners=PLAINTEXT://127.0.0.1:{wire.port}"
        wire.is_silent = is_silent
        async with service(KIT, tmp_path / "run", KAFKA_SET=told) as server:
            wire.server = server.port
            options = {
                "hosts": f"127.0.0.1:{wire.port}",
                "topic": "up",
                "bulk_max_size": 500,
                "compression": "none",
                "timeout": "2s",
                "backoff": {"init": "10ms", "max": "20ms"},
            }
            output = build(Section(options), OutputContext(Network(SystemClock())))

            count = await deliver_through_cuts(output, wire, tmp_path / "letters")

            found = names(await messages(host(server), "up"))
            assert set(found) == set(ids(numbered(1, count)))

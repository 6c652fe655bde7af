"""Against a real Lumberjack receiver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat.clock import SystemClock
from heartbeat.config import Section
from heartbeat.errors import OutputUnavailable
from heartbeat.net import Network
from heartbeat.outputs.base import Delivery, OutputContext
from heartbeat.outputs.logstash import build
from tests.support.cutting import wire_to
from tests.support.records import ids, numbered
from tests.support.services import (
    Service,
    deliver_through_a_crash,
    deliver_through_cuts,
    service,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.logstash, pytest.mark.slow, pytest.mark.timeout(120)]

KIT = "HEARTBEAT_TEST_LOGSTASH"


def received(server: Service) -> list[str]:
    """Return the ids of the events in the order of their arrival."""
    lines = (server.folder / "events.ndjson").read_bytes().splitlines()
    return [orjson.loads(line)["@metadata"]["_id"] for line in lines]


def violations(server: Service) -> list[Any]:
    """Return what the receiver found wrong with the protocol."""
    lines = (server.folder / "journal.ndjson").read_bytes().splitlines()
    entries = [orjson.loads(line) for line in lines]
    return [one for one in entries if "violation" in one.values()]


@pytest.mark.parametrize(
    "options",
    [{}, {"compression_level": 0}, {"pipelining": 0}, {"slow_start": True}],
)
async def test_events_arrive(make: Any, tmp_path: Path, options: Any) -> None:
    """In order, and the receiver has nothing to object to."""
    async with service(KIT, tmp_path / "run") as server:
        delivery = await make(server.port, **options).publish(numbered(1, 3000))

        assert delivery == Delivery(3000)
        assert received(server) == ids(numbered(1, 3000))
        assert violations(server) == []


async def test_partial_acknowledgements(make: Any, tmp_path: Path) -> None:
    """What was acknowledged before the connection broke is not sent again."""
    faults = "-drop-after", "25", "-drop-ack", "-fault-conns", "1"
    async with service(KIT, tmp_path / "run", *faults) as server:
        output = make(server.port)
        batch = numbered(1, 40)

        first = await output.publish(batch)
        second = await output.publish(list(first.retry))

        assert (first.accepted, second) == (25, Delivery(15))
        assert received(server) == ids(batch)


async def test_tls(make: Any, tmp_path: Path) -> None:
    """With the right authority; without it nothing is sent."""
    async with service(KIT, tmp_path / "run", TLS="1") as server:
        trusting = make(server.port, ssl={"certificate_authorities": server.ca})
        doubting = make(server.port, ssl={})

        assert await trusting.publish(numbered(1, 3)) == Delivery(3)
        with pytest.raises(OutputUnavailable, match="x509"):
            await doubting.publish(numbered(4, 4))
        found = [finding async for finding in trusting.test()]
        assert [one.name for one in found][-3:] == [
            "security",
            "handshake",
            "TLS version",
        ]


async def test_nothing_is_missing_after_a_crash(tmp_path: Path) -> None:
    """The receiver is killed in the middle and comes back."""
    async with service(KIT, tmp_path / "run") as server:
        options = {
            "hosts": f"127.0.0.1:{server.port}",
            "bulk_max_size": 50,
            "backoff": {"init": "50ms", "max": "200ms"},
        }
        output = build(Section(options), OutputContext(Network(SystemClock())))

        count = await deliver_through_a_crash(output, server, tmp_path / "letters")

        assert set(received(server)) == set(ids(numbered(1, count)))


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
            "compression_level": 0,
            "timeout": "500ms",
            "backoff": {"init": "10ms", "max": "20ms"},
        }
        output = build(Section(options), OutputContext(Network(SystemClock())))

        count = await deliver_through_cuts(output, wire, tmp_path / "letters")

        assert set(received(server)) == set(ids(numbered(1, count)))

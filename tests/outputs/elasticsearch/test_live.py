"""Against a real Elasticsearch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

import aiohttp
import pytest

from heartbeat.clock import SystemClock
from heartbeat.config import Section
from heartbeat.event import Record, Routing
from heartbeat.net import Network
from heartbeat.outputs.base import Delivery, OutputContext
from heartbeat.outputs.elasticsearch import build
from heartbeat.outputs.elasticsearch.login import basic
from tests.support.clock import START_NS
from tests.support.cutting import wire_to
from tests.support.records import numbered
from tests.support.services import deliver_through_cuts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.clock import FakeClock

pytestmark = [pytest.mark.elasticsearch, pytest.mark.slow]


@pytest.fixture
async def cluster(elasticsearch_url: str) -> AsyncIterator[Any]:
    """Return a way to ask the cluster."""
    parts = urlsplit(elasticsearch_url)
    base = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    headers = (
        {"Authorization": basic(parts.username, parts.password or "")}
        if (parts.username)
        else {}
    )
    async with aiohttp.ClientSession(base, headers=headers) as session:

        async def ask(method: str, path: str, body: Any = None) -> Any:
            async with session.request(method, path, json=body) as response:
                return await response.json()

        yield ask


@pytest.fixture
async def index(cluster: Any) -> AsyncIterator[str]:
    """Return the name of an index that is gone after the test."""
    name = f"heartbeat-test-{uuid4().hex}"
    yield name
    await cluster("DELETE", f"/{name}")


def at(index: str, number: int, body: bytes) -> Record:
    """Return a record for an index."""
    return Record(body, Routing(f"id-{number}", index), START_NS, number)


async def test_events_are_stored_once(
    make: Any, cluster: Any, index: str, elasticsearch_url: str
) -> None:
    """What is sent twice is there once, and can be found."""
    output = make(elasticsearch_url, index=index)
    await output.connect()

    first = await output.publish(numbered(1, 100))
    second = await output.publish(numbered(51, 150))

    await cluster("POST", f"/{index}/_refresh")
    counted = await cluster("GET", f"/{index}/_count")
    assert (first, second) == (
        Delivery(100, [], []),
        Delivery(100, [], [], duplicates=50),
    )
    assert counted["count"] == 150


async def test_events_are_stored_once_beyond_a_rollover(
    make: Any, cluster: Any, index: str, elasticsearch_url: str, clock: FakeClock
) -> None:
    """What an earlier process sent is found in the older index of a stream."""
    template: dict[str, Any] = {
        "index_patterns": [index],
        "data_stream": {},
        "priority": 900,
    }
    await cluster("PUT", f"/_index_template/{index}", template)
    try:
        before = make(elasticsearch_url, index=index)
        await before.connect()
        await before.publish(numbered(1, 50))
        await cluster("POST", f"/{index}/_rollover")
        await cluster("POST", f"/{index}/_refresh")
        await clock.advance(61)
        after = make(elasticsearch_url, index=index)
        await after.connect()
        delivery = await after.publish(numbered(1, 100))
        await cluster("POST", f"/{index}/_refresh")
        counted = await cluster("GET", f"/{index}/_count")
    finally:
        await cluster("DELETE", f"/_data_stream/{index}")
        await cluster("DELETE", f"/_index_template/{index}")

    assert (delivery.accepted, delivery.duplicates) == (100, 50)
    assert counted["count"] == 100


async def test_what_does_not_fit_the_mapping_is_rejected(
    make: Any, cluster: Any, index: str, elasticsearch_url: str
) -> None:
    """One bad document does not hold up the others, and its reason is told."""
    mapping = {"mappings": {"properties": {"n": {"type": "long"}}}}
    await cluster("PUT", f"/{index}", mapping)
    output = make(elasticsearch_url)
    await output.connect()

    batch = [at(index, 1, b'{"n":1}'), at(index, 2, b'{"n":"x"}')]
    delivery = await output.publish(batch)

    (rejection,) = delivery.rejected
    assert (delivery.accepted, rejection.record) == (1, batch[1])
    assert rejection.kind == "400 document_parsing_exception"
    assert 'For input string: "x"' in rejection.reason


async def test_dead_letters_are_kept_by_the_cluster(
    make: Any, cluster: Any, index: str, elasticsearch_url: str
) -> None:
    """A rejected event can be read in the dead-letter index."""
    policy = {"dead_letter_index": {"index": index}}
    output = make(elasticsearch_url, non_indexable_policy=policy, pipeline="missing")
    await output.connect()

    delivery = await output.publish([at(f"{index}-x", 1, b'{"n":1}')])

    await cluster("POST", f"/{index}/_refresh")
    found = await cluster("GET", f"/{index}/_doc/id-1")
    assert delivery == Delivery(1, [], [])
    assert found["_source"]["message"] == '{"n":1}'


async def test_the_self_test_passes(make: Any, elasticsearch_url: str) -> None:
    """Nothing is wrong with the cluster of the tests."""
    output = make(elasticsearch_url)
    verdicts = {finding.name: finding.verdict async for finding in output.test()}

    assert "ERROR" not in verdicts.values()
    assert verdicts["talk to server"] == "OK"


@pytest.mark.parametrize("is_silent", [False, True])
async def test_events_are_stored_once_through_cuts(
    cluster: Any, index: str, elasticsearch_url: str, tmp_path: Path, *, is_silent: bool
) -> None:
    """The network goes away in the middle of batches, with and without a word."""
    parts = urlsplit(elasticsearch_url)
    async with wire_to(parts.port or 9200) as wire:
        wire.is_silent = is_silent
        login = f"{parts.username}:{parts.password}@" if parts.username else ""
        options = {
            "hosts": f"http://{login}127.0.0.1:{wire.port}",
            "index": index,
            "bulk_max_size": 500,
            "compression_level": 0,
            "timeout": "1s",
            "backoff": {"init": "10ms", "max": "20ms"},
        }
        output = build(Section(options), OutputContext(Network(SystemClock())))

        count = await deliver_through_cuts(output, wire, tmp_path / "letters")

    await cluster("POST", f"/{index}/_refresh")
    counted = await cluster("GET", f"/{index}/_count")
    assert counted["count"] == count

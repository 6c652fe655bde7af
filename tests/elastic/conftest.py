"""A cluster to prepare, and plans to prepare it by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config import Section
from heartbeat.elastic.plan import Plan, plan_of
from heartbeat.net import Network
from heartbeat.outputs.elasticsearch.access import Access, access_of
from heartbeat.outputs.elasticsearch.options import read_options
from tests.support.bulk import bulk_server
from tests.support.cluster import FakeCluster
from tests.support.config import loaded
from tests.support.kibana import FakeKibana

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from heartbeat.config import Settings
    from tests.support.clock import FakeClock

OUTPUT = "output.elasticsearch.hosts: [a]\n"


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., Plan]:
    """Return a way to have the plan of a configuration with an output."""

    def made(text: str = "", output: str = OUTPUT) -> Plan:
        return plan_of(loaded(tmp_path, output + text))

    return made


@pytest.fixture
async def server() -> AsyncIterator[FakeCluster]:
    """Return a cluster with nothing in it."""
    cluster = FakeCluster()
    async with bulk_server(cluster):
        yield cluster


@pytest.fixture
async def network(clock: FakeClock) -> AsyncIterator[Network]:
    """Return what outputs reach the network with."""
    made = Network(clock)
    yield made
    await made.close()


@pytest.fixture
def access(server: FakeCluster, network: Network) -> Callable[..., Access]:
    """Return the way to the cluster, with more options of the output."""

    def made(**options: Any) -> Access:
        section = Section({"hosts": [server.url], **options})
        return access_of(read_options(section), network)

    return made


@pytest.fixture
async def kibana() -> AsyncIterator[FakeKibana]:
    """Return a Kibana with nothing in it."""
    async with bulk_server(FakeKibana()) as served:
        assert isinstance(served, FakeKibana)
        yield served


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Return the settings with a Kibana at an address."""

    def made(url: str, text: str = "") -> Settings:
        return loaded(tmp_path, f"setup.kibana.host: '{url}'\n{text}")

    return made

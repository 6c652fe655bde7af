"""Where documents go in a real Elasticsearch: by default, and as a monitor asks."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.app import App, Mode
from tests.support.clauses import call
from tests.support.servers import echo, serve
from tests.support.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.elasticsearch, pytest.mark.slow, pytest.mark.timeout(90)]


@dataclass(frozen=True, slots=True)
class Names:
    """A cluster, and names in it that nobody else has."""

    server: str
    mark: str

    @property
    def stream(self) -> str:
        """Return that of the output."""
        return f"heartbeat-test-{self.mark}"

    @property
    def kind(self) -> str:
        """Return the first part of that of a monitor."""
        return f"synthetics{self.mark}"

    def documents(self, index: str) -> list[dict[str, Any]]:
        """Return what has arrived in an index."""
        call("POST", f"{self.server}/{index}/_refresh")
        hits = call("GET", f"{self.server}/{index}/_search")["hits"]["hits"]
        return [one["_source"] for one in hits]


@pytest.fixture
def names(elasticsearch_url: str) -> Iterator[Names]:
    """Return names, and leave nothing of them behind."""
    made = Names(elasticsearch_url, secrets.token_hex(4))
    yield made
    for path in (
        f"_data_stream/{made.stream},{made.kind}-*",
        f"{made.stream}-own-9.5.0",
        f"_index_template/{made.stream}",
        f"_index_template/heartbeat-{made.kind}-tcp",
        f"_ilm/policy/{made.stream}",
        f"_ingest/pipeline/{made.stream}",
    ):
        call("DELETE", f"{made.server}/{path}")


async def test_each_monitor_writes_where_it_asks(tmp_path: Path, names: Names) -> None:
    """To the stream of the output, its own index, its own stream, by a pipeline."""
    mark = {"set": {"field": "fields.passed", "value": "yes"}}
    path = f"{names.server}/_ingest/pipeline/{names.stream}"
    call("PUT", path, {"processors": [mark]})
    async with serve(echo) as port:
        usual = f"type: tcp, hosts: ['127.0.0.1:{port}'], schedule: '@every 60s'"
        config = f"""
output.elasticsearch: {{hosts: ["{names.server}"], index: {names.stream}}}
setup.template: {{name: {names.stream}, pattern: {names.stream}}}
setup.ilm.policy_name: {names.stream}
heartbeat.monitors:
- {{id: usual, {usual}}}
- {{id: indexed, {usual}, index: "{names.stream}-own-%{{[agent.version]}}"}}
- {{id: streamed, {usual}, data_stream: {{type: {names.kind}, namespace: a}}}}
- {{id: piped, {usual}, pipeline: {names.stream}}}
"""
        app = App(settings_of(tmp_path, config), hostname="probe-1", mode=Mode.ONCE)
        assert await app.run() == 0

    found = {
        index: sorted(one["monitor"]["id"] for one in names.documents(index))
        for index in (
            names.stream,
            f"{names.stream}-own-9.5.0",
            f"{names.kind}-tcp-a",
        )
    }
    marked = {
        one["monitor"]["id"]: one.get("fields") for one in names.documents(names.stream)
    }
    assert list(found.values()) == [["piped", "usual"], ["indexed"], ["streamed"]]
    assert marked == {"piped": {"passed": "yes"}, "usual": None}

"""Preparing a real Elasticsearch: what is put, and that it stays as it is.

The names are of the test's own, and everything is gone in the end.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config import Section
from heartbeat.elastic.install import ABSENT, LATE, install, opened
from heartbeat.elastic.plan import plan_of
from heartbeat.elastic.template import mappings
from heartbeat.errors import OutputUnavailable
from heartbeat.outputs.elasticsearch.access import access_of
from heartbeat.outputs.elasticsearch.options import read_options
from tests.support.clauses import call
from tests.support.config import loaded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from heartbeat.net import Network
    from heartbeat.outputs.base import Finding

pytestmark = [pytest.mark.elasticsearch, pytest.mark.slow, pytest.mark.timeout(90)]

MONITOR = (
    "heartbeat.monitors:\n- {{type: tcp, id: x, hosts: ['a:1'], schedule: '@every 1s',"
    " data_stream: {{type: {0}, namespace: test}}}}\n"
)
RETENTION = "setup.dsl: {enabled: true, check_exists: false}\n"
"""The test node has no `_data_stream/NAME/_lifecycle`: the template alone sets it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A place in a cluster, and setting it up."""

    server: str
    name: str
    home: Path
    network: Network

    @property
    def kind(self) -> str:
        """Return the first part of the names of monitors' own streams."""
        return f"synthetics-{self.name}".replace("-", "")

    @property
    def side(self) -> str:
        """Return the name of the template of such a stream."""
        return f"heartbeat-{self.kind}-tcp"

    async def set_up(self, more: str = "", *, monitor: bool = True) -> list[Finding]:
        """Do what `heartbeat setup` does; return what the steps said."""
        name = self.name
        text = (
            f"output.elasticsearch: {{hosts: ['{self.server}'], index: {name}}}\n"
            f"setup.template: {{name: {name}, pattern: {name}}}\n"
            f"setup.ilm.policy_name: {name}\n{more}"
        )
        plan = plan_of(
            loaded(self.home, text + (MONITOR.format(self.kind) if monitor else ""))
        )
        section = Section({"hosts": [self.server]})
        access = access_of(read_options(section), self.network)
        async with opened(access, self.network.clock) as cluster:
            return [finding async for finding in install(plan, cluster)]

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Return the answer of a request."""
        return call(method, f"{self.server}/{path}", body)

    def everything(self) -> dict[str, Any]:
        """Return all that setting up may touch, with versions and times of change."""
        paths = (
            f"_ilm/policy/{self.name}",
            f"_index_template/{self.name}",
            f"_index_template/{self.side}",
            f"_data_stream/{self.name}",
            f"{self.name}/_settings",
            f"{self.name}/_mapping",
        )
        return {path: self.call("GET", path) for path in paths}


@pytest.fixture
def ground(
    elasticsearch_url: str, tmp_path: Path, network: Network
) -> Iterator[Ground]:
    """Return a place with nothing in it."""
    made = Ground(
        elasticsearch_url,
        f"heartbeat-test-setup-{secrets.token_hex(4)}",
        tmp_path,
        network,
    )
    yield made
    made.call("DELETE", f"_data_stream/{made.name},{made.kind}-*")
    for path in (
        made.name,
        f"_index_template/{made.name}",
        f"_index_template/{made.side}",
        f"_index_template/{made.kind}",
        f"_component_template/{made.name}",
        f"_ilm/policy/{made.name}",
    ):
        made.call("DELETE", path)


def texts(findings: list[Finding]) -> list[str]:
    """Return the short form of what the steps said."""
    return [finding.text.partition(" (")[0] for finding in findings]


async def test_everything_is_put(ground: Ground) -> None:
    """Policy, template and stream name each other; the monitor's stream is seen to."""
    findings = await ground.set_up()
    (stream,) = ground.call("GET", f"_data_stream/{ground.name}")["data_streams"]
    path = f"_index_template/_simulate_index/{ground.kind}-tcp-other"
    simulated = ground.call("POST", path)["template"]

    assert texts(findings) == ["created"] * 4
    assert (stream["template"], stream["ilm_policy"]) == (ground.name, ground.name)
    assert simulated["mappings"]["properties"] == mappings()["properties"]
    assert simulated["settings"]["index"]["lifecycle"]["name"] == ground.name


@pytest.mark.parametrize("more", ["", RETENTION])
async def test_twice_changes_nothing(ground: Ground, more: str) -> None:
    """Not a version and not a time of change differs after the second time."""
    await ground.set_up(more)
    before = ground.everything()

    findings = await ground.set_up(more)

    assert ground.everything() == before
    assert {"created", "replaced", "set"}.isdisjoint(texts(findings))


async def test_overwriting(ground: Ground) -> None:
    """What is asked for is replaced; the stream stays and is told to roll over."""
    await ground.set_up()
    overwrite = "setup: {ilm.overwrite: true, template.overwrite: true}\n"
    template = "setup.template.settings.index.number_of_shards: 2\n"

    findings = await ground.set_up(overwrite + template)
    found = ground.call("GET", f"_index_template/{ground.name}")["index_templates"]
    policy = ground.call("GET", f"_ilm/policy/{ground.name}")[ground.name]

    assert texts(findings)[:2] == ["replaced", "replaced"]
    assert [finding.text for finding in findings if finding.verdict == "WARN"] == [LATE]
    index = found[0]["index_template"]["template"]["settings"]["index"]
    assert index["number_of_shards"] == "2"
    assert policy["version"] == 2


async def test_lifecycle_of_the_stream(ground: Ground) -> None:
    """With a lifecycle of its own the stream needs no policy; its template sets it."""
    await ground.set_up(RETENTION)
    found = ground.call("GET", f"_index_template/{ground.name}")["index_templates"]
    template = found[0]["index_template"]["template"]

    assert template["lifecycle"]["data_retention"] == "7d"
    assert "lifecycle" not in template["settings"]["index"]
    assert ground.call("GET", f"_ilm/policy/{ground.name}")["status"] == 404


async def test_a_part_of_the_operators_own(ground: Ground) -> None:
    """A component template adds mappings; before it is there it is only missed."""
    component = f"setup.template.component_templates: [{ground.name}]\n"
    first = await ground.set_up(component)
    field = {"properties": {"fields": {"properties": {"cost": {"type": "float"}}}}}
    body = {"template": {"mappings": field}}
    ground.call("PUT", f"_component_template/{ground.name}", body)

    second = await ground.set_up(component)
    path = f"_index_template/_simulate_index/{ground.name}"
    simulated = ground.call("POST", path)["template"]["mappings"]["properties"]

    assert (first[1].verdict, first[1].text) == ("WARN", ABSENT)
    assert (second[1].verdict, second[1].text) == ("OK", "is there")
    assert simulated["fields"]["properties"]["cost"] == {"type": "float"}
    assert simulated["monitor"] == mappings()["properties"]["monitor"]


async def test_a_package_is_left_alone(ground: Ground) -> None:
    """A template with the right mappings does, as that of Fleet's package."""
    span = {"monitor": {"properties": {"timespan": {"type": "date_range"}}}}
    body = {
        "index_patterns": [f"{ground.kind}-tcp-*"],
        "priority": 200,
        "data_stream": {},
        "template": {"mappings": {"properties": span}},
    }
    ground.call("PUT", f"_index_template/{ground.kind}", body)

    findings = await ground.set_up()

    assert findings[-1].text.startswith("another template")
    assert ground.call("GET", f"_index_template/{ground.side}")["status"] == 404


async def test_the_clusters_own_template_does_not_do(ground: Ground) -> None:
    """One that maps no time spans is outranked; a package that comes later wins."""
    body = {
        "index_patterns": [f"{ground.kind}-*-*"],
        "priority": 100,
        "data_stream": {},
        "template": {"mappings": {"dynamic": True}},
    }
    ground.call("PUT", f"_index_template/{ground.kind}", body)

    findings = await ground.set_up()
    template = ground.call("GET", f"_index_template/{ground.side}")
    priority = template["index_templates"][0]["index_template"]["priority"]

    assert findings[-1].text == "created"
    assert 100 < priority < 200


async def test_a_template_of_an_older_version(ground: Ground) -> None:
    """It is replaced without being told to; the stream needs a rollover for it."""
    body = {
        "index_patterns": [f"{ground.kind}-tcp-*"],
        "priority": 150,
        "data_stream": {},
        "template": {"mappings": {"_meta": {"beat": "heartbeat", "version": "9.4.99"}}},
    }
    ground.call("PUT", f"_index_template/{ground.side}", body)
    ground.call("PUT", f"_data_stream/{ground.kind}-tcp-test")

    findings = await ground.set_up()
    rolled = ground.call("POST", f"{ground.kind}-tcp-test/_rollover")
    mapped = ground.call("GET", f"{rolled['new_index']}/_mapping")

    assert findings[-1].text == LATE
    (index,) = mapped.values()
    assert index["mappings"]["properties"] == mappings()["properties"]


async def test_an_index_in_the_way(ground: Ground) -> None:
    """Documents that came before the template have made an index; that is told."""
    ground.call("POST", f"{ground.name}/_doc", {"monitor": {"id": "x"}})

    with pytest.raises(OutputUnavailable, match="an index has that name, made by docu"):
        await ground.set_up()

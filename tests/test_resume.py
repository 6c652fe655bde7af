"""States taken up from Elasticsearch by a process that has none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat import monitors
from heartbeat.assembly import outputs_of
from heartbeat.config import Section
from heartbeat.event import milliseconds
from heartbeat.outputs.base import OutputContext
from heartbeat.outputs.elasticsearch.access import access_of
from heartbeat.outputs.elasticsearch.options import read_options
from heartbeat.resume import (
    PATIENCE,
    STREAMS,
    Resumption,
    distinct,
    indices_of,
    resumption_of,
)
from heartbeat.state import Past
from tests.support.bulk import Bulk, answer, bulk_server, hang_up
from tests.support.clock import START_NS
from tests.support.cluster import refusal
from tests.support.plant import MAIN, Plant, monitor
from tests.support.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.clock import FakeClock

STATE: dict[str, Any] = {
    "status": "down",
    "started_at": "2026-09-21T13:13:20Z",
    "checks": 9,
    "up": 0,
    "flap_history": [],
}


def found(*monitors: str) -> Any:
    """Return the act of answering with a state of each monitor."""
    sources: list[Any] = [
        {
            "@timestamp": milliseconds(START_NS - 10**9),
            "monitor": {"id": name},
            "state": {"id": f"default-19-{number}", **STATE},
        }
        for number, name in enumerate(monitors)
    ]
    return answer({"hits": {"hits": [{"_source": source} for source in sources]}})


@pytest.fixture
async def server() -> AsyncIterator[Bulk]:
    """Return a cluster that has documents of two monitors."""
    async with bulk_server(Bulk(search=found("web", "shop"))) as bulk:
        yield bulk


@pytest.fixture
def plant(tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Return three monitors that are in place and have not run."""
    monkeypatch.setitem(monitors.TABLE, "fake", "tests.support.fake:build")
    plant = Plant(tmp_path, clock)
    text = "".join(monitor(name) for name in ("web", "shop", "new"))
    plant.write("heartbeat.yml", f"{MAIN}heartbeat.monitors:\n{text}")
    plant.start()
    return plant


@pytest.fixture
async def resumption(plant: Plant, server: Bulk) -> Resumption:
    """Return what asks for their past."""
    options = read_options(Section({"hosts": [server.url]}))
    access = access_of(options, plant.network)
    return Resumption(plant.roster, plant.site, access, STREAMS)


def kept(plant: Plant) -> dict[str, str]:
    """Return the ids of the states that were kept."""
    states = plant.journal.states
    return {key: orjson.loads(state)["id"] for key, state in states.items()}


async def through(plant: Plant, resumption: Resumption) -> None:
    """Ask until there is an answer, while time passes."""
    task = asyncio.ensure_future(resumption.run())
    await plant.until(task.done)


async def test_takes_up_what_is_found(
    plant: Plant,
    resumption: Resumption,
    server: Bulk,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """By one question; who is not found begins anew."""
    caplog.set_level("INFO")
    await resumption.run()

    assert kept(plant) == {
        "default/web": "default-19-0",
        "default/shop": "default-19-1",
    }
    assert [request.path for request in server.requests] == [
        "/heartbeat-*,synthetics-*/_search"
    ]
    assert "the states of 2 of 3 monitors were found" in caplog.text


async def test_first_outcomes_wait_until_there_is_an_answer(
    plant: Plant, resumption: Resumption
) -> None:
    """From the start on, and not any longer."""
    until = plant.site.patience.until
    await resumption.run()

    assert until == plant.clock.monotonic() + PATIENCE
    assert plant.site.patience.until == 0.0


async def test_cluster_that_does_not_answer_yet(
    plant: Plant,
    resumption: Resumption,
    server: Bulk,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is asked again, less and less often, and that is said once."""
    busy = refusal(429, "x_exception", "busy")
    acts = [refusal(503, "x_exception", "red"), hang_up, busy, found("web", "shop")]

    async def search(*request: Any) -> None:
        await acts.pop(0)(*request)

    server.search = search
    await through(plant, resumption)

    assert len(kept(plant)) == 2
    assert plant.clock.monotonic() >= 1000.0 + 1 + 2 + 4
    assert caplog.text.count("states cannot be loaded from Elasticsearch yet") == 1


async def test_outcomes_do_not_wait_for_a_second_question(
    plant: Plant, resumption: Resumption, server: Bulk
) -> None:
    """Who does not get an answer at once has to do without."""
    server.is_down = True
    task = asyncio.ensure_future(resumption.run())
    await plant.until(lambda: plant.site.patience.until > 0.0)
    await plant.until(lambda: plant.site.patience.until == 0.0)
    is_asking = not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert is_asking


async def test_missing_privilege_is_said(
    plant: Plant,
    resumption: Resumption,
    server: Bulk,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """There is no use in asking again."""
    server.search = refusal(403, "security_exception", "action [read] is unauthorized")
    await resumption.run()

    assert kept(plant) == {}
    assert "states are not loaded from Elasticsearch" in caplog.text
    assert "action [read] is unauthorized" in caplog.text


async def test_fault_of_our_own_stops_nothing(
    plant: Plant,
    resumption: Resumption,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Monitors run on with states that begin anew."""
    monkeypatch.setattr(resumption, "_take_up", None)
    await resumption.run()

    assert kept(plant) == {}
    assert "they begin anew" in caplog.text


async def test_monitor_replaced_meanwhile(plant: Plant, resumption: Resumption) -> None:
    """Whoever runs it by now gets its past."""
    text = monitor("web", ", name: Changed")
    plant.write("heartbeat.yml", f"{MAIN}heartbeat.monitors:\n{text}")
    await plant.swap()
    await resumption.run()
    (runner,) = plant.roster.runners

    assert kept(plant) == {"default/web": "default-19-0"}
    assert not runner.is_new


async def test_documents_that_look_like_anothers(plant: Plant) -> None:
    """Whose they are nobody can tell: both monitors begin anew."""
    first, second, _ = plant.roster.runners
    second.monitor_id = first.monitor_id
    found_by = distinct(plant.roster.runners)

    assert list(found_by) == ["new"]


class TestWhether:
    """Whether there is anything to ask for."""

    OUTPUT = "output.elasticsearch.hosts: [a]\n"

    @staticmethod
    def asked(plant: Plant, text: str) -> bool:
        """Return whether the process would ask."""
        settings = settings_of(plant.home, text)
        outputs = outputs_of(settings, OutputContext(plant.network))
        return resumption_of(settings, plant.roster, plant.site, outputs) is not None

    async def test_by_default(self, plant: Plant) -> None:
        """A process without states that writes to Elasticsearch."""
        assert self.asked(plant, self.OUTPUT)

    @pytest.mark.parametrize(
        "text",
        [
            "output.console.enabled: true\n",
            f"{OUTPUT}heartbeat.load_states: false\n",
        ],
    )
    async def test_not_without_it(self, plant: Plant, text: str) -> None:
        """Another output has no memory, and an operator may not want it."""
        assert not self.asked(plant, text)

    async def test_not_with_a_store(self, plant: Plant) -> None:
        """What the store knows is newer than any document."""
        plant.roster.runners[0].recall(Past("x", "up", 1, 1, 1, 1))

        assert not self.asked(plant, self.OUTPUT)


@pytest.mark.parametrize(
    ("index", "more", "expected"),
    [
        ("", "", []),
        ("heartbeat-9", "", ["heartbeat-9"]),
        ("up-%{[agent.version]}-%{+yyyy.MM.dd}", "", ["up-*-*"]),
        ("%{[fields.index]}", "", []),
        ("", "index: 'mine-%{+yyyy}'", ["mine-*"]),
        ("", "data_stream.namespace: prod", ["synthetics-tcp-prod"]),
    ],
)
def test_where_documents_may_be(
    tmp_path: Path, index: str, more: str, expected: list[str]
) -> None:
    """Where the reference looks, and where this process writes."""
    text = f"output.elasticsearch: {{hosts: [a], index: '{index}'}}\n"
    entry = "- type: tcp\n  schedule: '@every 1s'\n  hosts: ['a:1']\n"
    if more:
        entry += f"  {more}\n"
    settings = settings_of(tmp_path, f"{text}heartbeat.monitors:\n{entry}")

    assert indices_of(settings) == [*STREAMS, *expected]

"""Names of indices and pipelines, and the rules that choose them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat import COMPATIBLE_VERSION
from heartbeat.config import Section
from heartbeat.errors import ConfigError
from heartbeat.net import Network
from heartbeat.outputs.base import OutputContext
from heartbeat.outputs.elasticsearch import build
from heartbeat.outputs.elasticsearch.index import NO_INDEX, destination_of
from tests.support.clock import FakeClock
from tests.support.records import ids, numbered, record

if TYPE_CHECKING:
    from heartbeat.event import Record
    from heartbeat.outputs.elasticsearch.output import ElasticsearchOutput
    from tests.support.bulk import Bulk

SEPTEMBER_21 = 1_790_000_000_000_000_000


def is_monitor(number: int) -> dict[str, Any]:
    """Return the condition that it is this record."""
    return {"equals": {"monitor.id": f"m{number}"}}


def place_of(one: Record, **options: Any) -> tuple[str | None, str | None]:
    """Return index and pipeline of a record."""
    placed, lost = destination_of(Section(options)).place([one])
    routing = placed[0].routing if placed else lost[0].record.routing
    return routing.index, routing.pipeline


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Web", "web"),
        ("", f"heartbeat-{COMPATIBLE_VERSION}"),
        ("a-%{[agent.version]}", f"a-{COMPATIBLE_VERSION}"),
        ("A-%{[beat.version]}-%{+yyyy.MM.dd}", f"a-{COMPATIBLE_VERSION}-2026.09.21"),
        ("a-%{+MMM}", "a-sep"),
    ],
)
def test_names(text: str, name: str) -> None:
    """The version and the date of the event are filled in, all in lower case."""
    destination = destination_of(Section({"index": text}))

    assert destination.index.at(SEPTEMBER_21) == name
    assert not destination.needs_fields


@pytest.mark.parametrize("option", ["index", "pipeline"])
@pytest.mark.parametrize("text", ["a-%{", "a-%{+qq}"])
def test_texts_that_cannot_be_read(option: str, text: str) -> None:
    """They are a fault of the configuration, with its place."""
    section = Section({"hosts": "es", option: text})

    with pytest.raises(ConfigError, match=f"accessing '{option}'"):
        build(section, OutputContext(Network(FakeClock())))


@pytest.mark.parametrize(
    ("options", "index"),
    [
        ({"index": "X-%{[monitor.id]}"}, "x-m1"),
        ({"indices": [{"index": "Own", "when": is_monitor(1)}]}, "own"),
        (
            {"indices": [{"index": "own", "when": is_monitor(2)}]},
            f"heartbeat-{COMPATIBLE_VERSION}",
        ),
        (
            {"index": "rest", "indices": [{"index": "own", "when": is_monitor(2)}]},
            "rest",
        ),
        ({"indices": [{"index": "a-%{[none]}"}, {"index": "%{[monitor.id]}"}]}, "m1"),
        (
            {"indices": [{"index": "%{[shout]}", "mappings": {"Loud": "Hall"}}]},
            "hall",
        ),
        (
            {
                "indices": [
                    {
                        "index": "%{[monitor.id]}",
                        "mappings": {"m2": "two"},
                        "default": "Others",
                    }
                ]
            },
            "others",
        ),
        ({"index": "%{[missing]}"}, ""),
    ],
)
def test_rules_choose_the_index(options: dict[str, Any], index: str) -> None:
    """The first that gives anything, the plain option behind them, in lower case."""
    body = orjson.dumps({"monitor": {"id": "m1"}, "shout": "LOUD"})

    assert place_of(replace(record(1), body=body), **options)[0] == index


@pytest.mark.parametrize(
    ("asked", "options", "pipeline"),
    [
        (None, {"pipeline": "P-%{[monitor.id]}"}, "p-m1"),
        (None, {"pipelines": [{"pipeline": "geo", "when": is_monitor(1)}]}, "geo"),
        (None, {"pipelines": [{"pipeline": "geo", "when": is_monitor(2)}]}, ""),
        ("own", {"pipelines": [{"pipeline": "geo", "when": is_monitor(1)}]}, "own"),
        ("", {"pipelines": [{"pipeline": "geo", "when": is_monitor(1)}]}, ""),
    ],
)
def test_rules_choose_the_pipeline(
    asked: str | None, options: dict[str, Any], pipeline: str
) -> None:
    """Where the monitor has not asked for one, or for none."""
    assert place_of(record(1, pipeline=asked), **options)[1] == pipeline


def test_the_monitor_decides_before_the_rules() -> None:
    """Its own index counts."""
    options = {"indices": [{"index": "rule", "when": is_monitor(1)}]}

    assert place_of(record(1, index="own"), **options)[0] == "own"


async def test_events_travel_to_their_places(connected: Any, bulk: Bulk) -> None:
    """One request holds events for several indices, with and without a pipeline."""
    output: ElasticsearchOutput = await connected(
        indices=[{"index": "one", "when": is_monitor(1)}, {"index": "%{[monitor.id]}"}],
        pipelines=[{"pipeline": "geo", "when": is_monitor(2)}],
    )

    delivery = await output.publish(numbered(1, 2))

    assert delivery.accepted == 2
    assert bulk.bulks[0].actions == [
        {"_index": "one", "_id": "id-1"},
        {"_index": "m2", "pipeline": "geo", "_id": "id-2"},
    ]


async def test_events_without_an_index_are_rejected(connected: Any, bulk: Bulk) -> None:
    """The others are sent."""
    rules = [{"index": "one", "when": is_monitor(1)}]
    output: ElasticsearchOutput = await connected(indices=rules, index="%{[none]}")
    batch = numbered(1, 3)

    delivery = await output.publish(batch)

    assert [one.ids for one in bulk.bulks] == [["id-1"]]
    assert delivery.accepted == 1
    assert ids([one.record for one in delivery.rejected]) == ["id-2", "id-3"]
    assert {one.reason for one in delivery.rejected} == {NO_INDEX}


async def test_a_batch_without_any_index(connected: Any, bulk: Bulk) -> None:
    """Nothing is sent then."""
    output: ElasticsearchOutput = await connected(index="%{[none]}")

    delivery = await output.publish(numbered(1, 2))

    assert (delivery.accepted, len(delivery.rejected), bulk.bulks) == (0, 2, [])

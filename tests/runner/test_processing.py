"""Documents on their way through processors."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat.announce import INTERVAL
from heartbeat.assembly import BUILD
from heartbeat.processors.chain import Chain, Step
from heartbeat.schedule import Tick
from tests.support.clock import START_NS
from tests.support.processors import chain
from tests.support.stage import DOWN, UP

# pyright: reportPrivateUsage=false

if TYPE_CHECKING:
    from heartbeat.event import Event, Fields
    from tests.support.stage import Stage


def add(**fields: Any) -> dict[str, Any]:
    """Return a processor that puts members to the top."""
    return {"add_fields": {"target": "", "fields": fields}}


async def document(stage: Stage, **options: Any) -> Fields:
    """Return the only document of a run."""
    (found,) = await stage.run(stage.runner([UP], **options))
    return found


async def test_own_come_first(stage: Stage) -> None:
    """Those of the process see what those of the monitor have made."""
    stage.own = chain(add(a="own"))
    stage.processors = chain({"copy_fields": {"fields": [{"from": "a", "to": "b"}]}})

    found = await document(stage)

    assert (found["a"], found["b"]) == ("own", "own")


async def test_own_do_not_see_the_process(stage: Stage) -> None:
    """`agent` and `ecs` come after them, and do not overwrite what they have set."""
    copy = {"copy_fields": {"fields": [{"from": "agent.id", "to": "seen"}]}}
    stage.own = chain(copy, add(agent={"id": "mine"}, ecs="none"))
    stage.processors = chain(
        {"rename": {"fields": [{"from": "agent.type", "to": "t"}]}}
    )

    found = await document(stage)

    assert "seen" not in found
    assert found["agent"] == {
        "build": {"original": BUILD},
        "ephemeral_id": "e",
        "id": "mine",
        "name": "probe-1",
        "version": "9.6.0",
    }
    assert (found["ecs"], found["t"]) == ("none", "heartbeat")


async def test_tags_and_fields_come_before(stage: Stage) -> None:
    """Processors see what every document has."""
    stage.own = chain(
        {"add_tags": {"tags": "z"}}, {"drop_fields": {"fields": "fields.a"}}
    )

    found = await document(stage, tags=("x",), fields={"a": 1, "b": 2})

    assert (found["tags"], found["fields"]) == (["x", "z"], {"b": 2})


async def test_shared_parts_stay(stage: Stage) -> None:
    """What all documents of a monitor share is not written into."""
    written = [
        {"add_tags": {"tags": "z"}},
        add(agent={"id": "other"}, url={"x": 1}, fields={"c": 1}),
        {"drop_fields": {"fields": ["url.port", "monitor.type"]}},
        {"append": {"target_field": "state.flap_history", "values": [1]}},
        {
            "script": {
                "lang": "js",
                "source": "function process(e) {e.Put('ecs.v', 1);}",
            }
        },
    ]
    stage.own, stage.processors = chain(*written), chain(*written)
    runner = stage.runner([UP], [UP], tags=("x",), fields={"a": 1})
    shared = deepcopy(runner._writer._template._constants)

    (first,) = await stage.run(runner)
    (second,) = await stage.run(runner, Tick(START_NS + 10**10))

    assert shared == runner._writer._template._constants
    assert first["tags"] == second["tags"] == ["x", "z", "z"]


async def test_routing(stage: Stage) -> None:
    """Processors can say where a document goes."""
    stage.own = chain(
        {"add_formatted_index": {"index": "mine"}},
        {"add_fields": {"target": "@metadata", "fields": {"pipeline": "p", "x": 1}}},
    )
    await document(stage)

    routing = stage.journal.records[0].routing
    assert (routing.index, routing.pipeline, routing.extra) == ("mine", "p", {"x": 1})


async def test_dropped_documents_leave_their_state(stage: Stage) -> None:
    """The state goes on, and is kept, without the document; the drop is counted."""
    stage.processors = chain({"drop_event": {"when.equals": {"monitor.status": "up"}}})
    runner = stage.runner([UP], [DOWN])

    assert await stage.run(runner) == []
    assert stage.journal.appends == [0]
    assert stage.site.counts.filtered == 1
    (state,) = stage.journal.states.values()
    assert orjson.loads(state)["status"] == "up"

    (down,) = await stage.run(runner, Tick(START_NS + 10**10))
    assert down["state"]["ends"]["status"] == "up"


async def test_only_some_of_an_attempt(stage: Stage) -> None:
    """Each document goes its own way."""
    stage.own = chain({"drop_event": {"when.not.has_fields": "summary"}})

    (found,) = await stage.run(stage.runner([UP, UP, UP]))

    assert "summary" in found
    assert stage.site.counts.filtered == 2


async def test_empty_documents(stage: Stage) -> None:
    """A document of which nothing is left is dropped, too."""
    stage.processors = chain({"include_fields": {"fields": []}})

    assert await stage.run(stage.runner([UP])) == []
    assert stage.site.counts.filtered == 1


async def test_lost_documents(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """An error tells of the first at once, of those behind once a minute."""
    stage.own = chain({"fingerprint": {"fields": ["nope"]}})
    runner = stage.runner([UP], [UP, UP], [UP])
    reason = (
        "Failed to publish event: failed to compute fingerprint: failed to find field"
        " [nope] in event: key not found"
    )

    for place in range(3):
        assert await stage.run(runner, Tick(START_NS + place * 10**10)) == []
    assert [("ERROR", reason)] == [(r.levelname, r.message) for r in caplog.records]
    await stage.clock.advance(INTERVAL)

    assert caplog.records[1].message == f"{reason} (3 events)"
    assert stage.site.counts.filtered == 4
    assert stage.journal.states


def test_without_processors(stage: Stage) -> None:
    """Documents without any take no way round."""
    stage.runners([])

    assert stage.site.processing(Chain()) is None


async def test_cancelled_while_a_processor_waits(stage: Stage) -> None:
    """The document and its state are kept together before the run ends."""
    entered = asyncio.Event()

    class Waiting:
        async def process(self, event: Event) -> Event:
            entered.set()
            await asyncio.get_running_loop().create_future()
            return event

    stage.own = Chain([Step.of("dns", Waiting(), None), *chain(add(a=1))])
    runner = stage.runner([UP])
    task = asyncio.create_task(runner.run(Tick(START_NS), stage.pause))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    (found,) = stage.journal.documents
    assert found["a"] == 1
    assert len(stage.journal.states) == 1

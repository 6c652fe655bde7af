"""Events whose answer got lost are looked for before they are sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat.errors import OutputUnavailable
from tests.support.bulk import answer, break_off
from tests.support.records import ids, numbered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from heartbeat.outputs.elasticsearch.output import ElasticsearchOutput
    from tests.support.bulk import Bulk
    from tests.support.clock import FakeClock

    Connected = Callable[..., Awaitable[ElasticsearchOutput]]


def searches(bulk: Bulk) -> list[list[str]]:
    """Return the ids of each search."""
    return [
        orjson.loads(one.body)["query"]["ids"]["values"]
        for one in bulk.requests
        if one.path.endswith("/_search")
    ]


def hits(*found: str) -> dict[str, Any]:
    """Return the answer of a search."""
    return {"hits": {"hits": [{"_id": one} for one in found]}}


async def test_what_is_found_is_not_sent_again(
    connected: Connected, bulk: Bulk, clock: FakeClock
) -> None:
    """An earlier process may have sent old events; they count as duplicates."""
    output = await connected()
    await clock.advance(61)
    bulk.search = answer(hits("id-1", "id-3"))

    delivery = await output.publish(numbered(1, 3))

    assert (delivery.accepted, delivery.duplicates) == (3, 2)
    assert bulk.bulks[0].ids == ["id-2"]
    (search,) = (one for one in bulk.requests if one.path.endswith("/_search"))
    assert search.path == "/heartbeat-9.5.0/_search"
    assert searches(bulk) == [["id-1", "id-2", "id-3"]]


async def test_all_may_be_there(
    connected: Connected, bulk: Bulk, clock: FakeClock
) -> None:
    """Then there is nothing to send."""
    output = await connected()
    await clock.advance(61)
    bulk.search = answer(hits("id-1", "id-2"))

    delivery = await output.publish(numbered(1, 2))

    assert (delivery.accepted, delivery.duplicates, bulk.bulks) == (2, 2, [])


async def test_young_events_are_not_looked_for(
    connected: Connected, bulk: Bulk
) -> None:
    """No index ends twice a minute: the cluster refuses them by their id."""
    output = await connected()
    await output.publish(numbered(1, 2))

    assert searches(bulk) == []


async def test_only_the_first_and_those_in_doubt(
    connected: Connected, bulk: Bulk, clock: FakeClock
) -> None:
    """A long backlog is not looked for: nobody has ever sent it."""
    output = await connected(bulk_max_size=2, worker=1)
    await clock.advance(61)
    bulk.search = answer({})
    await output.publish(numbered(1, 2))
    await output.publish(numbered(3, 4))
    bulk.script.append(break_off)
    with pytest.raises(OutputUnavailable):
        await output.publish(numbered(5, 6))
    await output.publish(numbered(5, 7))
    await output.publish(numbered(5, 7))

    assert searches(bulk) == [["id-1", "id-2"], ["id-5", "id-6"]]
    assert [place[1] for place in bulk.taken] == ids(numbered(1, 7))


async def test_what_was_found_stays_in_doubt_until_the_rest_is_sent(
    connected: Connected, bulk: Bulk, clock: FakeClock
) -> None:
    """The whole batch comes again, so all of it is looked for again."""
    output = await connected()
    await clock.advance(61)
    bulk.search = answer(hits("id-1"))
    bulk.script.append(break_off)
    with pytest.raises(OutputUnavailable):
        await output.publish(numbered(1, 2))
    await output.publish(numbered(1, 2))

    assert searches(bulk) == [["id-1", "id-2"]] * 2
    assert [one.ids for one in bulk.bulks] == [["id-2"]] * 2


async def test_many_are_looked_for_in_several_searches(
    connected: Connected, bulk: Bulk, clock: FakeClock
) -> None:
    """A server gives only so many hits at once."""
    output = await connected()
    await clock.advance(61)
    bulk.search = answer({})
    await output.publish(numbered(1, 1500))

    assert [len(one) for one in searches(bulk)] == [1000, 500]


async def test_without_the_privilege_events_are_sent(
    connected: Connected, bulk: Bulk, clock: FakeClock
) -> None:
    """Who may only write goes on writing."""
    output = await connected()
    await clock.advance(61)
    bulk.search = answer({"error": "not allowed"}, status=403)

    assert (await output.publish(numbered(1, 2))).accepted == 2


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_server_is_asked_again(
    connected: Connected, bulk: Bulk, clock: FakeClock, status: int
) -> None:
    """Nothing is sent while it cannot be known what is there."""
    output = await connected()
    await clock.advance(61)
    bulk.search = answer({"error": "busy"}, status=status)

    with pytest.raises(OutputUnavailable):
        await output.publish(numbered(1, 2))
    assert bulk.bulks == []

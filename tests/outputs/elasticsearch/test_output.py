"""Batches against a cluster that takes, refuses, is busy, lies or goes away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat import COMPATIBLE_VERSION
from heartbeat.errors import OutputUnavailable
from heartbeat.outputs.base import Delivery, Rejection
from tests.outputs.contract import RejectingContract
from tests.support.bulk import (
    Bulk,
    answer,
    break_off,
    close,
    fault,
    hang,
    hang_up,
    items,
)
from tests.support.records import ids, numbered, unfit

if TYPE_CHECKING:
    from heartbeat.outputs.elasticsearch.output import ElasticsearchOutput

BUSY = fault(429, "es_rejected_execution_exception", "rejected execution of x [a=1]")
BAD_DATE = fault(400, "document_parsing_exception", "[1:2] failed to parse")
STREAM = f"heartbeat-{COMPATIBLE_VERSION}"
DEAD = {"dead_letter_index": {"index": "Dead"}}


class ElasticsearchRig:
    """An output and a fake cluster that resets connections while it is broken."""

    def __init__(self, output: ElasticsearchOutput, bulk: Bulk) -> None:
        self.output = output
        self.is_closed = False
        self.unfit = unfit(a="b")
        self._bulk = bulk
        bulk.refused = frozenset(("unfit",))

    async def received(self) -> list[str]:
        """Return the ids that were taken."""
        return [taken for _, taken in self._bulk.taken]

    async def fail(self) -> None:
        """Let every request end in a reset."""
        self._bulk.is_down = True

    async def recover(self) -> None:
        """Let requests be answered again."""
        self._bulk.is_down = False


class TestContract(RejectingContract):
    """What every output keeps."""

    @pytest.fixture
    async def rig(self, make: Any, bulk: Bulk) -> ElasticsearchRig:
        """Return an output on a fake cluster."""
        return ElasticsearchRig(make(bulk.url), bulk)


async def test_a_batch_is_one_request(connected: Any, bulk: Bulk) -> None:
    """All events travel together, as they are, with their ids."""
    output = await connected()
    batch = numbered(1, 3)

    delivery = await output.publish(batch)

    (request,) = bulk.bulks
    assert delivery == Delivery(3, [], [])
    assert request.ids == ids(batch)
    assert request.documents == [one.body for one in batch]
    assert request.actions[0] == {"_index": STREAM, "_id": "id-1"}


async def test_a_repeated_event_counts_as_taken(connected: Any) -> None:
    """409 means that Elasticsearch has the event already."""
    output = await connected()
    await output.publish(numbered(1, 2))

    assert await output.publish(numbered(1, 3)) == Delivery(3, [], [], duplicates=2)


async def test_each_event_has_its_own_verdict(connected: Any, bulk: Bulk) -> None:
    """Taken, known, busy, broken and wrong in one answer."""
    output = await connected()
    broken = fault(503, "unavailable_shards_exception", "primary is not active")
    bulk.script.append(items(201, 409, BUSY, broken, BAD_DATE))
    batch = numbered(1, 5)

    delivery = await output.publish(batch)

    reason = "400 document_parsing_exception: [1:2] failed to parse"
    assert delivery == Delivery(
        2,
        batch[2:4],
        [Rejection(batch[4], reason, "400 document_parsing_exception")],
        duplicates=1,
        cause="429 es_rejected_execution_exception: rejected execution of x",
    )


async def test_a_missing_privilege_is_no_fault_of_the_event(
    connected: Any, bulk: Bulk
) -> None:
    """Events wait until someone has granted what is missing."""
    output = await connected()
    reason = "action [indices:admin/auto_create] is unauthorized"
    bulk.script.append(items(fault(403, "security_exception", reason)))
    batch = numbered(1, 1)

    delivery = await output.publish(batch)

    cause = f"not permitted (403), check the privileges: {reason}"
    assert delivery == Delivery(0, batch, [], cause=cause)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (answer({}, status=500), "URL: answered 500"),
        (
            answer({"error": {"reason": "queue"}}, status=429),
            "URL: the cluster is busy (429): queue",
        ),
        (
            answer(b"<html>", status=502, content_type="text/html"),
            "URL: a proxy before the cluster cannot reach it (502)",
        ),
        (
            answer({"message": "no"}, status=401),
            "URL: authentication failed (401): check username/password or api_key: no",
        ),
        (
            answer(b"", status=302, location="https://es"),
            "URL: redirects (302) to https://es: write that address into hosts",
        ),
        (
            answer(b"<html>login", content_type="text/html; charset=utf-8"),
            (
                "URL: answered a bulk request with 200 and text/html: is something"
                " between us and Elasticsearch?"
            ),
        ),
        (
            answer(b"", status=204, content_type=""),
            (
                "URL: answered a bulk request with 204 and something without a content"
                " type: is something between us and Elasticsearch?"
            ),
        ),
        (
            answer(b'{"errors":false,"items":['),
            (
                "URL: the answer to a bulk request cannot be read:"
                """ '{"errors":false,"items":['"""
            ),
        ),
        (
            answer(b"x", content_type="image/png"),
            "URL: the answer is neither JSON nor text",
        ),
        (break_off, "URL: the answer broke off"),
        (close, r"URL: closed the connection without an answer .*https.*"),
        (hang_up, "URL: .*connection.*"),
    ],
)
async def test_a_request_without_a_verdict_is_to_be_repeated(
    connected: Any, bulk: Bulk, act: Any, words: str
) -> None:
    """The whole batch comes again, and the operator reads why."""
    output = await connected()
    bulk.script.append(act)

    with pytest.raises(OutputUnavailable) as caught:
        await output.publish(numbered(1, 2))

    text = str(caught.value).replace(bulk.url, "URL")
    assert text == words or re.fullmatch(words, text)


async def test_a_slow_answer_is_given_up(connected: Any, bulk: Bulk) -> None:
    """A request has its time limit, whatever the server does with it."""
    output = await connected(timeout="20ms")
    bulk.script.append(hang)

    with pytest.raises(OutputUnavailable) as caught:
        await output.publish(numbered(1, 1))

    assert str(caught.value) == f"{bulk.url}: no answer within 0.02s"


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("17", 17.0),
        ("Mon, 21 Sep 2026 14:13:50 GMT", 30.0),
        ("Mon, 21 Sep 2020 14:13:50 GMT", 0.0),
        ("soon", 0.0),
    ],
)
async def test_the_cluster_can_ask_for_patience(
    connected: Any, bulk: Bulk, told: str, seconds: float
) -> None:
    """Retry-After reaches the worker, as seconds or as a date."""
    output = await connected()
    bulk.script.append(answer({}, status=429, retry_after=told))

    with pytest.raises(OutputUnavailable) as caught:
        await output.publish(numbered(1, 1))

    assert caught.value.retry_after == seconds


async def test_a_large_batch_is_sent_in_parts(connected: Any, bulk: Bulk) -> None:
    """No request is larger than bulk_max_bytes, unless one event is."""
    output = await connected(bulk_max_bytes=500)

    delivery = await output.publish(numbered(1, 5))

    assert delivery == Delivery(5, [], [])
    assert [request.ids for request in bulk.bulks] == [
        ["id-1", "id-2"],
        ["id-3", "id-4"],
        ["id-5"],
    ]


async def test_what_the_server_finds_too_large_is_halved(
    connected: Any, bulk: Bulk
) -> None:
    """After 413 the halves are sent, in order; an event alone is rejected."""
    output = await connected()
    too_large = answer(b"", status=413)
    bulk.script += [too_large, too_large, too_large]
    batch = numbered(1, 4)

    delivery = await output.publish(batch)

    reason = f"413: {len(batch[0].body)} bytes are more than the server takes"
    assert delivery == Delivery(3, [], [Rejection(batch[0], reason, "413")])
    assert [request.ids for request in bulk.bulks] == [
        ["id-1", "id-2", "id-3", "id-4"],
        ["id-1", "id-2"],
        ["id-1"],
        ["id-2"],
        ["id-3", "id-4"],
    ]


async def test_parts_that_were_taken_are_not_sent_again(
    connected: Any, bulk: Bulk
) -> None:
    """If the cluster goes away between parts, only the rest is to be repeated."""
    output = await connected(bulk_max_bytes=500)
    bulk.script += [items(201, 201), answer({}, status=429, retry_after="9")]
    batch = numbered(1, 5)

    delivery = await output.publish(batch)

    assert delivery == Delivery(
        2,
        batch[2:],
        [],
        cause=f"{bulk.url}: the cluster is busy (429)",
        retry_after=9.0,
    )


async def test_events_the_answer_leaves_out_are_repeated(
    connected: Any, bulk: Bulk
) -> None:
    """What has no item has no verdict."""
    output = await connected()
    bulk.script.append(items(201))
    batch = numbered(1, 3)

    delivery = await output.publish(batch)

    cause = "the answer names only some events"
    assert delivery == Delivery(1, batch[1:], [], cause=cause)


async def test_a_rejected_event_can_go_to_another_index(
    connected: Any, bulk: Bulk
) -> None:
    """The dead-letter index gets the event as text, under the same id."""
    output = await connected(non_indexable_policy=DEAD, pipeline="p")
    bulk.script.append(items(201, BAD_DATE))
    batch = numbered(1, 2)

    delivery = await output.publish(batch)

    letter = bulk.bulks[1]
    assert delivery == Delivery(2, [], [])
    assert letter.actions == [{"_index": "dead", "_id": "id-2"}]
    assert orjson.loads(letter.documents[0]) == {
        "@timestamp": "2026-09-21T14:13:20.000000002Z",
        "error.message": orjson.dumps(BAD_DATE["error"]).decode(),
        "error.type": 400,
        "message": batch[1].body.decode(),
    }


async def test_dead_letters_have_verdicts_too(connected: Any, bulk: Bulk) -> None:
    """What that index does not take is repeated or rejected as the event it was."""
    output = await connected(non_indexable_policy=DEAD)
    bulk.script += [items(BAD_DATE, BAD_DATE, BAD_DATE), items(409, BUSY, BAD_DATE)]
    batch = numbered(1, 3)

    delivery = await output.publish(batch)

    words = "400 document_parsing_exception: [1:2] failed to parse"
    reason = f"{words}; and the dead-letter index: {words}"
    kind = "400 document_parsing_exception"
    assert delivery == Delivery(
        1,
        [batch[1]],
        [Rejection(batch[2], reason, kind)],
        duplicates=1,
        cause="429 es_rejected_execution_exception: rejected execution of x",
    )


async def test_dead_letters_wait_for_their_index(connected: Any, bulk: Bulk) -> None:
    """If the cluster goes away before they are sent, the events are repeated."""
    output = await connected(non_indexable_policy=DEAD)
    bulk.script += [items(201, BAD_DATE), answer({}, status=500)]
    batch = numbered(1, 2)

    delivery = await output.publish(batch)

    assert delivery == Delivery(1, batch[1:], [], cause=f"{bulk.url}: answered 500")


async def test_publishing_needs_a_connection(make: Any, bulk: Bulk) -> None:
    """Without connect nothing is sent."""
    with pytest.raises(OutputUnavailable, match="not connected"):
        await make(bulk.url).publish(numbered(1, 1))

"""A bulk exchange that breaks off, wherever it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from heartbeat.errors import OutputUnavailable
from tests.support.bulk import answer
from tests.support.cutting import wire_to
from tests.support.records import numbered

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Awaitable, Callable

    from heartbeat.outputs.elasticsearch.output import ElasticsearchOutput
    from tests.support.bulk import Act, Bulk, Request
    from tests.support.cutting import Wire

RECORDS = 2


@pytest.fixture
async def wire(bulk: Bulk) -> AsyncIterator[Wire]:
    """Return a wire to the fake cluster."""
    async with wire_to(urlsplit(bulk.url).port or 0) as made:
        yield made


@pytest.mark.slow
async def test_each_event_is_taken_once_wherever_the_wire_is_cut(
    make: Callable[..., ElasticsearchOutput], bulk: Bulk, wire: Wire
) -> None:
    """At every byte of request and answer: said to be unsure, and safe to repeat."""
    batch = numbered(1, RECORDS)
    output = make(f"http://127.0.0.1:{wire.port}", compression_level=0)
    await output.connect()
    before = wire.passed
    await output.publish(batch)
    length = wire.passed - before
    expected = [record.routing.id for record in batch]

    for position in range(1, length):
        bulk.taken.clear()
        wire.cuts.append(wire.passed + position)
        with pytest.raises(OutputUnavailable):
            await output.publish(batch)
        delivery = await output.publish(batch)

        assert (delivery.accepted, len(delivery.retry)) == (RECORDS, 0)
        assert [one for _, one in bulk.taken] == expected


def slowly(content: bytes) -> Act:
    """Return the act of answering in chunks of one byte, each sent by itself."""

    async def act(
        _request: Request, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        for number in range(len(content)):
            writer.write(b"1\r\n%b\r\n" % content[number : number + 1])
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    return act


async def test_an_answer_in_small_pieces_is_read(
    connected: Callable[..., Awaitable[ElasticsearchOutput]], bulk: Bulk
) -> None:
    """How an answer is cut up on its way does not count."""
    output = await connected()
    bulk.script.append(
        slowly(
            b'{"errors":true,"items":[{"create":{"status":201}},'
            b'{"create":{"status":429,"error":{"type":"busy"}}}]}'
        )
    )

    batch = numbered(1, 2)
    delivery = await output.publish(batch)

    assert (delivery.accepted, delivery.retry) == (1, [batch[1]])


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_no_answer(
    connected: Callable[..., Awaitable[ElasticsearchOutput]], bulk: Bulk, status: int
) -> None:
    """Events do not go where nobody configured them to go; they wait."""
    output = await connected()
    told: dict[str, Any] = {"location": f"{bulk.url}/elsewhere/_bulk"}
    bulk.script.append(answer(b"", status=status, **told))

    with pytest.raises(OutputUnavailable, match=str(status)):
        await output.publish(numbered(1, 1))
    assert [one.path for one in bulk.bulks] == ["/_bulk"]

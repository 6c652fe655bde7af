"""Request bodies: action lines, sizes, compression."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.config import Section
from heartbeat.deflate import decompress
from heartbeat.event import Record, Routing
from heartbeat.outputs.elasticsearch.answer import Item, Refusal
from heartbeat.outputs.elasticsearch.bulk import (
    INLINE_BYTES,
    Encoder,
    cut,
    dead_letter,
    size,
)
from heartbeat.outputs.elasticsearch.index import destination_of
from tests.support.records import ids, numbered, record, records


def encoder(
    index: str = "idx", pipeline: str = "", *, level: int = 0, escapes: bool = False
) -> Encoder:
    """Return an encoder."""
    section = Section({"index": index, "pipeline": pipeline})
    return Encoder(destination_of(section), level=level, escapes_html=escapes)


def action(of: Encoder, one: Record) -> object:
    """Return what the action line of a record says."""
    return orjson.loads(of.lines([one]).splitlines()[0])


@pytest.mark.parametrize(
    ("index", "pipeline", "expected"),
    [
        (None, None, {"_index": "idx", "pipeline": "pipe", "_id": "id-1"}),
        ("Own", None, {"_index": "own", "pipeline": "pipe", "_id": "id-1"}),
        (None, "Own", {"_index": "idx", "pipeline": "own", "_id": "id-1"}),
        (None, "", {"_index": "idx", "_id": "id-1"}),
    ],
)
def test_the_monitor_decides_before_the_output(
    index: str | None, pipeline: str | None, expected: dict[str, str]
) -> None:
    """Its index and pipeline come first, all in lower case."""
    made = encoder("Idx", "Pipe")

    found = action(made, record(1, index=index, pipeline=pipeline))

    assert found == {"create": expected}


@pytest.mark.parametrize(
    ("extra", "expected"),
    [({"index": "There"}, "there"), ({"index": ""}, "own"), ({"x": 1}, "own")],
)
def test_a_processor_decides_before_the_monitor(
    extra: dict[str, object], expected: str
) -> None:
    """`@metadata.index` comes before the index of the monitor."""
    one = replace(record(1), routing=Routing("id-1", "own", extra=extra))
    made = encoder()

    assert action(made, one) == {"create": {"_index": expected, "_id": "id-1"}}
    assert made.index_of(one) == expected


def test_the_index_can_depend_on_the_day() -> None:
    """Each event goes where its own time says."""
    made = encoder("x-%{[agent.version]}-%{+yyyy.MM.dd}")
    one = record(1)
    later = replace(one, timestamp=one.timestamp + 86_400_000_000_000)

    lines = made.lines([one, later]).splitlines()[::2]

    assert [orjson.loads(line)["create"]["_index"] for line in lines] == [
        "x-9.5.0-2026.09.21",
        "x-9.5.0-2026.09.22",
    ]
    assert made.index_of(one) == "x-9.5.0-2026.09.21"


def test_ids_are_quoted() -> None:
    """Whatever an id holds, the line stays JSON."""
    odd = replace(record(1), routing=Routing('a"b\n'))

    assert action(encoder(), odd) == {"create": {"_index": "idx", "_id": 'a"b\n'}}


def test_html_is_escaped_on_demand() -> None:
    """Angle brackets and ampersands, in documents only."""
    one = replace(record(1), body=b'{"a":"<&>"}')

    document = encoder(escapes=True).lines([one]).splitlines()[1]

    assert document == rb'{"a":"\u003c\u0026\u003e"}'


@pytest.mark.parametrize("count", [1, 1 + INLINE_BYTES // 200])
async def test_compressed_bodies_say_so(count: int) -> None:
    """Small or large, a packed body holds the same lines and tells their size."""
    made = encoder(level=1)
    batch = records(count)

    body = await made.body(batch)

    plain = made.lines(batch)
    assert decompress(body.data) == plain
    assert body.headers == {
        "x-elastic-event-count": str(count),
        "content-encoding": "gzip",
        "x-elastic-uncompressed-request-length": str(len(plain)),
    }


async def test_bodies_can_be_plain() -> None:
    """Without compression only the count is told."""
    made = encoder()

    body = await made.body(records(2))

    assert body.data == made.lines(records(2))
    assert body.headers == {"x-elastic-event-count": "2"}


@given(
    st.lists(st.integers(0, 900), min_size=1, max_size=30),
    st.integers(1, 4000),
)
def test_pieces_make_up_the_batch(sizes: list[int], limit: int) -> None:
    """Nothing is lost, nothing reordered, no piece too large unless it is one event."""
    batch = [record(number, size=extra) for number, extra in enumerate(sizes)]

    pieces = list(cut(batch, limit))

    assert [one for piece in pieces for one in piece] == batch
    assert all(size(piece) <= limit or len(piece) == 1 for piece in pieces)
    assert all(pieces)


def test_a_dead_letter_keeps_the_event() -> None:
    """Same id, same sequence, the document as text, and never a pipeline."""
    (one,) = numbered(7, 7)
    refusal = Refusal(one, Item(400, {"type": "t", "reason": "r"}))

    letter = dead_letter(refusal, "dead")

    assert ids([letter]) == ids([one])
    assert letter.sequence == 7
    assert letter.routing == Routing("id-7", "dead", "")
    assert orjson.loads(letter.body)["message"] == one.body.decode()

"""The body of a bulk request.

Owns action lines, the cut of a batch by size and the compression. Must not know how a
request travels or is answered.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from heartbeat.deflate import compress
from heartbeat.event import Record, Routing, nanoseconds
from heartbeat.outputs.codec import escape_html
from heartbeat.outputs.elasticsearch.index import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from heartbeat.outputs.base import Batch
    from heartbeat.outputs.elasticsearch.answer import Refusal
    from heartbeat.outputs.elasticsearch.index import Destination

ACTION_BYTES = 160
"""About what an action line and the line ends take."""

INLINE_BYTES = 32_768
"""Up to here a thread would cost more than it spares the loop."""


@dataclass(frozen=True, slots=True)
class Body:
    """A request body and what its headers say about it."""

    data: bytes
    count: int
    plain_bytes: int
    is_packed: bool

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that depend on the body."""
        headers = {"x-elastic-event-count": str(self.count)}
        if self.is_packed:
            headers["content-encoding"] = "gzip"
            headers["x-elastic-uncompressed-request-length"] = str(self.plain_bytes)
        return headers


class Encoder:
    """Makes request bodies of records."""

    def __init__(
        self, destination: Destination, *, level: int, escapes_html: bool
    ) -> None:
        """Compress with gzip at `level`, not at all with 0.

        Events are to be placed by the destination first if it needs their fields.
        """
        self.destination = destination
        self._level = level
        self._escapes = escapes_html
        self._is_dated = not (destination.is_static or destination.needs_fields)
        self._head = lru_cache(maxsize=1024)(self._action)

    async def body(self, records: Sequence[Record]) -> Body:
        """Return the request for the records; large ones are made in a thread."""
        if size(records) <= INLINE_BYTES:
            return self._make(records)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, self._make, records)

    def index_of(self, record: Record) -> str:
        """Return where an event goes."""
        chosen = record.routing.place or self.destination.index.at(record.timestamp)
        return chosen.lower()

    def _make(self, records: Sequence[Record]) -> Body:
        plain = self.lines(records)
        if not self._level:
            return Body(plain, len(records), len(plain), is_packed=False)
        packed = compress(plain, self._level)
        return Body(packed, len(records), len(plain), is_packed=True)

    def lines(self, records: Sequence[Record]) -> bytes:
        """Return an action line and a document line for each record."""
        parts: list[bytes] = []
        for record in records:
            routing = record.routing
            second = record.timestamp // SECOND if self._is_dated else 0
            body = escape_html(record.body) if self._escapes else record.body
            parts += (
                self._head(routing.place, routing.pipeline, second),
                orjson.dumps(routing.id),
                b"}}\n",
                body,
                b"\n",
            )
        return b"".join(parts)

    def _action(self, index: str | None, pipeline: str | None, second: int) -> bytes:
        """Return an action line up to the id; an empty pipeline stands for none."""
        to, timestamp = self.destination, second * SECOND
        chosen = to.pipeline.at(timestamp) if pipeline is None else pipeline
        names = {"_index": (index or to.index.at(timestamp)).lower()}
        if chosen:
            names["pipeline"] = chosen.lower()
        return b'{"create":' + orjson.dumps(names)[:-1] + b',"_id":'


def size(records: Sequence[Record]) -> int:
    """Return about how many bytes the request for the records has, uncompressed."""
    return sum(len(record.body) for record in records) + ACTION_BYTES * len(records)


def cut(batch: Batch, max_bytes: int) -> Iterator[Batch]:
    """Return the batch in pieces of at most about `max_bytes`, in order.

    A record that is larger by itself is a piece of its own.
    """
    if size(batch) <= max_bytes:
        yield batch
        return
    begin = total = 0
    for number, record in enumerate(batch):
        one = len(record.body) + ACTION_BYTES
        if number > begin and total + one > max_bytes:
            yield batch[begin:number]
            begin, total = number, 0
        total += one
    yield batch[begin:]


def dead_letter(refusal: Refusal, index: str) -> Record:
    """Return the document that stands for a refused one in the dead-letter index.

    It has the same id, so it too is kept once; no pipeline, which may be at fault.
    """
    record = refusal.record
    document = {
        "@timestamp": nanoseconds(record.timestamp),
        "error.message": orjson.dumps(refusal.item.error).decode(),
        "error.type": refusal.item.status,
        "message": record.body.decode("utf-8", "replace"),
    }
    routing = Routing(record.routing.id, index, pipeline="")
    return Record(orjson.dumps(document), routing, record.timestamp, record.sequence)

"""Records for tests of everything behind the runner.

Owns their making. Must not know what becomes of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from heartbeat.event import Record, Routing
from tests.support.clock import START_NS

if TYPE_CHECKING:
    from collections.abc import Sequence


def record(
    number: int, *, index: str | None = None, pipeline: str | None = None, size: int = 0
) -> Record:
    """Return the record `number`, its body `size` bytes larger than the smallest."""
    body = {
        "@timestamp": "2026-09-21T14:13:20.000Z",
        "monitor": {"id": f"m{number}"},
        "filler": "x" * size,
    }
    routing = Routing(f"id-{number}", index, pipeline)
    return Record(orjson.dumps(body), routing, START_NS + number)


def unfit(**fields: Any) -> Record:
    """Return a record with the id `unfit` and these fields."""
    body = {"@timestamp": "2026-09-21T14:13:20.000Z", **fields}
    return Record(orjson.dumps(body), Routing("unfit"), START_NS, 99)


def records(count: int, *, first: int = 1, size: int = 0) -> list[Record]:
    """Return `count` records, numbered from `first`."""
    return [record(number, size=size) for number in range(first, first + count)]


def numbered(first: int, last: int) -> list[Record]:
    """Return records as the store hands them out: `first` is the first sequence."""
    made = [record(number) for number in range(first, last + 1)]
    return [
        Record(one.body, one.routing, one.timestamp, sequence)
        for sequence, one in enumerate(made, first)
    ]


def ids(taken: Sequence[Record]) -> list[str]:
    """Return the ids of records in their order."""
    return [one.routing.id for one in taken]

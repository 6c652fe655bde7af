"""Events that the cluster may already have, although it never said so.

An id is unique within one index, and a data stream is a row of them. An event that was
taken, but whose answer got lost, is refused as a duplicate when sent again, unless the
stream has begun a new index in between: then it would be kept twice. So what is in
doubt, and old enough for that, is looked for first. Owns the doubts and the search.
Must not know bulk requests.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import orjson

from heartbeat.outputs.elasticsearch.index import SECOND
from heartbeat.outputs.elasticsearch.server import as_object, read_object, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from heartbeat.clock import Clock
    from heartbeat.event import Record
    from heartbeat.outputs.base import Batch
    from heartbeat.outputs.elasticsearch.client import Client
    from heartbeat.outputs.elasticsearch.server import Answer

log = logging.getLogger(__name__)

OLD = 60 * SECOND
"""Younger events need no search: it would not find them for sure, and an index does not
end twice a minute."""

AT_ONCE = 1_000
"""Ids in a search; a server gives at most 10,000 hits."""

QUERY = {"filter_path": "hits.hits._id", "ignore_unavailable": "true"}
SUCCESSES = range(200, 300)
BUSY, SERVER_ERRORS = 429, 500


class Recall:
    """What is in doubt, and how to find out.

    `first` is how many records an earlier process may have had in flight when it ended:
    so many are in doubt at the start.
    """

    def __init__(
        self, index_of: Callable[[Record], str], clock: Clock, first: int
    ) -> None:
        """Begin with no doubt but the first records."""
        self._index_of = index_of
        self._clock = clock
        self._first = first
        self._doubtful: set[int] = set()

    def doubt(self, records: Batch) -> None:
        """Note that the records were sent, and that it is open what became of them."""
        self._doubtful.update(record.sequence for record in records)

    def settle(self, records: Batch) -> None:
        """Note that it is known what became of the records."""
        self._first = max(self._first - len(records), 0)
        if self._doubtful:
            self._doubtful.difference_update(record.sequence for record in records)

    async def taken(self, batch: Batch, client: Client) -> set[str]:
        """Return the ids of the batch that the cluster has, of those in doubt.

        Raises `OutputUnavailable` if it cannot be asked now. If it does not allow the
        question, nothing is known.
        """
        if not (self._first or self._doubtful):
            return set()
        young = self._clock.now() - OLD
        found: set[str] = set()
        for index, ids in self._questions(batch, young).items():
            for start in range(0, len(ids), AT_ONCE):
                found |= await self._search(index, ids[start : start + AT_ONCE], client)
        return found

    def _questions(self, batch: Batch, young: int) -> dict[str, list[str]]:
        """Return the ids to ask for, by index."""
        questions: dict[str, list[str]] = {}
        for number, record in enumerate(batch):
            is_open = number < self._first or record.sequence in self._doubtful
            if is_open and record.timestamp < young:
                index = self._index_of(record)
                questions.setdefault(index, []).append(record.routing.id)
        return questions

    async def _search(self, index: str, ids: Sequence[str], client: Client) -> set[str]:
        search = {
            "size": len(ids),
            "_source": False,
            "query": {"ids": {"values": ids}},
        }
        answer = await client.post(
            f"/{index}/_search", orjson.dumps(search), query=QUERY
        )
        if answer.status == BUSY or answer.status >= SERVER_ERRORS:
            raise refused(answer, self._clock)
        if answer.status not in SUCCESSES:
            log.debug("%s may not be searched (%d)", index, answer.status)
            return set()
        return set(_ids(answer))


def _ids(answer: Answer) -> Iterable[str]:
    """Return the ids an answer names; it names nothing at all if there are none."""
    hits = as_object(read_object(answer.body).get("hits")).get("hits", [])
    return (hit["_id"] for hit in hits)

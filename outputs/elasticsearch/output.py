"""Records into Elasticsearch.

Owns the way of a batch through bulk requests: cut, send, halve what is too large, read
the verdicts. Must not retry: what may work later is handed back to the worker.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, TypeAlias

from heartbeat.errors import OutputUnavailable
from heartbeat.outputs.base import Finding, Rejection
from heartbeat.outputs.elasticsearch.access import TlsUnavailable, open_client
from heartbeat.outputs.elasticsearch.answer import Tally
from heartbeat.outputs.elasticsearch.bulk import cut, dead_letter
from heartbeat.outputs.elasticsearch.license import License
from heartbeat.outputs.elasticsearch.recall import Recall
from heartbeat.outputs.elasticsearch.selftest import examine
from heartbeat.outputs.elasticsearch.server import read_server, refused, unlike_bulk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from heartbeat.net import Network
    from heartbeat.outputs.base import Batch, Delivery, Limits
    from heartbeat.outputs.elasticsearch.access import Access
    from heartbeat.outputs.elasticsearch.bulk import Encoder
    from heartbeat.outputs.elasticsearch.client import Client
    from heartbeat.outputs.elasticsearch.options import ElasticsearchOptions
    from heartbeat.outputs.elasticsearch.server import Answer

    Prepare: TypeAlias = Callable[[Client, Access], Awaitable[None]]
    """Makes a cluster ready for documents; raises `OutputUnavailable`."""

FILTER = {"filter_path": "errors,items.*.error,items.*.status,items.*.failure_store"}
TOO_LARGE = 413
SUCCESSES = range(200, 300)


class ElasticsearchOutput:
    """Sends each batch with as few bulk requests as its size allows."""

    name = "elasticsearch"

    def __init__(
        self,
        options: ElasticsearchOptions,
        access: Access,
        encoder: Encoder,
        network: Network,
    ) -> None:
        """Connect to nothing yet."""
        policy = options.non_indexable_policy.dead_letter_index
        self.limits: Limits = options.limits(len(access.hosts))
        self._options = options
        self._access = access
        self._encoder = encoder
        self._network = network
        self._dead_letter_index = policy.index if policy is not None else ""
        self._client: Client | None = None
        at_a_time = self.limits.max_events * self.limits.concurrency
        self._recall = Recall(encoder.index_of, network.clock, at_a_time)
        self._license = License(network.clock)
        self._prepare: Prepare | None = None
        self._wanted = self._prepared = 0

    def prepare_with(self, prepare: Prepare) -> None:
        """Have the cluster prepared for documents each time it was connected to."""
        self._prepare = prepare

    @property
    def access(self) -> Access:
        """Return how the cluster is reached."""
        return self._access

    def prepare_again(self) -> None:
        """Have it prepared once more before the next document."""
        self._wanted += 1

    async def connect(self) -> None:
        """Find out who is there; raises `OutputUnavailable` unless Elasticsearch is.

        After trouble with certificates they are read again the next time.
        """
        if self._client is None:
            self._client = await open_client(self._access, self._network.clock)
        try:
            answer = await self._client.get("/")
        except TlsUnavailable:
            await self.close()
            raise
        server = read_server(answer, self._access, self._network.clock)
        await self._license.check(self._client, server)
        await self._get_ready(self._client)

    async def publish(self, batch: Batch) -> Delivery:
        """Send the batch; what cannot be indexed may go to the dead-letter index."""
        to = self._encoder.destination
        lost: Sequence[Rejection] = ()
        if to.needs_fields:
            batch, lost = to.place(batch)
        tally = await self._send_new(batch) if batch else Tally()
        tally.rejected += lost
        if tally.refused and self._dead_letter_index:
            await self._bury(tally)
        return tally.delivery()

    async def test(self) -> AsyncIterator[Finding]:
        """Try every host on its own: name, connection, TLS, identity, privileges."""
        chosen = self._encoder.destination.index
        indices = chosen.possible(self._network.clock.now())
        for host in self._access.hosts:
            async for finding in examine(host, self._access, self._network, indices):
                yield finding
        if chosen.is_open:
            text = "some depend on the event, their privileges are not known"
            yield Finding("indices", "INFO", text)

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _get_ready(self, client: Client) -> None:
        """Have the cluster prepared for all that is wanted at this moment.

        Of several batches under way each does so: none may go before it is done.
        """
        wanted = self._wanted
        if self._prepare is not None:
            await self._prepare(client, self._access)
        self._prepared = wanted

    async def _send_new(self, batch: Batch) -> Tally:
        """Send what the cluster is not found to have already."""
        if self._client is None:
            raise OutputUnavailable("not connected")
        if self._prepared < self._wanted:
            await self._get_ready(self._client)
        taken = await self._recall.taken(batch, self._client)
        self._recall.settle(batch)
        if not taken:
            return await self._send(batch)
        rest = [one for one in batch if one.routing.id not in taken]
        try:
            tally = await self._send(rest) if rest else Tally()
        except OutputUnavailable:
            self._recall.doubt(batch)
            raise
        tally.accepted += len(taken)
        tally.duplicates += len(taken)
        return tally

    async def _send(self, batch: Batch) -> Tally:
        """Send a batch in as many requests as it takes.

        Raises `OutputUnavailable` if nothing is known about any record.
        """
        tally = Tally()
        waiting = deque(cut(batch, self._options.bulk_max_bytes))
        while waiting:
            part = waiting.popleft()
            try:
                answer = await self._request(part)
                if answer.status == TOO_LARGE:
                    _halve(part, waiting, tally)
                else:
                    self._read(answer, part, tally)
            except OutputUnavailable as error:
                self._recall.doubt(part)
                if tally.is_empty:
                    raise
                left = [record for piece in (part, *waiting) for record in piece]
                tally.postpone(left, str(error), error.retry_after)
                break
        return tally

    async def _request(self, part: Batch) -> Answer:
        body = await self._encoder.body(part)
        if self._client is None:
            raise OutputUnavailable("not connected")
        return await self._client.post(
            "/_bulk", body.data, query=FILTER, headers=body.headers
        )

    def _read(self, answer: Answer, part: Batch, tally: Tally) -> None:
        if answer.status not in SUCCESSES:
            raise refused(answer, self._network.clock)
        error = unlike_bulk(answer)
        if error is not None:
            raise error
        tally.add(part, answer)

    async def _bury(self, tally: Tally) -> None:
        """Put what was refused into the dead-letter index."""
        letters = [dead_letter(one, self._dead_letter_index) for one in tally.refused]
        try:
            tally.settle_refused(await self._send(letters))
        except OutputUnavailable as error:
            records = [refusal.record for refusal in tally.refused]
            tally.refused = []
            tally.postpone(records, str(error), error.retry_after)


def _halve(part: Batch, waiting: deque[Batch], tally: Tally) -> None:
    """Send two halves next; a record alone that is too large will never fit."""
    if len(part) > 1:
        middle = len(part) // 2
        waiting.extendleft((part[middle:], part[:middle]))
        return
    reason = f"413: {len(part[0].body)} bytes are more than the server takes"
    tally.rejected.append(Rejection(part[0], reason, "413"))

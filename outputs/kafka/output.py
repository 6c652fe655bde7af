"""Records to Kafka.

Owns what becomes of a record: topic, key, partition, verdict. Must not know the client
library or when to try again later.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from heartbeat.errors import OutputUnavailable
from heartbeat.outputs.base import Delivery, Finding, Rejection
from heartbeat.outputs.codec import encode_batch
from heartbeat.outputs.fields import RecordFields
from heartbeat.outputs.kafka.client import Client, Fate, Message, SendFailed
from heartbeat.outputs.kafka.partition import Unhashable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from heartbeat.clock import Clock
    from heartbeat.event import Record
    from heartbeat.formats import FormatString
    from heartbeat.outputs.base import Batch, Limits
    from heartbeat.outputs.codec import Codec
    from heartbeat.outputs.kafka.partition import Partitioner
    from heartbeat.outputs.reach import Host, Reach
    from heartbeat.outputs.selector import Selector

Open: TypeAlias = Callable[[], Awaitable[Client]]
"""Returns a client that is not connected yet; raises `OutputUnavailable`."""

MILLISECOND = 1_000_000
NO_TOPIC = "no topic: none of the rules and format strings gives one"

LEGAL_TOPIC = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,249}")
"""The client only learns that a topic is unknown, and waits for it to appear."""

ABSENT = 30.0
"""Seconds for which a topic that could not be found is not asked for again."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What records become."""

    codec: Codec
    topic: Selector
    key: FormatString | None
    partitioner: Partitioner
    reachable_only: bool = False
    headers: Sequence[tuple[str, bytes]] = ()


@dataclass(slots=True)
class Tally:
    """The verdicts so far."""

    accepted: int = 0
    retry: list[Record] = field(default_factory=list["Record"])
    rejected: list[Rejection] = field(default_factory=list[Rejection])
    causes: dict[str, None] = field(default_factory=dict[str, None])

    def add(self, record: Record, failure: SendFailed | None) -> None:
        """Note what became of a record."""
        if failure is None:
            self.accepted += 1
        elif failure.fate is Fate.LATER:
            self.retry.append(record)
            self.causes[str(failure)] = None
        else:
            kind = "too large" if failure.fate is Fate.TOO_LARGE else "invalid"
            self.reject(record, str(failure), kind)

    def reject(self, record: Record, reason: str, kind: str) -> None:
        """Note a record that will never be taken."""
        self.rejected.append(Rejection(record, reason, kind))

    def delivery(self) -> Delivery:
        """Return the verdicts; raises `OutputUnavailable` if all is to be retried."""
        cause = "; ".join(self.causes)
        if self.retry and not self.accepted and not self.rejected:
            raise OutputUnavailable(cause)
        return Delivery(self.accepted, self.retry, self.rejected, cause=cause)


class Absent:
    """Topics that could not be found.

    Looking for one takes as long as a request may take, and everything else waits
    meanwhile, so that is not done for every batch.
    """

    def __init__(self, clock: Clock) -> None:
        """Begin with none."""
        self._clock = clock
        self._until: dict[str, tuple[float, SendFailed]] = {}

    def note(self, topic: str, failure: SendFailed) -> None:
        """Remember why a topic could not be found."""
        self._until[topic] = self._clock.monotonic() + ABSENT, failure

    def forget(self) -> None:
        """Look for all of them again."""
        self._until.clear()

    def known(self) -> dict[str, Sequence[int] | SendFailed]:
        """Return those that need not be looked for yet."""
        now = self._clock.monotonic()
        self._until = {
            topic: noted for topic, noted in self._until.items() if noted[0] > now
        }
        return {topic: failure for topic, (_, failure) in self._until.items()}


class KafkaOutput:
    """Hands all messages of a batch to the client and waits for all of them."""

    name = "kafka"

    def __init__(
        self, open_client: Open, shape: Shape, limits: Limits, probes: Probes
    ) -> None:
        """Connect to nothing yet."""
        self.limits = limits
        self._open = open_client
        self._shape = shape
        self._probes = probes
        self._client: Client | None = None
        self._absent = Absent(probes.reach.network.clock)

    async def connect(self) -> None:
        """Connect anew: after a failure the client may not recover by itself.

        Raises `OutputUnavailable`.
        """
        await self.close()
        client = await self._open()
        try:
            await client.start()
        except BaseException as error:
            await client.stop()
            if isinstance(error, SendFailed):
                raise OutputUnavailable(str(error)) from error
            raise
        self._client = client
        self._absent.forget()

    async def publish(self, batch: Batch) -> Delivery:
        """Send the batch."""
        if self._client is None:
            raise OutputUnavailable("not connected")
        encoded = encode_batch(self._shape.codec, batch)
        tally = Tally(rejected=encoded.rejected)
        sending = _Sending(self._client, self._shape, tally, self._absent)
        for record, text in zip(encoded.records, encoded.texts, strict=True):
            await sending.begin(record, text)
        await sending.finish()
        return tally.delivery()

    async def test(self) -> AsyncIterator[Finding]:
        """Dial every broker that is named, then connect as a delivery would."""
        async for finding in self._probes.examine():
            yield finding
        try:
            client = await self._open()
        except OutputUnavailable as error:
            yield Finding("talk to cluster", "ERROR", str(error))
            return
        try:
            await client.start()
            yield Finding("talk to cluster")
            async for finding in self._examine_topic(client):
                yield finding
        except SendFailed as error:
            yield Finding("talk to cluster", "ERROR", str(error))
        finally:
            await client.stop()

    async def close(self) -> None:
        """Let go of the connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.stop()

    async def _examine_topic(self, client: Client) -> AsyncIterator[Finding]:
        topic = self._shape.topic.static
        if not topic:
            yield Finding("topic", "INFO", "depends on the event")
            return
        try:
            known, _ = await client.partitions(topic)
        except SendFailed as error:
            yield Finding(f"topic {topic}", "ERROR", str(error))
        else:
            yield Finding(f"topic {topic}", "INFO", f"{len(known)} partitions")


class _Sending:
    """A batch on its way."""

    def __init__(
        self, client: Client, shape: Shape, tally: Tally, absent: Absent
    ) -> None:
        self._client = client
        self._shape = shape
        self._tally = tally
        self._absent = absent
        self._topics: dict[str, Sequence[int] | SendFailed] = absent.known()
        self._begun: list[tuple[Record, Message, Awaitable[None]]] = []

    async def begin(self, record: Record, text: bytes) -> None:
        """Hand a record to the client."""
        message = await self._message(record, text)
        if message is None:
            return
        try:
            self._begun.append((record, message, await self._client.send(message)))
        except SendFailed as failure:
            self._tally.add(record, failure)
            if failure.fate is Fate.LATER:
                # The next message would only wait as long, in vain.
                self._topics[message.topic] = failure

    async def finish(self) -> None:
        """Wait until it is known what became of all records.

        Brokers refuse batches of messages, not messages: of those that are too large
        together, each gets another chance alone.
        """
        outcomes = await _outcomes(begun for _, _, begun in self._begun)
        crowded: list[tuple[Record, Message]] = []
        for (record, message, _), failure in zip(self._begun, outcomes, strict=True):
            if failure is not None and failure.fate is Fate.TOO_LARGE:
                crowded.append((record, message))
            else:
                self._tally.add(record, failure)
        for record, message in crowded:
            self._tally.add(record, await self._alone(message))

    async def _alone(self, message: Message) -> SendFailed | None:
        try:
            await (await self._client.send(message))
        except SendFailed as failure:
            return failure
        return None

    async def _message(self, record: Record, text: bytes) -> Message | None:
        """Return the message for a record, None if there is a verdict already."""
        shape = self._shape
        fields = RecordFields(record)
        topic = shape.topic.choose(record, fields)
        if not topic:
            self._tally.reject(record, NO_TOPIC, "no topic")
            return None
        if not LEGAL_TOPIC.fullmatch(topic):
            self._tally.reject(record, f"'{topic}' is no name of a topic", "no topic")
            return None
        partitions = await self._partitions(topic)
        if isinstance(partitions, SendFailed):
            self._tally.add(record, partitions)
            return None
        written = shape.key and shape.key.render(record.timestamp, fields)
        key = written.encode("utf-8", "replace") if written else None
        try:
            partition = shape.partitioner(partitions, key, fields)
        except Unhashable as error:
            self._tally.reject(record, str(error), "no partition")
            return None
        moment = record.timestamp // MILLISECOND
        return Message(topic, partition, text, key, moment, shape.headers)

    async def _partitions(self, topic: str) -> Sequence[int] | SendFailed:
        if topic not in self._topics:
            try:
                known, led = await self._client.partitions(topic)
            except SendFailed as failure:
                self._topics[topic] = failure
                self._absent.note(topic, failure)
            else:
                wanted = led if self._shape.reachable_only else known
                nobody = SendFailed(f"no partition of {topic} has a leader")
                self._topics[topic] = wanted or nobody
        return self._topics[topic]


async def _outcomes(begun: Iterable[Awaitable[None]]) -> list[SendFailed | None]:
    """Return how each ended; whatever else happened is raised."""
    ended = await asyncio.gather(*begun, return_exceptions=True)
    for outcome in ended:
        if outcome is not None and not isinstance(outcome, SendFailed):
            raise outcome
    return [one if isinstance(one, SendFailed) else None for one in ended]


@dataclass(frozen=True, slots=True)
class Probes:
    """The first steps of the self-test, for every host that is named."""

    reach: Reach
    hosts: Sequence[Host]

    async def examine(self) -> AsyncIterator[Finding]:
        """Try to connect to each on its own."""
        for host in self.hosts:
            yield Finding(str(host), "")
            async for finding in self.reach.examine(host):
                yield finding

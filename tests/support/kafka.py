"""A Kafka client that does what a test tells it, in place of the library.

Owns topics, messages and failures. Must not know the output.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from heartbeat.outputs.kafka.client import Fate, SendFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from heartbeat.outputs.kafka.client import Message

TOO_LARGE = SendFailed("MessageSizeTooLarge: too large", Fate.TOO_LARGE)


@dataclass
class Cluster:
    """What all clients of a test talk to.

    `partitions` are by topic, `led` those with a leader if not all. `refusals` are
    failures of single messages by their partition, each for one time; `at_once` those
    that come before a message is on its way. Messages that are sent together and have
    more bytes than `crowd` are refused together.
    """

    partitions: dict[str, int] = field(default_factory=lambda: {"up": 3})
    led: Sequence[int] | None = None
    is_down: bool = False
    crowd: int = 1_000_000
    refusals: dict[int, SendFailed] = field(default_factory=dict[int, SendFailed])
    at_once: dict[str, SendFailed] = field(default_factory=dict[str, SendFailed])
    messages: list[Message] = field(default_factory=list["Message"])
    asked: list[str] = field(default_factory=list[str])
    started: int = 0
    stopped: int = 0


class FakeClient:
    """One client of the cluster."""

    def __init__(self, cluster: Cluster) -> None:
        """Connect to nothing yet."""
        self._cluster = cluster
        self._waiting: list[tuple[Message, asyncio.Future[None]]] = []

    async def start(self) -> None:
        """Connect, unless the cluster is down."""
        self._check()
        self._cluster.started += 1

    async def partitions(self, topic: str) -> tuple[Sequence[int], Sequence[int]]:
        """Return the partitions of a topic that exists."""
        self._check()
        self._cluster.asked.append(topic)
        if topic not in self._cluster.partitions:
            raise SendFailed(f"UnknownTopicOrPartition: {topic}")
        known = range(self._cluster.partitions[topic])
        return known, known if self._cluster.led is None else self._cluster.led

    async def send(self, message: Message) -> Awaitable[None]:
        """Keep the message until the loop comes round."""
        if message.topic in self._cluster.at_once:
            raise self._cluster.at_once[message.topic]
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._deliver)
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.append((message, future))
        return future

    async def stop(self) -> None:
        """Let go."""
        self._cluster.stopped += 1

    def _check(self) -> None:
        if self._cluster.is_down:
            raise SendFailed("KafkaConnection: no broker")

    def _deliver(self) -> None:
        waiting, self._waiting = self._waiting, []
        is_crowded = sum(len(one.value) for one, _ in waiting) > self._cluster.crowd
        for message, future in waiting:
            failure = TOO_LARGE if is_crowded else self._failure(message)
            if future.done():
                continue
            if failure is None:
                self._cluster.messages.append(message)
                future.set_result(None)
            else:
                future.set_exception(failure)

    def _failure(self, message: Message) -> SendFailed | None:
        if self._cluster.is_down:
            return SendFailed("KafkaTimeout: no answer")
        return self._cluster.refusals.pop(message.partition, None)

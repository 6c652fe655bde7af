"""The client library: its errors in our terms, and its end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest
from aiokafka.errors import (
    InvalidTopicError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)

from heartbeat.config import Section
from heartbeat.errors import OutputUnavailable
from heartbeat.net import Network
from heartbeat.outputs.base import OutputContext
from heartbeat.outputs.kafka import build, producer
from heartbeat.outputs.kafka.client import Access, Fate, Message, SendFailed
from heartbeat.outputs.kafka.producer import Producer, failure
from tests.support.servers import refused_port

if TYPE_CHECKING:
    from tests.support.clock import FakeClock


@pytest.mark.parametrize(
    ("error", "fate", "text"),
    [
        (MessageSizeTooLargeError("big"), Fate.TOO_LARGE, "MessageSizeTooLarge: big"),
        (InvalidTopicError(), Fate.NEVER, "InvalidTopic"),
        (TopicAuthorizationFailedError("t"), Fate.LATER, "TopicAuthorizationFailed: t"),
        (KafkaTimeoutError(), Fate.LATER, "KafkaTimeout"),
        (ConnectionResetError("gone"), Fate.LATER, "ConnectionReset: gone"),
    ],
)
def test_errors(error: Exception, fate: Fate, text: str) -> None:
    """What an error means for a message, and how it is told."""
    made = failure(error)  # pyright: ignore[reportArgumentType]

    assert made.fate is fate
    assert str(made).startswith(text)


async def test_nobody_listens(clock: FakeClock) -> None:
    """The first connection fails, and nothing is left of it."""
    options = {"hosts": f"127.0.0.1:{refused_port()}", "topic": "t"}
    output = build(Section(options), OutputContext(Network(clock)))

    with pytest.raises(OutputUnavailable, match="KafkaConnection: Unable to bootstrap"):
        await output.connect()
    verdicts = [finding.verdict async for finding in output.test()]

    assert verdicts[-1] == "ERROR"


async def test_a_client_without_a_broker() -> None:
    """Its own errors are in our terms, too."""
    access = Access((f"127.0.0.1:{refused_port()}",), "c", 0.05, 1, 1000, 1.0)
    producer = Producer(access, None)

    with pytest.raises(SendFailed):
        await producer.start()
    await producer.stop()
    await producer.stop()


class Library:
    """Stands in for the library's producer; `failure` is what everything ends in."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.failure: Exception | None = None
        self.is_closed = False
        self.client = self._sender = self.cluster = self
        self.outcome = asyncio.get_running_loop().create_future()

    async def partitions_for(self, _topic: str) -> set[int]:
        """Return partitions without an order."""
        self._fail()
        return {2, 0, 1}

    def available_partitions_for_topic(self, _topic: str) -> set[int] | None:
        """Return nothing, as for a topic without leaders."""
        return None

    async def start(self) -> None:
        """Connect."""

    async def send(self, _topic: str, **_message: Any) -> asyncio.Future[None]:
        """Return what a test completes."""
        self._fail()
        return self.outcome

    async def stop(self) -> None:
        """End, unless there is a failure."""
        self._fail()

    async def close(self) -> None:
        """End for good."""
        self.is_closed = True

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


@pytest.fixture
async def client(monkeypatch: pytest.MonkeyPatch) -> Producer:
    """Return a producer on the stand-in."""
    monkeypatch.setattr(producer, "AIOKafkaProducer", Library)
    return Producer(Access(("a:1",), "c", 2.0, 1, 10**9, 1.0, username="u"), None)


def library(client: Producer) -> Library:
    """Return the stand-in behind a producer."""
    return cast("Library", cast("Any", client)._producer)


async def test_settings(client: Producer) -> None:
    """Times in milliseconds; batches that brokers take."""
    await client.start()
    options = library(client).options

    assert options["security_protocol"] == "SASL_PLAINTEXT"
    assert options["request_timeout_ms"] == 2000
    assert (options["max_batch_size"], options["max_request_size"]) == (2**19, 10**9)


async def test_partitions_are_in_order(client: Producer) -> None:
    """Hashes count on it."""
    assert await client.partitions("t") == ([0, 1, 2], [])


async def test_a_message_that_arrives(client: Producer) -> None:
    """What ends with it ends without a word."""
    library(client).outcome.set_result(None)

    await (await client.send(Message("t", 0, b"", None, 0)))

    assert library(client).outcome.done()


async def test_a_message_that_does_not(client: Producer) -> None:
    """The broker's error is in our terms."""
    library(client).outcome.set_exception(MessageSizeTooLargeError())

    with pytest.raises(SendFailed, match="MessageSizeTooLarge"):
        await (await client.send(Message("t", 0, b"", None, 0)))


async def test_failures_of_the_library(client: Producer) -> None:
    """They are in our terms wherever they come from."""
    library(client).failure = KafkaTimeoutError("late")

    with pytest.raises(SendFailed, match="KafkaTimeout: late"):
        await client.partitions("t")
    with pytest.raises(SendFailed, match="KafkaTimeout: late"):
        await client.send(Message("t", 0, b"", None, 0))


async def test_an_end_that_does_not_come(client: Producer) -> None:
    """It is brought about."""
    library(client).failure = KafkaTimeoutError("late")
    await client.stop()

    assert library(client).is_closed

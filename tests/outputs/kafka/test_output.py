"""Batches to a Kafka that takes, refuses or goes away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat.errors import OutputUnavailable
from heartbeat.event import Record, Routing
from heartbeat.outputs.base import Delivery, Finding
from heartbeat.outputs.kafka.client import Fate, SendFailed
from tests.outputs.contract import RejectingContract
from tests.support.clock import START_NS, settle
from tests.support.kafka import FakeClient
from tests.support.records import numbered, record, unfit
from tests.support.servers import refused_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.outputs.kafka import KafkaOutput
    from tests.support.clock import FakeClock
    from tests.support.kafka import Cluster

    Make = Callable[..., KafkaOutput]

SPREAD: dict[str, Any] = {"round_robin": {}}


class KafkaRig:
    """An output and a cluster that takes nothing while it is down."""

    def __init__(self, output: KafkaOutput, cluster: Cluster) -> None:
        self.output = output
        self.is_closed = False
        self.unfit = unfit(topic="no topic")
        self._cluster = cluster

    async def received(self) -> list[str]:
        """Return the ids of the messages."""
        values = [message.value for message in self._cluster.messages]
        return [orjson.loads(value)["@metadata"]["_id"] for value in values]

    async def fail(self) -> None:
        """Let everything fail."""
        self._cluster.is_down = True

    async def recover(self) -> None:
        """Let messages be taken again."""
        self._cluster.is_down = False


class TestContract(RejectingContract):
    """What every output keeps."""

    @pytest.fixture
    async def rig(self, make: Make, cluster: Cluster, broker: str) -> KafkaRig:
        """Return an output with a cluster."""
        return KafkaRig(make(broker, topic="%{[topic]:up}"), cluster)


async def published(output: KafkaOutput, batch: list[Record]) -> Delivery:
    """Connect, publish and return the verdicts."""
    await output.connect()
    return await output.publish(batch)


async def test_a_record_becomes_a_message(make: Make, cluster: Cluster) -> None:
    """With the document, the event's time, the key and the headers."""
    headers = [{"key": "a", "value": 1}, {"key": "b"}]
    output = make(key="%{[monitor.id]}", headers=headers)

    await published(output, [record(1)])

    (message,) = cluster.messages
    assert orjson.loads(message.value)["monitor"] == {"id": "m1"}
    assert (message.topic, message.key) == ("up", b"m1")
    assert message.timestamp == START_NS // 1_000_000
    assert list(message.headers) == [("a", b"1"), ("b", b"")]


async def test_topics_are_chosen_for_each_event(make: Make, cluster: Cluster) -> None:
    """Rules first, the plain option behind them; without any it is rejected."""
    cluster.partitions = {"a": 1, "2026": 1}
    rules = [{"topic": "a", "when": {"equals": {"monitor.id": "m1"}}}]
    rules.append({"topic": "%{[nothing]}", "when": {"equals": {"monitor.id": "m2"}}})
    batch = numbered(1, 2)

    delivery = await published(make(topics=rules, topic="%{+yyyy}"), batch)

    assert delivery == Delivery(2, [], [])
    assert [message.topic for message in cluster.messages] == ["a", "2026"]


async def test_no_topic(make: Make, cluster: Cluster) -> None:
    """An event for which no topic can be chosen is rejected."""
    delivery = await published(make(topic="%{[nothing]}"), numbered(1, 1))

    assert [one.kind for one in delivery.rejected] == ["no topic"]
    assert cluster.messages == []


async def test_an_event_without_a_key(make: Make, cluster: Cluster) -> None:
    """It is sent without one."""
    await published(make(key="%{[nothing]}"), numbered(1, 1))

    assert cluster.messages[0].key is None


async def test_each_message_has_its_own_verdict(make: Make, cluster: Cluster) -> None:
    """Retried, rejected and accepted in one batch."""
    cluster.refusals = {
        0: SendFailed("TopicAuthorizationFailed: up"),
        1: SendFailed("InvalidTimestamp: too old", Fate.NEVER),
    }
    batch = numbered(1, 3)

    delivery = await published(make(partition=SPREAD), batch)

    assert delivery.accepted == 1
    assert len(delivery.retry) == 1
    assert delivery.cause == "TopicAuthorizationFailed: up"
    assert [one.reason for one in delivery.rejected] == ["InvalidTimestamp: too old"]


async def test_messages_too_large_together(make: Make, cluster: Cluster) -> None:
    """Each gets another chance alone, so only those that are too large are rejected."""
    cluster.crowd = 2000
    batch = [record(1), record(2, size=3000), record(3)]

    delivery = await published(make(), batch)

    assert delivery.accepted == 2
    assert [one.record for one in delivery.rejected] == [batch[1]]
    assert delivery.rejected[0].kind == "too large"


async def test_an_unknown_topic_is_rarely_asked_for(
    make: Make, cluster: Cluster, clock: FakeClock
) -> None:
    """Asking takes its time, and other topics would wait meanwhile."""
    cluster.partitions = {}
    output = make()
    await output.connect()

    for _ in range(2):
        with pytest.raises(OutputUnavailable, match="UnknownTopicOrPartition: up"):
            await output.publish(numbered(1, 3))

    assert cluster.asked == ["up"]
    cluster.partitions = {"up": 1}
    clock.jump(30)
    assert await output.publish(numbered(1, 3)) == Delivery(3, [], [])


async def test_a_new_client_asks_again(make: Make, cluster: Cluster) -> None:
    """What was unknown before the failure may be known after it."""
    cluster.partitions = {}
    output = make()
    await output.connect()
    with pytest.raises(OutputUnavailable):
        await output.publish(numbered(1, 1))
    cluster.partitions = {"up": 1}
    await output.connect()

    assert await output.publish(numbered(1, 1)) == Delivery(1, [], [])


@pytest.mark.parametrize("topic", ["a topic", "..", "x" * 250, "é"])
async def test_a_name_that_no_topic_can_have(
    make: Make, cluster: Cluster, topic: str
) -> None:
    """It is not waited for."""
    delivery = await published(make(topic=topic), numbered(1, 1))

    assert delivery.rejected[0].reason == f"'{topic}' is no name of a topic"
    assert cluster.asked == []


async def test_a_client_that_takes_nothing_more(make: Make, cluster: Cluster) -> None:
    """After the first timeout the others of the topic do not wait as long again."""
    cluster.at_once["up"] = SendFailed("KafkaTimeout: buffer full")
    output = make()
    await output.connect()

    with pytest.raises(OutputUnavailable, match=r"^KafkaTimeout: buffer full$"):
        await output.publish(numbered(1, 3))


async def test_a_message_larger_than_allowed(make: Make, cluster: Cluster) -> None:
    """The client refuses it before it is sent; the next one is not affected."""
    cluster.at_once["m1"] = SendFailed("MessageSizeTooLarge: no", Fate.TOO_LARGE)
    cluster.partitions = {"m1": 1, "m2": 1}
    batch = numbered(1, 2)

    delivery = await published(make(topic="%{[monitor.id]}"), batch)

    assert delivery.accepted == 1
    assert [one.record for one in delivery.rejected] == batch[:1]


async def test_only_partitions_with_a_leader(make: Make, cluster: Cluster) -> None:
    """If that is wanted; without any the topic has to wait."""
    cluster.led = [2]
    output = make(partition={"random": {"reachable_only": True}})
    await published(output, numbered(1, 5))
    assert {message.partition for message in cluster.messages} == {2}

    cluster.led = []
    with pytest.raises(OutputUnavailable, match="no partition of up has a leader"):
        await output.publish(numbered(6, 6))


@pytest.mark.usefixtures("cluster")
async def test_a_field_to_hash_is_missing(make: Make) -> None:
    """Without `random` such an event has no partition and is rejected."""
    partition = {"hash": {"hash": "nothing", "random": False}}

    delivery = await published(make(partition=partition), numbered(1, 1))

    assert (
        delivery.rejected[0].reason
        == "the partition depends on nothing, which is missing"
    )


@pytest.mark.usefixtures("cluster")
async def test_what_has_no_form_is_rejected(make: Make) -> None:
    """The codec decides."""
    codec = {"format": {"string": "%{[nothing]}"}}

    delivery = await published(make(codec=codec), numbered(1, 1))

    assert [one.kind for one in delivery.rejected] == ["encoding"]


async def test_a_failure_leads_to_a_new_client(make: Make, cluster: Cluster) -> None:
    """The old one is let go of."""
    output = make()
    await output.connect()
    await output.connect()

    assert (cluster.started, cluster.stopped) == (2, 1)


async def test_a_cluster_that_cannot_be_reached(make: Make, cluster: Cluster) -> None:
    """Nothing is kept of the attempt."""
    cluster.is_down = True
    output = make()

    with pytest.raises(OutputUnavailable, match="KafkaConnection: no broker"):
        await output.connect()
    with pytest.raises(OutputUnavailable, match="not connected"):
        await output.publish(numbered(1, 1))

    assert cluster.stopped == 1


async def test_unexpected_errors_are_not_hidden(make: Make, cluster: Cluster) -> None:
    """What nobody foresaw is raised as it is."""
    cluster.refusals[0] = ValueError("surprise")  # type: ignore[assignment] # pyright: ignore[reportArgumentType]
    cluster.partitions = {"up": 1}
    output = make()
    await output.connect()

    with pytest.raises(ValueError, match="surprise"):
        await output.publish(numbered(1, 1))


async def test_what_the_self_test_tells(
    make: Make, cluster: Cluster, broker: str
) -> None:
    """Every host, then the cluster and the topic."""
    cluster.partitions = {"up": 3}
    port = refused_port()

    found = [one async for one in make(broker, f"127.0.0.1:{port}").test()]

    assert found[0] == Finding(broker, "")
    assert [one.verdict for one in found].count("ERROR") == 1
    assert found[-2:] == [
        Finding("talk to cluster"),
        Finding("topic up", "INFO", "3 partitions"),
    ]
    assert (cluster.messages, cluster.stopped) == ([], 1)


@pytest.mark.parametrize(
    ("options", "last"),
    [
        ({"topic": "%{+yyyy}"}, Finding("topic", "INFO", "depends on the event")),
        (
            {"topic": "other"},
            Finding("topic other", "ERROR", "UnknownTopicOrPartition: other"),
        ),
    ],
)
async def test_the_topic_in_the_self_test(
    make: Make, cluster: Cluster, options: dict[str, Any], last: Finding
) -> None:
    """It is asked for if it is known."""
    found = [one async for one in make(**options).test()]

    assert cluster.started == 1
    assert found[-1] == last


async def test_the_self_test_of_a_cluster_that_is_down(
    make: Make, cluster: Cluster
) -> None:
    """The reason is told."""
    cluster.is_down = True

    found = [one async for one in make().test()]

    assert found[-1] == Finding(
        "talk to cluster", "ERROR", "KafkaConnection: no broker"
    )


async def test_values_carry_metadata(make: Make, cluster: Cluster) -> None:
    """As for every output but Elasticsearch."""
    one = Record(b'{"@timestamp":"2026-09-21T14:13:20.000Z"}', Routing("x"), START_NS)

    await published(make(), [one])

    assert orjson.loads(cluster.messages[0].value)["@metadata"]["_id"] == "x"


async def test_a_connection_that_is_given_up(
    make: Make, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left of it."""

    async def hang(_client: FakeClient) -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(FakeClient, "start", hang)
    connecting = asyncio.create_task(make().connect())
    await settle()
    connecting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await connecting
    assert cluster.stopped == 1

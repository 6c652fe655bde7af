"""Batches to a Logstash that takes, takes half, is slow, lies or goes away."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.errors import OutputUnavailable
from heartbeat.outputs.base import Delivery, Finding
from heartbeat.outputs.logstash.link import Link
from tests.outputs.contract import OutputContract
from tests.support.clock import settle
from tests.support.lumberjack import Receiver, ack, hang_up, nothing, receiver, say
from tests.support.records import numbered, record
from tests.support.servers import refused_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.outputs.logstash import LogstashOutput
    from tests.support.clock import FakeClock

    Make = Callable[..., LogstashOutput]


async def do_nothing(_link: Link) -> None:
    """Be what opens no connection."""


class LogstashRig:
    """An output and a receiver that breaks connections off while it is down."""

    def __init__(self, output: LogstashOutput, logstash: Receiver) -> None:
        self.output = output
        self.is_closed = False
        self._logstash = logstash

    async def received(self) -> list[str]:
        """Return the ids that were acknowledged."""
        return self._logstash.ids

    async def fail(self) -> None:
        """Let every connection break off."""
        self._logstash.is_down = True

    async def recover(self) -> None:
        """Let windows be taken again."""
        self._logstash.is_down = False


class TestContract(OutputContract):
    """What every output keeps."""

    @pytest.fixture
    async def rig(self, make: Make, logstash: Receiver) -> LogstashRig:
        """Return an output with a receiver."""
        return LogstashRig(make(logstash.port), logstash)


async def test_events_carry_metadata(make: Make, logstash: Receiver) -> None:
    """Logstash reads from `@metadata` where an event belongs."""
    batch = [record(1, index="logs", pipeline="geo")]

    await make(logstash.port, index="Uptime").publish(batch)

    (event,) = logstash.events
    assert event["@metadata"] == {
        "beat": "uptime",
        "type": "_doc",
        "version": "9.5.0",
        "_id": "id-1",
        "raw_index": "logs",
        "pipeline": "geo",
    }
    assert event["monitor"] == {"id": "m1"}


@pytest.mark.parametrize(("level", "is_compressed"), [(0, False), (3, True)])
@pytest.mark.parametrize("size", [0, 20_000])
async def test_windows_are_compressed_if_wanted(
    make: Make, logstash: Receiver, *, level: int, is_compressed: bool, size: int
) -> None:
    """Small windows and large ones alike."""
    batch = [record(number, size=size) for number in (1, 2)]

    await make(logstash.port, compression_level=level).publish(batch)

    assert (logstash.compressed, logstash.windows) == ([is_compressed], [2])
    assert logstash.ids == ["id-1", "id-2"]


async def test_signs_of_life_and_progress_are_waited_out(
    make: Make, logstash: Receiver
) -> None:
    """Only the last event of the window ends it."""
    logstash.answers.append(say(ack(0), ack(1), ack(0), ack(3)))

    delivery = await make(logstash.port).publish(numbered(1, 3))

    assert delivery == Delivery(3)


async def test_partial_acknowledgements_count(make: Make, logstash: Receiver) -> None:
    """What was acknowledged before the connection broke is not sent again."""
    logstash.answers.append(say(ack(2), b"2A\0"))
    output = make(logstash.port)
    batch = numbered(1, 4)
    sent = asyncio.create_task(output.publish(batch))
    while not logstash.events:
        await settle(1)
    logstash.drop_connections()

    delivery = await sent

    reason = "the receiver closed the connection"
    assert delivery == Delivery(2, batch[2:], cause=reason)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (hang_up, "the receiver closed the connection"),
        (say(ack(3)), "invalid sequence number received (seq=3, expected=2)"),
        (say(b"HTTP/1.1 400\r\n"), "not an acknowledgement: b'HTTP/1'"),
    ],
)
async def test_a_window_without_any_acknowledgement(
    make: Make, logstash: Receiver, answer: Any, reason: str
) -> None:
    """Nothing is known to have arrived, so all is to be offered again."""
    logstash.answers.append(answer)
    output = make(logstash.port)

    with pytest.raises(OutputUnavailable, match=re.escape(reason)):
        await output.publish(numbered(1, 2))

    assert await output.publish(numbered(1, 2)) == Delivery(2)


async def test_silence_has_a_limit(
    make: Make, logstash: Receiver, clock: FakeClock
) -> None:
    """A sign of life begins the waiting anew; without one it ends."""
    logstash.answers.append(nothing)
    sent = asyncio.create_task(
        make(logstash.port, timeout="10s").publish(numbered(1, 1))
    )
    while not logstash.windows:
        await settle(1)
    await clock.advance(9)
    (writer,) = logstash.writers
    writer.write(ack(0))
    while not sent.done() and clock.timers:
        await settle(1)
        await clock.advance(1)

    with pytest.raises(OutputUnavailable, match="i/o timeout"):
        await sent


async def test_windows_travel_at_the_same_time(make: Make, logstash: Receiver) -> None:
    """The second window is there before the first is acknowledged, not the third."""
    logstash.answers.extend((nothing, nothing))
    output = make(logstash.port, pipelining=2)
    tasks = [
        asyncio.create_task(output.publish(numbered(first, first)))
        for first in (1, 2, 3)
    ]
    while len(logstash.windows) < 2:
        await settle(1)
    await settle()
    assert len(logstash.windows) == 2

    (writer,) = logstash.writers
    writer.write(ack(1) + ack(1))

    assert await asyncio.gather(*tasks) == [Delivery(1)] * 3
    assert logstash.connections == 1


async def test_one_at_a_time_without_pipelining(make: Make, logstash: Receiver) -> None:
    """`pipelining: 0` waits for every acknowledgement."""
    logstash.answers.append(nothing)
    output = make(logstash.port, pipelining=0)
    tasks = [asyncio.create_task(output.publish(numbered(n, n))) for n in (1, 2)]
    while not logstash.windows:
        await settle(1)
    await settle()
    assert len(logstash.windows) == 1

    logstash.writers[0].write(ack(1))

    assert await asyncio.gather(*tasks) == [Delivery(1)] * 2
    assert output.limits.concurrency == 1


async def test_the_end_of_a_connection_ends_all_windows_on_it(
    make: Make, logstash: Receiver
) -> None:
    """Each of them is to be offered again."""
    logstash.answers.extend((nothing, hang_up))
    output = make(logstash.port, pipelining=2)

    ended = await asyncio.gather(
        output.publish(numbered(1, 1)),
        output.publish(numbered(2, 2)),
        return_exceptions=True,
    )

    assert [type(one) for one in ended] == [OutputUnavailable] * 2


async def test_an_idle_connection_that_was_closed_is_no_failure(
    make: Make, logstash: Receiver, clock: FakeClock
) -> None:
    """Receivers hang up after a while; the next window takes a new connection."""
    output = make(logstash.port)
    await output.publish(numbered(1, 1))
    logstash.drop_connections()
    clock.jump(1)
    await settle()

    assert await output.publish(numbered(2, 2)) == Delivery(1)
    assert (logstash.ids, logstash.connections) == (["id-1", "id-2"], 2)


async def test_a_receiver_that_went_away_while_idle(
    make: Make, logstash: Receiver, clock: FakeClock
) -> None:
    """If a new connection fails, too, that is what is told."""
    output = make(logstash.port)
    await output.publish(numbered(1, 1))
    logstash.is_down = True
    logstash.drop_connections()
    clock.jump(60)
    await settle()

    with pytest.raises(OutputUnavailable):
        await output.publish(numbered(2, 2))


async def test_a_receiver_that_is_gone_after_idling(
    make: Make, clock: FakeClock
) -> None:
    """The reason why no new connection can be had is told."""
    async with receiver() as served:
        output = make(served.port)
        await output.publish(numbered(1, 1))
    clock.jump(60)

    with pytest.raises(OutputUnavailable, match="connection refused"):
        await output.publish(numbered(2, 2))


async def test_a_window_waits_for_a_connection_that_ends(
    make: Make, logstash: Receiver
) -> None:
    """What was waiting for its turn is to be offered again, too."""
    logstash.answers.append(hang_up)
    output = make(logstash.port, pipelining=0)

    ended = await asyncio.gather(
        output.publish(numbered(1, 1)),
        output.publish(numbered(2, 2)),
        return_exceptions=True,
    )

    assert [type(one) for one in ended] == [OutputUnavailable] * 2


async def test_a_closed_link_sends_nothing(
    make: Make, logstash: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one that is closed while a batch is being encoded."""
    monkeypatch.setattr(Link, "open", do_nothing)

    with pytest.raises(OutputUnavailable, match="closed"):
        await make(logstash.port).publish(numbered(1, 1))


async def test_too_many_acknowledgements(make: Make, logstash: Receiver) -> None:
    """They could be taken for those of the next window, so the connection ends."""
    logstash.answers.append(say(ack(1), ack(1)))
    output = make(logstash.port)

    assert await output.publish(numbered(1, 1)) == Delivery(1)
    assert await output.publish(numbered(2, 2)) == Delivery(1)
    assert logstash.connections == 2


async def test_windows_grow_and_shrink(make: Make, logstash: Receiver) -> None:
    """`slow_start` begins with ten events and halves after a failure."""
    output = make(logstash.port, slow_start=True, bulk_max_size=30)
    await output.publish(numbered(1, 30))
    await output.publish(numbered(31, 60))
    logstash.answers.append(hang_up)
    with pytest.raises(OutputUnavailable):
        await output.publish(numbered(61, 90))
    await output.publish(numbered(61, 90))

    assert logstash.windows == [10, 15, 5, 30, 30, 15, 15]


async def test_later_windows_of_a_batch_may_fail(
    make: Make, logstash: Receiver
) -> None:
    """The windows before are delivered."""
    logstash.answers.extend((ack, hang_up))
    batch = numbered(1, 30)

    delivery = await make(logstash.port, slow_start=True).publish(batch)

    assert (delivery.accepted, list(delivery.retry)) == (10, batch[10:])


@pytest.mark.parametrize("pipelining", [0, 2])
async def test_old_connections_are_renewed(
    make: Make, logstash: Receiver, clock: FakeClock, pipelining: int
) -> None:
    """After `ttl` the next batch takes a new connection."""
    output = make(logstash.port, ttl="1m", pipelining=pipelining)
    await output.publish(numbered(1, 1))
    clock.jump(59)
    await output.publish(numbered(2, 2))
    clock.jump(1)
    await output.publish(numbered(3, 3))

    assert logstash.connections == 2


async def test_the_next_host_stands_in(make: Make, logstash: Receiver) -> None:
    """Without load balancing the first host that works has all the work."""
    output = make(refused_port(), logstash.port)

    assert await output.publish(numbered(1, 1)) == Delivery(1)
    assert output.limits.concurrency == 2


async def test_no_host_works(make: Make) -> None:
    """Every one of them is named."""
    ports = refused_port(), refused_port()

    with pytest.raises(OutputUnavailable) as caught:
        await make(*ports).publish(numbered(1, 1))

    assert all(f"127.0.0.1:{port}: " in str(caught.value) for port in ports)
    assert "connection refused" in str(caught.value)


async def test_work_is_spread_over_hosts(make: Make, logstash: Receiver) -> None:
    """With load balancing all hosts work, each over as many connections as wanted."""
    async with receiver() as other:
        output = make(logstash.port, other.port, loadbalance=True, worker=2)
        for number in range(1, 9):
            await output.publish(numbered(number, number))

        assert output.limits.concurrency == 8
        assert (len(logstash.ids), len(other.ids)) == (4, 4)
        assert (logstash.connections, other.connections) == (2, 2)


async def test_a_host_that_is_down_is_left_alone(
    make: Make, logstash: Receiver, clock: FakeClock
) -> None:
    """Its share goes to the others, and it gets another chance later."""
    async with receiver() as other:
        other.is_down = True
        output = make(other.port, logstash.port, loadbalance=True)
        with pytest.raises(OutputUnavailable):
            await output.publish(numbered(1, 1))
        for number in (1, 2, 3):
            await output.publish(numbered(number, number))
        other.is_down = False
        clock.jump(10)
        await output.publish(numbered(4, 4))

    assert (logstash.ids, other.ids) == (["id-1", "id-2", "id-3"], ["id-4"])


async def test_html_is_escaped_if_wanted(make: Make, logstash: Receiver) -> None:
    """The characters of markup, anywhere in the event."""
    batch = [record(1, index="<a>&")]

    await make(logstash.port, escape_html=True).publish(batch)

    assert b"\\u003ca\\u003e\\u0026" in logstash.raw[0]
    assert logstash.events[0]["@metadata"]["raw_index"] == "<a>&"


async def test_what_the_self_test_tells(make: Make, logstash: Receiver) -> None:
    """The steps up to the connection, for every host."""
    port = refused_port()
    output = make(logstash.port, port)

    found = [finding async for finding in output.test()]

    assert found[:6] == [
        Finding(f"127.0.0.1:{logstash.port}", ""),
        Finding("parse host", depth=2),
        Finding("dns lookup", depth=2),
        Finding("addresses", "INFO", "127.0.0.1", 2),
        Finding("dial up", depth=2),
        Finding("TLS", "WARN", "secure connection disabled", 2),
    ]
    assert found[-1].name == "dial up"
    assert found[-1].verdict == "ERROR"


async def test_a_batch_left_waiting_when_the_output_closes(
    make: Make, logstash: Receiver
) -> None:
    """What is not acknowledged by then is to be offered again."""
    logstash.answers.append(nothing)
    output = make(logstash.port)
    sent = asyncio.create_task(output.publish(numbered(1, 1)))
    while not logstash.windows:
        await settle(1)
    await output.close()

    with pytest.raises(OutputUnavailable):
        await sent

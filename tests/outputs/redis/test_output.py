"""Batches to a Redis that takes, refuses, wants a login or goes away."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat.errors import OutputUnavailable
from heartbeat.outputs.base import Delivery, Finding
from heartbeat.outputs.redis.link import Link
from tests.outputs.contract import RejectingContract
from tests.support.clock import settle
from tests.support.records import numbered, record, unfit
from tests.support.redis import Redis, redis_server
from tests.support.servers import hang_up, refused_port, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.outputs.redis import RedisOutput

    Make = Callable[..., RedisOutput]

NO_MEMORY = b"OOM command not allowed when used memory > 'maxmemory'."


def ids(values: list[bytes]) -> list[str]:
    """Return the ids of the documents among the values."""
    return [orjson.loads(value)["@metadata"]["_id"] for value in values]


async def do_nothing(_link: Link) -> None:
    """Be what opens no connection."""


class RedisRig:
    """An output and a server that breaks connections off while it is down."""

    def __init__(self, output: RedisOutput, redis: Redis) -> None:
        self.output = output
        self.is_closed = False
        self.unfit = unfit(a="b")
        self._redis = redis

    async def received(self) -> list[str]:
        """Return the ids on the list."""
        return ids(self._redis.values[b"heartbeat"])

    async def fail(self) -> None:
        """Let every connection break off."""
        self._redis.is_down = True

    async def recover(self) -> None:
        """Let commands be answered again."""
        self._redis.is_down = False


class TestContract(RejectingContract):
    """What every output keeps."""

    @pytest.fixture
    async def rig(self, make: Make, redis: Redis) -> RedisRig:
        """Return an output with a server."""
        rules = [{"key": "heartbeat", "when": {"has_fields": ["monitor.id"]}}]
        return RedisRig(make(redis.port, keys=rules, key="%{[none]}"), redis)


async def test_a_batch_is_one_command(make: Make, redis: Redis) -> None:
    """All documents of a key travel in one RPUSH; `index` is the key by default."""
    await make(redis.port, index="Uptime").publish(numbered(1, 3))

    assert [words for words in redis.commands if words[0] == b"RPUSH"] == [
        [b"RPUSH", b"Uptime"]
    ]
    first = orjson.loads(redis.values[b"Uptime"][0])
    assert first["@metadata"]["beat"] == "Uptime"
    assert first["monitor"] == {"id": "m1"}


async def test_channels_get_one_message_an_event(make: Make, redis: Redis) -> None:
    """A channel has no command for several messages."""
    delivery = await make(redis.port, datatype="channel", key="c").publish(
        numbered(1, 2)
    )

    assert delivery == Delivery(2, [], [])
    assert redis.commands[-2:] == [[b"PUBLISH", b"c"]] * 2
    assert ids(redis.values[b"c"]) == ["id-1", "id-2"]


async def test_keys_are_chosen_for_each_event(make: Make, redis: Redis) -> None:
    """Rules first, the plain option behind them; without any key it is rejected."""
    rules: list[Any] = [{"key": "first", "when": {"equals": {"monitor.id": "m1"}}}]
    rules.append({"key": "%{[monitor.id]}", "mappings": {"m2": "second"}})
    output = make(redis.port, keys=rules, key="%{[missing]}")
    batch = numbered(1, 3)

    delivery = await output.publish(batch)

    assert {key: ids(values) for key, values in redis.values.items()} == {
        b"first": ["id-1"],
        b"second": ["id-2"],
    }
    assert delivery.accepted == 2
    assert [one.record for one in delivery.rejected] == batch[2:]


async def test_a_batch_without_any_key(make: Make) -> None:
    """Nothing is sent then."""
    output = make(refused_port(), key="%{[missing]}")

    with pytest.raises(OutputUnavailable):
        await output.publish(numbered(1, 1))


async def test_values_can_have_another_form(make: Make, redis: Redis) -> None:
    """A codec makes them; what has none in it is rejected."""
    codec = {"format": {"string": "%{[monitor.id]} %{[@metadata.pipeline]}"}}
    batch = [record(1, pipeline="geo"), record(2)]

    delivery = await make(redis.port, codec=codec).publish(batch)

    assert redis.values[b"heartbeat"] == [b"m1 geo"]
    assert [one.record for one in delivery.rejected] == batch[1:]


async def test_nothing_has_a_form(make: Make, redis: Redis) -> None:
    """A batch of which nothing can be sent is no failure of the server."""
    codec = {"format": {"string": "%{[missing]}"}}

    delivery = await make(redis.port, codec=codec).publish(numbered(1, 1))

    assert (delivery.accepted, len(delivery.rejected)) == (0, 1)


async def test_each_key_has_its_own_verdict(make: Make, redis: Redis) -> None:
    """What is refused is offered again, the rest is not."""
    redis.refusals[b"m1"] = NO_MEMORY
    batch = numbered(1, 3)

    delivery = await make(redis.port, key="%{[monitor.id]}").publish(batch)

    assert delivery.accepted == 2
    assert list(delivery.retry) == batch[:1]
    assert "maxmemory" in delivery.cause


async def test_everything_is_refused(make: Make, redis: Redis) -> None:
    """The server is not available then, in its own words."""
    redis.refusals[b"heartbeat"] = b"READONLY You can't write against a replica."
    output = make(redis.port)

    with pytest.raises(OutputUnavailable, match="write against a replica"):
        await output.publish(numbered(1, 2))

    assert await output.publish(numbered(1, 2)) == Delivery(2, [], [])
    assert redis.connections == 1


@pytest.mark.parametrize(
    ("host", "options", "login"),
    [
        ("127.0.0.1", {"password": "s"}, [b"s"]),
        ("127.0.0.1", {"username": "u", "password": "s"}, [b"u", b"s"]),
        ("redis://:a%20b@127.0.0.1", {"password": "s"}, [b"a b"]),
        ("redis://me:x@127.0.0.1", {}, [b"me", b"x"]),
    ],
)
async def test_logins(
    make: Make, redis: Redis, host: str, options: dict[str, Any], login: list[bytes]
) -> None:
    """A password, with a user or not; what a URL says of it wins."""
    redis.logins = (login,)

    delivery = await make(f"{host}:{redis.port}", **options).publish(numbered(1, 1))

    assert delivery == Delivery(1, [], [])
    assert redis.commands[0][0] == b"AUTH"


async def test_a_wrong_login(make: Make, redis: Redis) -> None:
    """The server's words are told."""
    output = make(redis.port, password="s")

    with pytest.raises(OutputUnavailable, match="invalid password"):
        await output.publish(numbered(1, 1))


async def test_a_database(make: Make, redis: Redis) -> None:
    """It is selected behind the login."""
    await make(redis.port, db=3).publish(numbered(1, 1))

    assert redis.commands[0] == [b"SELECT", b"3"]


async def test_an_idle_connection_that_was_closed_is_no_failure(
    make: Make, redis: Redis
) -> None:
    """Servers hang up after a while; the next batch takes a new connection."""
    output = make(redis.port)
    await output.publish(numbered(1, 1))
    redis.drop_connections()
    await settle()

    assert await output.publish(numbered(2, 2)) == Delivery(1, [], [])
    assert redis.connections == 2


async def test_the_next_host_stands_in(make: Make, redis: Redis) -> None:
    """Without load balancing the first host that works has all the work."""
    output = make(refused_port(), redis.port, loadbalance=False)

    assert await output.publish(numbered(1, 1)) == Delivery(1, [], [])
    assert output.limits.concurrency == 1


async def test_work_is_spread_over_hosts(make: Make, redis: Redis) -> None:
    """With load balancing all hosts work."""
    async with redis_server() as other:
        output = make(redis.port, other.port, worker=2)
        for number in range(1, 5):
            await output.publish(numbered(number, number))

        assert output.limits.concurrency == 4
        assert (redis.connections, other.connections) == (2, 2)


async def test_no_host_works(make: Make) -> None:
    """Every one of them is named, and the reason."""
    ports = refused_port(), refused_port()

    with pytest.raises(OutputUnavailable) as caught:
        await make(*ports, loadbalance=False).publish(numbered(1, 1))

    text = "; ".join(f"127.0.0.1:{port}: dial: connection refused" for port in ports)
    assert str(caught.value) == text


async def test_a_server_that_hangs_up_at_once(make: Make) -> None:
    """The library's words are told, with the host."""
    async with serve(hang_up) as port:
        output = make(port, password="s")

        with pytest.raises(OutputUnavailable, match=f"127.0.0.1:{port}: "):
            await output.publish(numbered(1, 1))


async def test_what_the_self_test_tells(make: Make, redis: Redis) -> None:
    """Every host up to its login."""
    redis.logins = ([b"s"],)
    port = refused_port()
    output = make(redis.port, port, password="s")

    found = [finding async for finding in output.test()]

    assert [(one.name, one.verdict) for one in found] == [
        (f"127.0.0.1:{redis.port}", ""),
        ("parse host", "OK"),
        ("dns lookup", "OK"),
        ("addresses", "INFO"),
        ("dial up", "OK"),
        ("TLS", "WARN"),
        ("talk to server", "OK"),
        (f"127.0.0.1:{port}", ""),
        ("parse host", "OK"),
        ("dns lookup", "OK"),
        ("addresses", "INFO"),
        ("dial up", "ERROR"),
    ]


async def test_the_self_test_notices_a_wrong_login(make: Make, redis: Redis) -> None:
    """It says what the server says."""
    found = [finding async for finding in make(redis.port, password="s").test()]

    assert (found[-1].name, found[-1].verdict) == ("talk to server", "ERROR")
    assert re.search("invalid password", found[-1].text)


async def test_the_self_test_notices_a_refusal(make: Make, redis: Redis) -> None:
    """Any error of the server counts."""
    output = make(redis.port)
    redis.errors[b"PING"] = b"ERR not today"

    found = [finding async for finding in output.test()]

    assert found[-1] == Finding(
        "talk to server",
        "ERROR",
        f"127.0.0.1:{redis.port}: not today",
        2,
    )


async def test_a_closed_link_sends_nothing(
    make: Make, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one that is closed while a batch waits for its turn."""
    monkeypatch.setattr(Link, "open", do_nothing)

    with pytest.raises(OutputUnavailable, match="not connected"):
        await make(redis.port).publish(numbered(1, 1))


async def test_an_answer_nobody_waits_for(make: Make, redis: Redis) -> None:
    """A cancelled batch ends its connection: the answer would be taken for another."""
    output = make(redis.port)
    await output.publish(numbered(1, 1))
    redis.is_silent = True
    sent = asyncio.create_task(output.publish(numbered(2, 2)))
    while len(redis.commands) < 2:
        await settle(1)
    sent.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sent
    redis.is_silent = False

    assert await output.publish(numbered(2, 2)) == Delivery(1, [], [])
    assert redis.connections == 2

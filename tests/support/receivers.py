"""Real receivers in processes of their own, for tests that kill both sides.

Owns how each is started, killed, watched and read, all of it without a loop. Must not
know who sends.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Protocol, cast

import orjson
import redis
from aiokafka import AIOKafkaConsumer

from tests.support.program import runs, until
from tests.support.services import HOST, Service, kit

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

TOPIC = "up"


class Receiver(Protocol):
    """A server that takes events."""

    def start(self) -> None:
        """Start it with what it had before, and wait until it answers."""

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""

    def progress(self) -> int:
        """Return a number that grows with what arrives."""
        ...

    def ids(self) -> list[str]:
        """Return the ids of all events that arrived, the repeated ones again."""
        ...


class _Kit:
    """What the receivers of a kit have in common."""

    options: tuple[str, ...] = ()

    def __init__(self, service: Service) -> None:
        self.service = service

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"{HOST}:{self.service.port}"

    def start(self) -> None:
        """Start it with what it had before, and wait until it answers."""
        asyncio.run(self.service.start(*self.options))

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        process = self.service.process
        self.service.kill()
        until(lambda: not runs(process), "the end of the server")


class Logstash(_Kit):
    """The Lumberjack receiver, which writes what it takes into a file."""

    def start(self) -> None:
        """End the line that the crash may have left torn, so that no other joins it."""
        if self._events.is_file():
            with self._events.open("ab") as file:
                file.write(b"\n")
        super().start()

    def progress(self) -> int:
        """Return the size of the file."""
        return self._events.stat().st_size if self._events.is_file() else 0

    def ids(self) -> list[str]:
        """Return what whole lines hold; torn ones were not acknowledged."""
        found: list[str] = []
        for line in self._events.read_bytes().splitlines():
            with contextlib.suppress(orjson.JSONDecodeError):
                found.append(orjson.loads(line)["@metadata"]["_id"])
        return found

    @property
    def _events(self) -> Path:
        return self.service.folder / "events.ndjson"


class Redis(_Kit):
    """Redis with its append-only file, and the list `heartbeat`.

    By default it answers before it has written to the file while an fsync goes on, and
    loses what it acknowledged when it is killed then.
    """

    options = ("--appendfsync", "always")

    def progress(self) -> int:
        """Return the length of the list, 0 while the server is away."""
        try:
            with self._client() as client:
                return int(client.llen("heartbeat"))
        except redis.RedisError:
            return 0

    def ids(self) -> list[str]:
        """Return the ids on the list."""
        with self._client() as client:
            values = client.lrange("heartbeat", 0, -1)
        return [orjson.loads(value)["@metadata"]["_id"] for value in values]

    def _client(self) -> Any:
        return redis.Redis(host=HOST, port=self.service.port)


class Kafka(_Kit):
    """A broker, and its topic."""

    def progress(self) -> int:
        """Return the size of the topic's files."""
        logs = (self.service.folder / "data").glob(f"{TOPIC}-*/*.log")
        return sum(file.stat().st_size for file in logs)

    def ids(self) -> list[str]:
        """Return the ids of all messages."""
        return [
            orjson.loads(one.value)["@metadata"]["_id"]
            for one in asyncio.run(messages(self.address, TOPIC))
        ]


async def messages(address: str, topic: str) -> list[Any]:
    """Return all messages of a topic."""
    consumer = cast("Any", AIOKafkaConsumer)(
        topic, bootstrap_servers=address, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        found: list[Any] = []
        while len(found) < sum(ends.values()):
            for some in (await consumer.getmany(timeout_ms=1000)).values():
                found += some
    finally:
        await consumer.stop()
    return found


KINDS: dict[str, tuple[type[Logstash | Redis | Kafka], str]] = {
    "logstash": (Logstash, "HEARTBEAT_TEST_LOGSTASH"),
    "redis": (Redis, "HEARTBEAT_TEST_REDIS"),
    "kafka": (Kafka, "HEARTBEAT_TEST_KAFKA"),
}


@contextlib.contextmanager
def own_receiver(name: str, folder: Path) -> Generator[Logstash | Redis | Kafka]:
    """Start a receiver for one test, or skip the test."""
    kind, variable = KINDS[name]
    made = kind(Service(kit(variable), folder))
    try:
        made.start()
        yield made
    finally:
        asyncio.run(made.service.stop())

"""A way to Redis that keeps itself open, and what a batch becomes on it.

Owns which host is talked to, the commands for a batch and the verdict on each record.
Must not know how a command is sent or when to try again later.
"""

from __future__ import annotations

import asyncio
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from heartbeat.errors import OutputUnavailable
from heartbeat.outputs.base import Delivery, Rejection
from heartbeat.outputs.codec import encode_batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from heartbeat.event import Record
    from heartbeat.outputs.base import Batch
    from heartbeat.outputs.codec import Codec
    from heartbeat.outputs.redis import wire
    from heartbeat.outputs.redis.options import Server
    from heartbeat.outputs.redis.wire import Wire
    from heartbeat.outputs.selector import Selector
    from heartbeat.outputs.streams import Opener

NO_KEY = "no key: none of the rules and format strings gives one"


@dataclass(frozen=True, slots=True)
class Login:
    """As whom and where to; `timeout` in seconds for each answer."""

    timeout: float
    db: int = 0
    username: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """What records become: values under keys, on a list or in a channel."""

    codec: Codec
    key: Selector
    is_channel: bool = False


@dataclass(slots=True)
class Command:
    """One command, and the records it carries."""

    words: list[str | bytes]
    records: list[Record]


class Commands:
    """What is sent for a batch."""

    def __init__(self, batch: Batch, shape: Shape) -> None:
        """Sort the records: one RPUSH for each key, one PUBLISH for each record."""
        encoded = encode_batch(shape.codec, batch)
        self.rejected = encoded.rejected
        self.all: list[Command] = []
        self._lists: dict[str, Command] = {}
        for record, text in zip(encoded.records, encoded.texts, strict=True):
            key = shape.key.choose(record)
            if not key:
                self.rejected.append(Rejection(record, NO_KEY, "no key"))
            elif shape.is_channel:
                self.all.append(Command(["PUBLISH", key, text], [record]))
            else:
                self._push(key, text, record)

    def delivery(self, answers: Sequence[object]) -> Delivery:
        """Return the verdicts; raises `OutputUnavailable` if nothing was taken.

        Errors of Redis are about its state (no memory, read only, no permission, a key
        of another type), never about a value: all of them are worth another try.
        """
        failed = list(self._failures(answers))
        retry = [record for command, _ in failed for record in command.records]
        sent = sum(len(command.records) for command in self.all)
        causes = "; ".join(dict.fromkeys(str(error) for _, error in failed))
        if retry and len(retry) == sent and not self.rejected:
            raise OutputUnavailable(causes)
        return Delivery(sent - len(retry), retry, self.rejected, cause=causes)

    def _failures(
        self, answers: Sequence[object]
    ) -> Iterator[tuple[Command, Exception]]:
        for command, answer in zip(self.all, answers, strict=True):
            if isinstance(answer, Exception):
                yield command, answer

    def _push(self, key: str, text: bytes, record: Record) -> None:
        command = self._lists.get(key)
        if command is None:
            command = self._lists[key] = Command(["RPUSH", key], [])
            self.all.append(command)
        command.words.append(text)
        command.records.append(record)


class Link:
    """Hosts that stand in for each other, and the connection to one of them."""

    def __init__(
        self,
        servers: Sequence[Server],
        openers: Sequence[Opener],
        login: Login,
        shape: Shape,
    ) -> None:
        """Connect to nothing yet; each server has its opener."""
        self._servers = tuple(zip(servers, openers, strict=True))
        self._login = login
        self._shape = shape
        self._wire: Wire | None = None
        self._chosen = 0
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Connect to the first host that can be reached, the last one first."""
        async with self._turn:
            if self._wire is None or not self._wire.is_open:
                await self._connect()

    async def send(self, batch: Batch) -> Delivery:
        """Send the batch with one round trip; raises `OutputUnavailable`."""
        commands = Commands(batch, self._shape)
        if not commands.all:
            return commands.delivery(())
        async with self._turn:
            if self._wire is None:
                raise OutputUnavailable("not connected")
            answers = await self._wire.run([one.words for one in commands.all])
        return commands.delivery(answers)

    async def close(self) -> None:
        """Hang up."""
        wire, self._wire = self._wire, None
        if wire is not None:
            await wire.close()

    async def _connect(self) -> None:
        await self.close()
        failures: list[str] = []
        for _ in self._servers:
            server, opener = self._servers[self._chosen]
            try:
                self._wire = await connect(opener, server, self._login)
            except OutputUnavailable as error:
                failures.append(str(error))
                self._chosen = (self._chosen + 1) % len(self._servers)
            else:
                return
        raise OutputUnavailable("; ".join(failures))


async def connect(opener: Opener, server: Server, login: Login) -> Wire:
    """Return an open connection; raises `OutputUnavailable`.

    The library is loaded on first use and in a thread, because that takes its time.
    """
    loop = asyncio.get_running_loop()
    name = "heartbeat.outputs.redis.wire"
    module = await loop.run_in_executor(None, importlib.import_module, name)
    opened = cast("type[wire.Wire]", module.Wire)(opener, server, login)
    await opened.open()
    return opened

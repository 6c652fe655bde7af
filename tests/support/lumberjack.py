"""A Logstash that does what a test tells it.

Owns the receiving end of the Lumberjack protocol and what it was sent. Must not know
the sending end: the frames are taken apart here by other code.
"""

from __future__ import annotations

import struct
import zlib
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from tests.support.servers import reset, serve

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import AsyncGenerator, Callable

    Answer: TypeAlias = Callable[[int], bytes | None]


def ack(sequence: int) -> bytes:
    """Return the frame that acknowledges."""
    return b"2A" + struct.pack(">I", sequence)


def nothing(_count: int) -> bytes:
    """Say nothing."""
    return b""


def hang_up(_count: int) -> None:
    """Close the connection."""


def say(*frames: bytes) -> Answer:
    """Return an answer of fixed bytes."""
    return lambda _: b"".join(frames)


@dataclass
class Receiver:
    """What arrived: `events` of windows that were acknowledged in whole or in part.

    `answers` are for the next windows, after which each is acknowledged. `windows` has
    the size of each window that arrived, `lost` the connections that ended.
    """

    port: int = 0
    is_down: bool = False
    answers: deque[Answer] = field(default_factory=deque["Answer"])
    windows: list[int] = field(default_factory=list[int])
    compressed: list[bool] = field(default_factory=list[bool])
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    raw: list[bytes] = field(default_factory=list[bytes])
    connections: int = 0
    writers: list[asyncio.StreamWriter] = field(
        default_factory=list["asyncio.StreamWriter"]
    )

    @property
    def ids(self) -> list[str]:
        """Return the ids of the events in their order."""
        return [event["@metadata"]["_id"] for event in self.events]

    async def talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Take windows until something says otherwise."""
        self.connections += 1
        self.writers.append(writer)
        while not self.is_down:
            payloads = await self._window(reader)
            if self.is_down:
                break
            answer = self.answers.popleft() if self.answers else ack
            said = answer(len(payloads))
            if said is None:
                return
            self._keep(payloads, said)
            writer.write(said)
        await reset(reader, writer)

    def drop_connections(self) -> None:
        """Close what is open, as a receiver does with idle connections."""
        for writer in self.writers:
            writer.close()
        self.writers.clear()

    def _keep(self, payloads: list[bytes], said: bytes) -> None:
        sequences = [
            int.from_bytes(said[at + 2 : at + 6]) for at in range(0, len(said), 6)
        ]
        taken = payloads[: max(sequences, default=0)]
        self.raw += taken
        self.events += [orjson.loads(payload) for payload in taken]

    async def _window(self, reader: asyncio.StreamReader) -> list[bytes]:
        version, kind, count = struct.unpack(">ccI", await reader.readexactly(6))
        assert (version, kind) == (b"2", b"W")
        self.windows.append(count)
        head = await reader.readexactly(6)
        self.compressed.append(head[:2] == b"2C")
        if head[:2] == b"2C":
            stream = await reader.readexactly(int.from_bytes(head[2:]))
            data = zlib.decompress(stream)
        else:
            data = head + await self._plain(reader, head, count)
        return list(_payloads(data, count))

    async def _plain(
        self, reader: asyncio.StreamReader, head: bytes, count: int
    ) -> bytes:
        """Return the rest of the frames of a window that is not compressed."""
        data = b""
        for number in range(count):
            start = head if number == 0 else await reader.readexactly(6)
            size = await reader.readexactly(4)
            body = await reader.readexactly(int.from_bytes(size))
            data += (b"" if number == 0 else start) + size + body
        return data


def _payloads(data: bytes, count: int) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    for number in range(1, count + 1):
        kind, sequence, size = struct.unpack_from(">2sII", data, at)
        assert (kind, sequence) == (b"2J", number)
        found.append(data[at + 10 : at + 10 + size])
        at += 10 + size
    assert at == len(data)
    return found


@asynccontextmanager
async def receiver(*, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Receiver]:
    """Serve a receiver on an ephemeral port of loopback."""
    made = Receiver()
    async with serve(made.talk, tls=tls) as port:
        made.port = port
        yield made

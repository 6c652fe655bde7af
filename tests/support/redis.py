"""A Redis that does what a test tells it.

Owns the server's end of the protocol, for the commands heartbeat uses, and what was
pushed or published. Must not know the client.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.servers import reset, serve

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import AsyncGenerator


@dataclass
class Redis:
    """`values` are by key; `commands` has the first words of all that came.

    `refusals` are answers to the next commands that write, by key, `errors` those to
    any other command. A server that `is_down` breaks every connection off, one that
    `is_silent` answers nothing.
    """

    port: int = 0
    is_down: bool = False
    is_silent: bool = False
    logins: tuple[list[bytes], ...] = ()
    refusals: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    errors: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    values: defaultdict[bytes, list[bytes]] = field(
        default_factory=lambda: defaultdict(list)
    )
    commands: list[list[bytes]] = field(default_factory=list[list[bytes]])
    connections: int = 0
    writers: list[asyncio.StreamWriter] = field(
        default_factory=list["asyncio.StreamWriter"]
    )

    async def talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer command after command."""
        self.connections += 1
        self.writers.append(writer)
        while not self.is_down:
            words = await _command(reader)
            if self.is_down:
                break
            self.commands.append(words[:2])
            if not self.is_silent:
                writer.write(self._answer(words))
        await reset(reader, writer)

    def drop_connections(self) -> None:
        """Close what is open, as a server does with idle clients."""
        for writer in self.writers:
            writer.close()
        self.writers.clear()

    def _answer(self, words: list[bytes]) -> bytes:
        match words:
            case [b"AUTH", *login]:
                is_known = login in self.logins
                return b"+OK\r\n" if is_known else b"-WRONGPASS invalid password\r\n"
            case [b"RPUSH" | b"PUBLISH", key, *values]:
                if key in self.refusals:
                    return b"-%b\r\n" % self.refusals.pop(key)
                self.values[key] += values
                return b":%d\r\n" % len(self.values[key])
            case [name, *_] if name in self.errors:
                return b"-%b\r\n" % self.errors[name]
            case _:
                return b"+OK\r\n"


async def _command(reader: asyncio.StreamReader) -> list[bytes]:
    count = int((await reader.readuntil())[1:])
    return [await _word(reader) for _ in range(count)]


async def _word(reader: asyncio.StreamReader) -> bytes:
    size = int((await reader.readuntil())[1:])
    return (await reader.readexactly(size + 2))[:-2]


@asynccontextmanager
async def redis_server(*, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Redis]:
    """Serve a Redis on an ephemeral port of loopback."""
    made = Redis()
    async with serve(made.talk, tls=tls) as port:
        made.port = port
        yield made

"""A wire to a server that can be cut at any byte.

Owns a TCP proxy on loopback. Must not know what travels through it.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.servers import reset, serve

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class Cut(Exception):  # noqa: N818 - not a fault
    """The wire is through."""


@dataclass
class Wire:
    """`passed` counts bytes of both directions; `cuts` is where to cut next.

    A cut ends the connection with a reset at both ends or, with `is_silent`, lets it
    stand and drops what is sent. The next connection begins to count anew.
    """

    server: int
    port: int = 0
    is_silent: bool = False
    passed: int = 0
    cuts: list[int] = field(default_factory=list[int])

    async def talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Pass bytes in both directions until one end goes or the wire is cut."""
        theirs, ours = await asyncio.open_connection("127.0.0.1", self.server)
        self.passed = 0
        lost = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(reader, ours, lost))
                group.create_task(self._pass(theirs, writer, lost))
        except* Cut:
            await reset(theirs, ours)
            await reset(reader, writer)
        except* (OSError, EOFError):
            pass
        finally:
            ours.transport.abort()

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        lost: asyncio.Event,
    ) -> None:
        while data := await reader.read(65_536):
            if lost.is_set():
                continue
            room = self.cuts[0] - self.passed if self.cuts else len(data)
            writer.write(data[:room])
            await writer.drain()
            self.passed += len(data[:room])
            if self.cuts and self.passed >= self.cuts[0]:
                self.cuts.pop(0)
                if not self.is_silent:
                    raise Cut
                lost.set()
        raise EOFError


@asynccontextmanager
async def wire_to(server: int) -> AsyncGenerator[Wire]:
    """Serve on loopback what listens at another port of it."""
    wire = Wire(server)
    async with serve(wire.talk) as port:
        wire.port = port
        yield wire

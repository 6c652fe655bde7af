"""A web server that answers exactly the bytes a test gives it.

For everything a healthy server would not do: broken heads, bodies that stall, resets.
Owns the script and how it is played; knows no HTTP beyond where a request ends.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeAlias

from tests.support.servers import serve

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator


class Act(Enum):
    """What a server does besides sending bytes."""

    PAUSE = auto()
    """Say so, then do nothing until the peer goes away."""

    RESET = auto()
    """Abort the connection."""


Step: TypeAlias = "bytes | Act"

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


@dataclass(slots=True)
class WebServer:
    """A running server: its port and what it was asked, whole requests as they came."""

    script: tuple[Step, ...]
    port: int = 0
    requests: list[bytes] = field(default_factory=list[bytes])
    paused: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, path: str = "/") -> str:
        """Return the address of a path on this server."""
        return f"http://127.0.0.1:{self.port}{path}"

    async def talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Read one request, then play the script; close when all is sent."""
        await self._read_request(reader)
        for step in self.script:
            await self._play(step, reader, writer)
        writer.close()
        await writer.wait_closed()

    async def _read_request(self, reader: asyncio.StreamReader) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(request)
        if length is not None:
            request += await reader.readexactly(int(length[1]))
        self.requests.append(request)

    async def _play(
        self, step: Step, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        match step:
            case bytes():
                writer.write(step)
            case Act.PAUSE:
                await writer.drain()
                self.paused.set()
                await reader.read()
            case Act.RESET:
                await writer.drain()
                linger = struct.pack("ii", 1, 0)
                sock: socket.socket = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()


@asynccontextmanager
async def serving(
    *script: Step, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[WebServer]:
    """Run a server that plays the script for each connection."""
    web = WebServer(script)
    async with serve(web.talk, tls=tls) as web.port:
        yield web


def answer(
    body: bytes = b"", *headers: str, status: str = "200 OK", length: int | None = None
) -> bytes:
    """Return a response with its Content-Length, or another one than it has."""
    lines = [
        f"HTTP/1.1 {status}",
        *headers,
        f"Content-Length: {len(body) if length is None else length}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(*chunks: bytes) -> bytes:
    """Return a response whose body is sent in these chunks."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    parts = [b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks]
    return head + b"".join(parts) + b"0\r\n\r\n"

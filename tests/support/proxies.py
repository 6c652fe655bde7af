"""Proxies on loopback: ones that work, and ones that say what a test tells them.

Owns both protocols as a server speaks them. Must not know the code under test.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.servers import serve

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator

    from tests.support.servers import Talk

LET_THROUGH = b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
"""What a SOCKS proxy says when the connection to the target is made."""


@dataclass
class ProxyServer:
    """A proxy that connects every name to 127.0.0.1 and notes what it was asked for.

    `greeting` is said to the client in one go with the proxy's last word, as if it came
    from the target.
    """

    login: tuple[str, str] | None = None
    greeting: bytes = b""
    port: int = 0
    targets: list[str] = field(default_factory=list[str])
    heads: list[bytes] = field(default_factory=list[bytes])

    @asynccontextmanager
    async def socks(self) -> AsyncGenerator[ProxyServer]:
        """Serve SOCKS 5."""
        async with serve(self._talk_socks) as self.port:
            yield self

    @asynccontextmanager
    async def http(
        self, tls: ssl.SSLContext | None = None
    ) -> AsyncGenerator[ProxyServer]:
        """Serve HTTP CONNECT."""
        async with serve(self._talk_http, tls=tls) as self.port:
            yield self

    async def _talk_socks(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        _, count = await reader.readexactly(2)
        await reader.readexactly(count)
        writer.write(b"\x05\x02" if self.login else b"\x05\x00")
        if self.login:
            user = await self._text(reader, skip=1)
            password = await self._text(reader)
            is_known = (user, password) == self.login
            writer.write(b"\x01\x00" if is_known else b"\x01\x01")
        *_, kind = await reader.readexactly(4)
        if kind == 3:
            host = await self._text(reader)
        else:
            host = str(ipaddress.ip_address(await reader.readexactly(kind * 4)))
        port = int.from_bytes(await reader.readexactly(2))
        self.targets.append(f"{host}:{port}")
        writer.write(LET_THROUGH + self.greeting)
        await _relay(port, reader, writer)

    async def _text(self, reader: asyncio.StreamReader, skip: int = 0) -> str:
        size = (await reader.readexactly(skip + 1))[-1]
        return (await reader.readexactly(size)).decode()

    async def _talk_http(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        target = head.split(b" ")[1].decode()
        self.targets.append(target)
        writer.write(b"HTTP/1.1 200 OK\r\nVia: test\r\n\r\n" + self.greeting)
        await _relay(int(target.rpartition(":")[2]), reader, writer)


async def _relay(
    port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Carry bytes both ways until both sides have finished."""
    inner, outer = await asyncio.open_connection("127.0.0.1", port)

    async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                sink.write(data)
        sink.close()

    try:
        await asyncio.gather(carry(reader, outer), carry(inner, writer))
    finally:
        outer.transport.abort()


def script(*steps: bytes | int) -> Talk:
    """Return a talk: bytes are said, a number is how many bytes to wait for.

    At the end of the script nothing more is said; 0 at the end closes the connection.
    """

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for step in steps:
            if isinstance(step, bytes):
                writer.write(step)
            elif step:
                await reader.readexactly(step)
        if steps[-1:] != (0,):
            while await reader.read(65_536):
                pass

    return talk

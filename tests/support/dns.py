"""Name servers on loopback that answer as a test tells them, and their messages.

Owns answers as bytes, written apart from the code under test. Must not know it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import struct
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

from tests.support.servers import serve

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

Respond: TypeAlias = "Callable[[bytes], bytes | None]"
"""What a server makes of a question; None for no answer."""


def response(
    question: bytes,
    records: Sequence[bytes] = (),
    *,
    code: int = 0,
    truncated: bool = False,
) -> bytes:
    """Return an answer to a question."""
    flags = 0x8180 | code | (0x0200 if truncated else 0)
    counts = struct.pack("!5H", flags, 1, len(records), 0, 0)
    return question[:2] + counts + question[12:] + b"".join(records)


def record(address: str, ttl: int = 60, name: bytes = b"\xc0\x0c") -> bytes:
    """Return an address record; the name points to the question's by default."""
    packed = ipaddress.ip_address(address).packed
    kind = 1 if len(packed) == 4 else 28
    return name + struct.pack("!HHIH", kind, 1, ttl, len(packed)) + packed


def alias(ttl: int = 60) -> bytes:
    """Return a record that says the name is another's."""
    target = b"\x05other\x04test\x00"
    return b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, ttl, len(target)) + target


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, respond: Respond) -> None:
        self._respond = respond
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._respond(data)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def name_server(
    respond: Respond, over_tcp: Respond | None = None
) -> AsyncGenerator[int]:
    """Serve both ways on one port, which is yielded."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(2))
        answer = (over_tcp or respond)(await reader.readexactly(size))
        if answer is not None:
            writer.write(len(answer).to_bytes(2) + answer)
            await reader.read()

    async with serve(talk) as port:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(respond), local_addr=("127.0.0.1", port)
        )
        try:
            yield port
        finally:
            transport.close()

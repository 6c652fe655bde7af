"""Messages between a supervisor and one worker: a pair of sockets.

Owns the form of messages: a length, then an object as JSON. Must not know what they
say. The end of the stream tells either side that the other has gone, however it died.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator

LENGTH_BYTES = 4


class Channel:
    """One side of the pair, on the event loop."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Take the streams; use `opened`."""
        self._reader = reader
        self._writer = writer

    @classmethod
    async def opened(cls, side: socket.socket) -> Channel:
        """Take over a side of the pair."""
        side.settimeout(0.0)
        return cls(*await asyncio.open_connection(sock=side))

    async def send(self, message: Any) -> None:
        """Send a message; what the other side does not take any more is lost."""
        self.tell(message)
        try:
            await self._writer.drain()
        except OSError:
            return  # its end is seen where messages are read

    def tell(self, message: Any) -> None:
        """Send a small message, without waiting until it is taken."""
        if not self._writer.is_closing():
            self._writer.write(packed(message))

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """Yield what the other side sends, until it has gone."""
        try:
            while True:
                length = await self._reader.readexactly(LENGTH_BYTES)
                body = await self._reader.readexactly(int.from_bytes(length, "big"))
                yield orjson.loads(body)
        except (asyncio.IncompleteReadError, OSError):
            return

    def close(self) -> None:
        """Let go; the other side sees the end."""
        self._writer.close()


def packed(message: Any) -> bytes:
    """Return a message as it is sent."""
    body = orjson.dumps(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body

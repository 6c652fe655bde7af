"""A web server with several pages, each the bytes a test gives it.

Owns which page answers which request. Knows no HTTP beyond the request line.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.servers import serve

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


@dataclass(slots=True)
class Site:
    """A running server: its pages by what the request line asks for, and its port."""

    pages: dict[str, bytes]
    port: int = 0
    requests: list[bytes] = field(default_factory=list[bytes])
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, path: str) -> str:
        """Return the address of a page."""
        return f"http://127.0.0.1:{self.port}{path}"

    async def talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request and close."""
        request = await reader.readuntil(b"\r\n\r\n")
        self.requests.append(request)
        self.asked.set()
        writer.write(self.pages[request.split()[1].decode()])
        await writer.drain()


@asynccontextmanager
async def site(pages: dict[str, bytes]) -> AsyncGenerator[Site]:
    """Run a server with these pages."""
    web = Site(dict(pages))
    async with serve(web.talk) as web.port:
        yield web

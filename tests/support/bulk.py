"""An Elasticsearch of a few lines that also does what a healthy one never would.

Owns the bulk interface as far as an output needs it, and a script of misbehaviour. Must
not know the output.
"""

from __future__ import annotations

from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

import orjson

from heartbeat.deflate import decompress
from tests.support.servers import reset, serve, silence

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    Act: TypeAlias = Callable[
        ["Request", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]
    ]

VERSION = {"version": {"number": "9.4.3", "build_flavor": "default"}}
SECURITY_OFF = {"error": "no handler found for uri", "status": 400}


@dataclass(frozen=True)
class Request:
    """A request as it arrived, its body unpacked."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """Return the path without the query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """Return the parameters."""
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def actions(self) -> list[dict[str, str]]:
        """Return the members of every `create`."""
        return [orjson.loads(line)["create"] for line in self.body.splitlines()[::2]]

    @property
    def documents(self) -> list[bytes]:
        """Return every document line."""
        return self.body.splitlines()[1::2]

    @property
    def ids(self) -> list[str]:
        """Return the ids of the documents."""
        return [action["_id"] for action in self.actions]


@dataclass
class Bulk:
    """What arrived, and what is to happen next.

    `script` holds what to do with the next bulk requests; without it documents are
    taken, each id once, but for those that are `refused`.
    """

    requests: list[Request] = field(default_factory=list[Request])
    script: deque[Act] = field(default_factory=deque["Act"])
    refused: frozenset[str] = frozenset()
    taken: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    root: Act | None = None
    privileges: Act | None = None
    search: Act | None = None
    license: Act | None = None
    is_down: bool = False
    connections: int = 0
    url: str = ""

    @property
    def bulks(self) -> list[Request]:
        """Return the bulk requests."""
        return [one for one in self.requests if one.path.endswith("/_bulk")]

    async def talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer requests until the peer has gone."""
        self.connections += 1
        while True:
            request = await read_request(reader)
            if self.is_down:
                await reset(reader, writer)
                return
            self.requests.append(request)
            await self._act(request)(request, reader, writer)

    def _act(self, request: Request) -> Act:
        if request.path.endswith("/_bulk"):
            return self.script.popleft() if self.script else self._take
        if request.path.endswith("/_has_privileges"):
            return self.privileges or answer(SECURITY_OFF, status=400)
        if request.path.endswith("/_search"):
            return self.search or answer({})
        if request.path.endswith("/_license"):
            return self.license or answer({"license": {"status": "active"}})
        return self.root or answer(VERSION)

    async def _take(
        self,
        request: Request,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        verdicts = [self.take(action) for action in request.actions]
        await items(*verdicts)(request, reader, writer)

    def take(self, action: Mapping[str, str]) -> int | dict[str, Any]:
        """Take an event, unless it is there or refused; return the verdict."""
        place = (action["_index"], action["_id"])
        if action["_id"] in self.refused:
            return fault(400, "document_parsing_exception", "failed to parse")
        if place in self.taken:
            return 409
        self.taken.append(place)
        return 201


@asynccontextmanager
async def bulk_server(
    bulk: Bulk | None = None, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Bulk]:
    """Serve on loopback."""
    served = bulk or Bulk()
    async with serve(served.talk, tls=tls) as port:
        served.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        yield served


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Return the next request; raises `EOFError` at the end."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    line, *lines = head.rstrip().split("\r\n")
    headers = {
        name.lower(): value for name, _, value in (one.partition(": ") for one in lines)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    if headers.get("content-encoding") == "gzip":
        body = decompress(body)
    method, target, _ = line.split(" ")
    return Request(method, target, headers, body)


def answer(content: Any, *, status: int = 200, **headers: str) -> Act:
    """Return the act of answering with JSON, or with bytes as they are."""
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    told = {"content-type": "application/json", **named}

    async def act(
        _request: Request, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        lines = [f"HTTP/1.1 {status} Status", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in told.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()

    return act


def items(*verdicts: int | dict[str, Any]) -> Act:
    """Return the act of answering a bulk request, one status or verdict an event."""
    full = [{"status": one} if isinstance(one, int) else one for one in verdicts]
    has_errors = any(one["status"] >= 300 for one in full)
    content = {"errors": has_errors, "items": [{"create": one} for one in full]}
    return answer(content)


def fault(status: int, kind: str, reason: str, **more: Any) -> dict[str, Any]:
    """Return the verdict on an event that was not taken."""
    return {"status": status, "error": {"type": kind, "reason": reason, **more}}


async def break_off(
    _request: Request, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Close in the middle of an answer."""
    head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99"
    writer.write(f'{head}\r\n\r\n{{"errors":fal'.encode())
    await writer.drain()
    writer.close()


async def hang(
    _request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Never answer."""
    await silence(reader, writer)


async def hang_up(
    _request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Reset the connection instead of answering."""
    await reset(reader, writer)


async def close(
    _request: Request, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Close the connection instead of answering."""
    writer.close()

"""Web APIs on loopback that answer as a test tells them.

Owns routes, and streams that go on for as long as a test wants. Must not know who asks.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote

import orjson
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

Answer: TypeAlias = "bytes | str | dict[str, Any] | list[Any] | int | Stream"
"""A body, JSON, a status, or a stream of lines."""


class Stream:
    """Lines of JSON; each goes out when it is put, None ends the stream."""

    def __init__(self) -> None:
        """Have nothing to say yet."""
        self._lines: asyncio.Queue[Any] = asyncio.Queue()
        self.asked = asyncio.Event()

    def put(self, line: Any) -> None:
        """Say something, to whoever asks first."""
        self._lines.put_nowait(line)

    async def play(self, request: web.Request) -> web.StreamResponse:
        """Send lines until the stream is ended."""
        response = web.StreamResponse()
        await response.prepare(request)
        self.asked.set()
        while (line := await self._lines.get()) is not None:
            data = line if isinstance(line, bytes) else orjson.dumps(line) + b"\n"
            await response.write(data)
        return response


@dataclass(slots=True)
class Api:
    """A running server: `routes` from method and path, with its query, to answers.

    A route with the query is looked for first. `requests` are those that came.
    """

    routes: dict[str, Answer]
    port: int = 0
    requests: list[web.Request] = field(default_factory=list[web.Request])

    @property
    def url(self) -> str:
        """Return the address of the server."""
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request; 404 where there is no route."""
        assert isinstance(request, web.Request)
        self.requests.append(request)
        route = f"{request.method} {request.path}"
        found = self.routes.get(f"{request.method} {unquote(request.path_qs)}")
        found = self.routes.get(route, 404) if found is None else found
        match found:
            case Stream():
                return await found.play(request)
            case int():
                return web.Response(status=found)
            case bytes() | str():
                return web.Response(body=found)
            case _:
                return web.Response(body=orjson.dumps(found))


@asynccontextmanager
async def serving_api(
    routes: dict[str, Answer], socket: str = ""
) -> AsyncGenerator[Api]:
    """Run a server with these routes, on a Unix socket if one is named."""
    api = Api(routes)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.answer)
    runner = web.AppRunner(
        app, access_log=None, handler_cancellation=True, shutdown_timeout=0.05
    )
    await runner.setup()
    site: web.BaseSite
    if socket:
        site = web.UnixSite(runner, socket)
    else:
        site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    if not socket:
        api.port = runner.addresses[0][1]
    try:
        yield api
    finally:
        await runner.cleanup()

"""The HTTP endpoint: who this process is, what it counts, whether it is well.

Owns the listening socket, the routes and the shape of their answers. Must not know
where the figures come from: it is given functions that return them. No authentication,
so it listens where the configuration says, loopback by default.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import orjson
from aiohttp import web

from heartbeat.errors import BadQuery, ConfigError, system_text
from heartbeat.shown import WELL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from heartbeat.shown import Exposition, Figures, Listing, Views

UNIX = "unix://"
PIPE = "npipe://"


class Endpoint:
    """The listening endpoint of one process."""

    def __init__(self, host: str, port: int, views: Views) -> None:
        """Prepare to listen on `host` (a name, an address or `unix:///path`)."""
        self._host = host.removeprefix("http://")
        self._port = port
        self._runner = web.AppRunner(_application(views), access_log=None)

    async def start(self) -> None:
        """Listen; raises `ConfigError` if the place is taken or not ours."""
        if self._host.startswith(PIPE):
            text = f"http.host {self._host}: named pipes are Windows', use {UNIX}/path"
            raise ConfigError(text)
        await self._runner.setup()
        try:
            await self._site().start()
        except OSError as error:
            await self._runner.cleanup()
            place = f"{self._host}:{self._port}"
            if self._host.startswith(UNIX):
                place = self._host
            text = f"http endpoint cannot listen on {place}: {system_text(error)}"
            raise ConfigError(text) from error
        if self._host.startswith(UNIX):
            _close_to_others(self._host)

    async def close(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    @property
    def addresses(self) -> list[Any]:
        """Return the addresses listened on, as the socket module gives them."""
        return list(self._runner.addresses)

    def _site(self) -> web.BaseSite:
        if not self._host.startswith(UNIX):
            return web.TCPSite(self._runner, self._host, self._port)
        path = Path(self._host.removeprefix(UNIX))
        _remove_stale(path)
        return web.UnixSite(self._runner, os.fspath(path))


def _remove_stale(path: Path) -> None:
    """Remove a socket that nobody listens on; raises `OSError` for one in use.

    The event loop would take that one away from its owner without a word.
    """
    if not path.exists() or not stat.S_ISSOCK(path.stat().st_mode):
        return
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(0.0)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def _close_to_others(host: str) -> None:
    Path(host.removeprefix(UNIX)).chmod(0o740)


def _application(views: Views) -> web.Application:
    application = web.Application(middlewares=[_without_slash])
    add = application.router.add_route
    for path, figures in views.figures.items():
        add("*", path, _plain(figures))
    for path, listing in views.listings.items():
        add("*", path, _listing(listing))
    for path, exposition in views.expositions.items():
        add("*", path, _exposition(exposition))
    for path, reason in views.refused.items():
        add("*", path, _refusal(reason))
        add("*", path + "/{rest:.*}", _refusal(reason))
    return application


@web.middleware
async def _without_slash(request: web.Request, handler: Any) -> web.StreamResponse:
    """Redirect a known path with a slash at its end to the one without."""
    try:
        return cast("web.StreamResponse", await handler(request))
    except web.HTTPNotFound:
        path = request.rel_url.raw_path.rstrip("/")
        known = {resource.canonical for resource in request.app.router.resources()}
        if path not in known:
            raise
    query = request.rel_url.raw_query_string
    raise web.HTTPMovedPermanently(f"{path}?{query}" if query else path)


def _plain(figures: Figures) -> Any:
    async def answer(request: web.Request) -> web.Response:
        return _json(request, figures())

    return answer


def _listing(listing: Listing) -> Any:
    async def answer(request: web.Request) -> web.Response:
        try:
            return _json(request, await listing(request.query))
        except BadQuery as error:
            return _json(request, {"error": str(error)}, status=400)

    return answer


def _exposition(exposition: Callable[[], Awaitable[Exposition]]) -> Any:
    async def answer(_: web.Request) -> web.Response:
        page = await exposition()
        return web.Response(body=page.body, headers={"Content-Type": page.media_type})

    return answer


def _refusal(reason: str) -> Any:
    async def answer(request: web.Request) -> web.Response:
        return _json(request, {"error": reason}, status=501)

    return answer


def _json(request: web.Request, content: Any, status: int = 200) -> web.Response:
    if isinstance(content, dict):
        members = cast("dict[str, Any]", content)
        status = status if members.get("status", WELL) == WELL else 503
    options = orjson.OPT_INDENT_2 if "pretty" in request.query else 0
    return web.Response(
        body=orjson.dumps(content, option=options) + b"\n",
        status=status,
        content_type="application/json",
    )

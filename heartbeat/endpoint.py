"""The HTTP endpoint: who this process is, what it counts, whether it is well.

Owns the listening socket, the routes and the shape of their answers. Must not know
where the figures come from: it is given functions that return them. No authentication,
so it listens where the configuration says, loopback by default.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson
from aiohttp import web

from heartbeat.errors import ConfigError, system_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Figures: TypeAlias = "Callable[[], Mapping[str, Any]]"
"""Returns a nested mapping of plain values, fresh at each call."""


@dataclass(frozen=True, slots=True)
class Views:
    """What the endpoint shows.

    `health` returns a mapping with a member `status`, `ok` or what is wrong; anything
    but `ok` is answered with 503.
    """

    info: Figures
    state: Figures
    stats: Figures
    health: Figures


class Endpoint:
    """The listening endpoint of one process."""

    def __init__(self, host: str, port: int, views: Views) -> None:
        """Prepare to listen on `host` (a name, an address or `unix:///path`)."""
        self._host = host.removeprefix("http://")
        self._port = port
        self._runner = web.AppRunner(_application(views), access_log=None)

    async def start(self) -> None:
        """Listen; raises `ConfigError` if the place is taken or not ours."""
        await self._runner.setup()
        try:
            await self._site().start()
        except OSError as error:
            await self._runner.cleanup()
            place = f"{self._host}:{self._port}"
            if self._host.startswith("unix://"):
                place = self._host
            text = f"http endpoint cannot listen on {place}: {system_text(error)}"
            raise ConfigError(text) from error
        if self._host.startswith("unix://"):
            _close_to_others(self._host)

    async def close(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    @property
    def addresses(self) -> list[Any]:
        """Return the addresses listened on, as the socket module gives them."""
        return list(self._runner.addresses)

    def _site(self) -> web.BaseSite:
        if not self._host.startswith("unix://"):
            return web.TCPSite(self._runner, self._host, self._port)
        path = Path(self._host.removeprefix("unix://"))
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()
        return web.UnixSite(self._runner, os.fspath(path))


def _close_to_others(host: str) -> None:
    Path(host.removeprefix("unix://")).chmod(0o740)


def _application(views: Views) -> web.Application:
    application = web.Application()
    for path, figures in (
        ("/", views.info),
        ("/state", views.state),
        ("/stats", views.stats),
        ("/health", views.health),
    ):
        application.router.add_route("*", path, _handler(figures))
    return application


def _handler(
    figures: Figures,
) -> Callable[[web.Request], Any]:
    async def answer(request: web.Request) -> web.Response:
        content = figures()
        options = orjson.OPT_INDENT_2 if "pretty" in request.query else 0
        return web.Response(
            body=orjson.dumps(content, option=options) + b"\n",
            status=200 if content.get("status", "ok") == "ok" else 503,
            content_type="application/json",
        )

    return answer

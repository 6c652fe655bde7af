"""The HTTP endpoint."""

import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from heartbeat.endpoint import Endpoint, Views
from heartbeat.errors import ConfigError


def views(health: str = "ok") -> Views:
    """Return views with one recognisable member each."""
    return Views(
        info=lambda: {"beat": "heartbeat"},
        state=lambda: {"management": {"enabled": False}},
        stats=lambda: {"libbeat": {}},
        health=lambda: {"status": health},
    )


@asynccontextmanager
async def listening(shown: Views) -> AsyncGenerator[Callable[[str], str]]:
    """Start an endpoint on a free port; yields a function from path to URL."""
    endpoint = Endpoint("127.0.0.1", 0, shown)
    await endpoint.start()
    host, port = endpoint.addresses[0]
    try:
        yield lambda path: f"http://{host}:{port}{path}"
    finally:
        await endpoint.close()


async def get(url: str, method: str = "GET") -> tuple[int, Any]:
    """Return status and JSON of an answer."""
    async with aiohttp.ClientSession() as session, session.request(method, url) as r:
        return r.status, await r.json() if r.status != 404 else None


class TestRoutes:
    """What is answered where."""

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("/", {"beat": "heartbeat"}),
            ("/state", {"management": {"enabled": False}}),
            ("/stats", {"libbeat": {}}),
            ("/health", {"status": "ok"}),
        ],
    )
    async def test_each_path_shows_its_view(self, path: str, expected: Any) -> None:
        """Every route answers 200 with its own figures."""
        async with listening(views()) as url:
            assert await get(url(path)) == (200, expected)

    async def test_the_method_does_not_matter(self) -> None:
        """POST is answered like GET, as the reference does."""
        async with listening(views()) as url:
            assert await get(url("/"), "POST") == (200, {"beat": "heartbeat"})

    async def test_other_paths_are_not_found(self) -> None:
        """An unknown path is 404."""
        async with listening(views()) as url:
            assert await get(url("/nothing")) == (404, None)

    async def test_unwell_is_503(self) -> None:
        """An orchestrator sees from the status code alone that something is wrong."""
        async with listening(views("output elasticsearch is down")) as url:
            status, content = await get(url("/health"))

        assert (status, content["status"]) == (503, "output elasticsearch is down")

    async def test_pretty_indents(self) -> None:
        """`?pretty` is for people."""
        async with (
            listening(views()) as url,
            aiohttp.ClientSession() as session,
            session.get(url("/?pretty")) as answer,
        ):
            assert await answer.text() == '{\n  "beat": "heartbeat"\n}\n'


class TestPlace:
    """Where it listens."""

    async def test_a_taken_port_is_one_clear_error(self) -> None:
        """The message names the place and the reason."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            endpoint = Endpoint("127.0.0.1", port, views())
            expected = rf"cannot listen on 127\.0\.0\.1:{port}: address already in use"

            with pytest.raises(ConfigError, match=expected):
                await endpoint.start()

    async def test_a_unix_socket_is_not_for_others(self, tmp_path: Path) -> None:
        """The socket file has mode 0740."""
        path = tmp_path / "heartbeat.sock"
        endpoint = Endpoint(f"unix://{path}", 0, views())
        await endpoint.start()
        mode = path.stat().st_mode & 0o777
        await endpoint.close()

        assert mode == 0o740

    async def test_a_stale_unix_socket_is_replaced(self, tmp_path: Path) -> None:
        """What a killed process left behind does not stop the next one."""
        path = tmp_path / "heartbeat.sock"
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(path))
        endpoint = Endpoint(f"unix://{path}", 0, views())
        await endpoint.start()
        connector = aiohttp.UnixConnector(str(path))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get("http://heartbeat/") as answer,
        ):
            status = answer.status
        await endpoint.close()

        assert status == 200

    async def test_a_path_that_cannot_be_had_is_named(self, tmp_path: Path) -> None:
        """The message names the socket's path."""
        endpoint = Endpoint(f"unix://{tmp_path}/no/such/dir", 0, views())

        with pytest.raises(ConfigError, match=r"cannot listen on unix:///.*/no/such"):
            await endpoint.start()

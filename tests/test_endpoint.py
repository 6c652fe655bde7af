"""The HTTP endpoint."""

import socket
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from heartbeat.endpoint import Endpoint
from heartbeat.errors import BadQuery, ConfigError
from heartbeat.shown import Exposition, Views


def views(health: str = "ok") -> Views:
    """Return views with one recognisable member each."""
    return Views(
        figures={
            "/": lambda: {"beat": "heartbeat"},
            "/state": lambda: {"management": {"enabled": False}},
            "/dataset": lambda: None,
            "/health": lambda: {"status": health},
        },
        listings={"/monitors": picky},
        expositions={"/metrics": exposition},
        refused={"/debug/pprof": "is for Go"},
    )


async def picky(query: Mapping[str, str]) -> dict[str, Any]:
    """Return what was asked for; understands numbers only."""
    if not query.get("limit", "1").isdecimal():
        raise BadQuery("limit: 'x' is no number")
    return {"asked": dict(query)}


async def exposition() -> Exposition:
    """Return a page that is no JSON."""
    return Exposition(b"up 1\n", "text/plain; version=1; charset=utf-8")


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
            ("/dataset", None),
            ("/monitors?limit=2", {"asked": {"limit": "2"}}),
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

    async def test_a_slash_at_the_end_is_redirected(self) -> None:
        """`/state/` is where other clients of Beats look; the query goes along."""
        async with (
            listening(views()) as url,
            aiohttp.ClientSession() as session,
            session.get(url("/state/?pretty"), allow_redirects=False) as answer,
        ):
            place = answer.headers["location"]

        assert (answer.status, place) == (301, "/state?pretty")

    async def test_a_slash_after_nothing_is_not_found(self) -> None:
        """Only what exists is redirected to."""
        async with listening(views()) as url:
            assert await get(url("/nothing/")) == (404, None)

    async def test_a_query_that_makes_no_sense_is_told(self) -> None:
        """400 and the reason."""
        async with listening(views()) as url:
            answer = await get(url("/monitors?limit=x"))

        assert answer == (400, {"error": "limit: 'x' is no number"})

    @pytest.mark.parametrize("path", ["/debug/pprof", "/debug/pprof/heap?debug=1"])
    async def test_what_is_refused_says_why(self, path: str) -> None:
        """501 and the reason, for the page and all below it."""
        async with listening(views()) as url:
            assert await get(url(path)) == (501, {"error": "is for Go"})

    async def test_a_page_that_is_no_json(self) -> None:
        """It comes as it is, with its own media type."""
        async with (
            listening(views()) as url,
            aiohttp.ClientSession() as session,
            session.get(url("/metrics")) as answer,
        ):
            body = await answer.read()

        kind = answer.headers["content-type"]
        assert (body, kind) == (b"up 1\n", "text/plain; version=1; charset=utf-8")

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

    async def test_a_unix_socket_in_use_stays(self, tmp_path: Path) -> None:
        """Two processes with the same path: the second one fails, the first goes on."""
        path = tmp_path / "heartbeat.sock"
        with socket.socket(socket.AF_UNIX) as taken:
            taken.bind(str(path))
            taken.listen()
            endpoint = Endpoint(f"unix://{path}", 0, views())

            with pytest.raises(ConfigError, match="address already in use"):
                await endpoint.start()

        assert path.is_socket()

    async def test_a_named_pipe_is_refused(self) -> None:
        """There is none on this system; the message says what there is."""
        endpoint = Endpoint("npipe:///heartbeat", 0, views())

        with pytest.raises(ConfigError, match=r"named pipes are Windows', use unix://"):
            await endpoint.start()

    async def test_a_path_that_cannot_be_had_is_named(self, tmp_path: Path) -> None:
        """The message names the socket's path."""
        endpoint = Endpoint(f"unix://{tmp_path}/no/such/dir", 0, views())

        with pytest.raises(ConfigError, match=r"cannot listen on unix:///.*/no/such"):
            await endpoint.start()

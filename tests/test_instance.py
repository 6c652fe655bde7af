"""Asking a running heartbeat how things stand."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from heartbeat.errors import Unanswered
from heartbeat.instance import Instance, place_of
from tests.support.instance import Running, answering, monitor, output
from tests.support.servers import refused_port
from tests.support.web import answer, serving

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path


@asynccontextmanager
async def asking(url: str) -> AsyncGenerator[Instance]:
    """Ask an instance."""
    instance = Instance(url)
    try:
        yield instance
    finally:
        await instance.close()


@pytest.fixture
def running() -> Running:
    """Return a heartbeat with monitors of all levels."""
    levels = ("up", "down", "maintenance", "degraded", "unknown", "up", "down")
    monitors = [monitor(f"m{n}", level) for n, level in enumerate(levels)]
    return Running(monitors, {"file": output(3)})


async def test_the_worst_come_first(running: Running) -> None:
    """Levels come in the order in which one wants to see them."""
    async with answering(running) as url, asking(url) as instance:
        snapshot = await instance.look(10)

    assert [one["key"] for one in snapshot.monitors] == [
        *("m1", "m6", "m3", "m4", "m2", "m0", "m5")
    ]
    assert (snapshot.total, snapshot.levels["down"], snapshot.matched) == (7, 2, None)
    assert snapshot.stats["heartbeat"]["outputs"]["file"]["events"]["pending"] == 3


async def test_no_more_is_asked_for_than_is_shown(running: Running) -> None:
    """Once there are enough, nobody asks for those that are well."""
    async with answering(running) as url, asking(url) as instance:
        snapshot = await instance.look(3)

    assert [one["key"] for one in snapshot.monitors] == ["m1", "m6", "m3"]
    assert running.queries == [
        {"limit": "0", "status": ""},
        {"limit": "3", "status": "down"},
        {"limit": "1", "status": "degraded"},
    ]


async def test_of_equals_the_latest_comes_first() -> None:
    """What has just gone down is above what has been down for days."""
    before, never = "2026-09-20T14:13:20.000Z", None
    monitors = [
        monitor("old", "down", since=before),
        monitor("none", "down", since=never),
        monitor("new", "down"),
    ]
    async with answering(Running(monitors)) as url, asking(url) as instance:
        snapshot = await instance.look(10)

    assert [one["key"] for one in snapshot.monitors] == ["new", "old", "none"]


async def test_one_that_fits_twice_is_shown_once() -> None:
    """A monitor in maintenance may be down as well."""
    resting = monitor("m", "maintenance", status="down")
    running = Running([resting, monitor("n", "down")])
    async with answering(running) as url, asking(url) as instance:
        snapshot = await instance.look(10)

    assert [one["key"] for one in snapshot.monitors] == ["n", "m"]


async def test_only_some(running: Running) -> None:
    """Statuses that are asked for are left, and it is told how many there are."""
    async with answering(running) as url, asking(url) as instance:
        snapshot = await instance.look(1, ("down", "unknown"))

    assert [one["key"] for one in snapshot.monitors] == ["m1"]
    assert (snapshot.matched, snapshot.total) == (3, 7)


async def test_unix_socket(running: Running, tmp_path: Path) -> None:
    """An endpoint may be a Unix socket."""
    place = f"unix://{tmp_path}/s"
    async with answering(running, place) as url, asking(url) as instance:
        assert (await instance.look(10)).total == 7


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("localhost:5066", "http://localhost:5066"),
        ("https://hb.example/", "https://hb.example"),
        ("unix:///run/hb.sock", "unix:///run/hb.sock"),
    ],
)
def test_place(url: str, expected: str) -> None:
    """The scheme may be left out."""
    assert expected == str(place_of(url))


async def test_nobody_answers() -> None:
    """A closed port is told with what to look at."""
    port = refused_port()
    async with asking(f"127.0.0.1:{port}") as instance:
        with pytest.raises(Unanswered) as caught:
            await instance.look(1)

    assert str(caught.value) == (
        f"no heartbeat answers at http://127.0.0.1:{port}: connection refused."
        " Is it running, with 'http.enabled: true'? --url says where its endpoint is"
    )


async def test_no_socket(tmp_path: Path) -> None:
    """So is a path where there is none."""
    async with asking(f"unix://{tmp_path}/none") as instance:
        with pytest.raises(Unanswered, match=r"/none: no such file or directory\."):
            await instance.look(1)


@pytest.mark.parametrize(
    ("response", "cause"),
    [
        (answer(b"", status="404 Not Found"), "HTTP status 404 for /stats"),
        (answer(b"<html>"), "unexpected character"),
    ],
)
async def test_somebody_else_answers(response: bytes, cause: str) -> None:
    """Another server is not taken for a heartbeat."""
    async with serving(response) as server, asking(server.url("")) as instance:
        with pytest.raises(Unanswered, match="is no endpoint of heartbeat") as caught:
            await instance.look(1)

    assert cause in str(caught.value)

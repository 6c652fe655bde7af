"""`heartbeat setup`."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from heartbeat import COMPATIBLE_VERSION
from tests.support.bulk import bulk_server
from tests.support.cluster import FakeCluster

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

NAME = f"heartbeat-{COMPATIBLE_VERSION}"


@contextmanager
def serving(cluster: FakeCluster) -> Generator[str]:
    """Serve in a thread: the command runs a loop of its own."""
    loop = asyncio.new_event_loop()
    ready, done = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with bulk_server(cluster):
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield f"output.elasticsearch.hosts: ['{cluster.url}']\n"
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()


@pytest.mark.parametrize("flags", [(), ("--index-management",)])
def test_each_step_is_told(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    flags: tuple[str, ...],
) -> None:
    """With or without the flag the same is done."""
    with serving(FakeCluster()) as config:
        code = command("setup", *flags, config=config)

    assert code == 0
    assert capsys.readouterr().out.splitlines() == [
        "lifecycle policy heartbeat... OK created",
        f"index template {NAME}... OK created",
        f"data stream {NAME}... OK created",
        "Index setup finished.",
    ]


def test_a_missing_privilege(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is named, and the exit code tells that something is left to do."""
    with serving(FakeCluster(forbidden=("/_ilm",))) as config:
        code = command("setup", config=config)

    said = capsys.readouterr().out
    assert code == 1
    assert "heartbeat... ERROR cannot look for the lifecycle policy heartbeat:" in said
    assert "manage_ilm is missing" in said
    assert said.endswith("Index setup is not complete.\n")


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            "output.console: ~\n",
            "index management requested but the Elasticsearch output is not configured",
        ),
        (
            "output.elasticsearch: {hosts: [a], index: x}\n",
            "setup.template.name and setup.template.pattern have to be set if index",
        ),
        ("output.elasticsearch.hosts: ['127.0.0.1:1']\n", "Exiting: cannot look at"),
    ],
)
def test_what_stops_it(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    config: str,
    expected: str,
) -> None:
    """Whatever cannot work is told on standard error."""
    assert command("setup", config=config) == 1
    assert expected in capsys.readouterr().err


def test_the_configuration_is_tested_for_it(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """`test config` finds contradictions of the setup too."""
    config = "output.elasticsearch: {hosts: [a], index: x}\n"

    assert command("test", "config", config=config) == 1
    assert "setup.template.name and" in capsys.readouterr().err

"""`heartbeat setup`."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from heartbeat import COMPATIBLE_VERSION
from heartbeat.cmd.setup import NO_KIBANA
from heartbeat.elastic.dashboards.shipped import BOARDS
from tests.support.bulk import Bulk, bulk_server
from tests.support.cluster import FakeCluster
from tests.support.kibana import FakeKibana

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

NAME = f"heartbeat-{COMPATIBLE_VERSION}"


@contextmanager
def serving(
    cluster: Bulk, option: str = "output.elasticsearch.hosts"
) -> Generator[str]:
    """Serve in a thread: the command runs a loop of its own.

    Gives the option that leads there.
    """
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
        yield f"{option}: ['{cluster.url}']\n"
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()


@contextmanager
def a_kibana(kibana: FakeKibana) -> Generator[str]:
    """Serve a Kibana; gives the option that leads there."""
    with serving(kibana, "setup.kibana.host"):
        yield f"setup.kibana.host: {kibana.url}\n"


DONE = [
    "data view heartbeat-*... OK 1 created",
    *(
        f"dashboard {board.title}... OK {len(board.objects())} created"
        for board in BOARDS
    ),
    "Dashboard setup finished.",
]


@pytest.mark.parametrize(
    ("flags", "rest"), [((), [NO_KIBANA]), (("--index-management",), [])]
)
def test_each_step_is_told(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    flags: tuple[str, ...],
    rest: list[str],
) -> None:
    """Without a Kibana the same is done with and without the flag."""
    with serving(FakeCluster()) as config:
        code = command("setup", *flags, config=config)

    assert code == 0
    assert capsys.readouterr().out.splitlines() == [
        "lifecycle policy heartbeat... OK created",
        f"index template {NAME}... OK created",
        f"data stream {NAME}... OK created",
        "Index setup finished.",
        *rest,
    ]


def test_a_missing_privilege(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is named, and the exit code tells that something is left to do."""
    with serving(FakeCluster(forbidden=("/_ilm",))) as config:
        code = command("setup", "--index-management", config=config)

    said = capsys.readouterr().out
    assert code == 1
    assert "heartbeat... ERROR cannot look for the lifecycle policy heartbeat:" in said
    assert "manage_ilm is missing" in said
    assert said.endswith("Index setup is not complete.\n")


def test_dashboards_alone(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """No output is needed for them, of whatever kind."""
    kibana = FakeKibana()
    with a_kibana(kibana) as config:
        code = command("setup", "--dashboards", config=config)

    first, *others = capsys.readouterr().out.splitlines()
    assert code == 0
    assert first == f"Kibana... OK {kibana.url} has version 8.17.0"
    assert others == DONE


@pytest.mark.parametrize("flags", [(), ("--index-management", "--dashboards")])
def test_both(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    flags: tuple[str, ...],
) -> None:
    """Where a Kibana is configured, both is done without a flag."""
    cluster, kibana = FakeCluster(), FakeKibana()
    with serving(cluster) as output, a_kibana(kibana) as config:
        code = command("setup", *flags, config=output + config)

    said = capsys.readouterr().out.splitlines()
    assert code == 0
    assert said[3] == "Index setup finished."
    assert said[5:] == DONE


def test_index_alone_beside_a_kibana(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """With its flag, Kibana is left as it is."""
    with serving(FakeCluster()) as config:
        more = f"{config}setup.kibana.host: '127.0.0.1:1'\n"
        code = command("setup", "--index-management", config=more)

    assert code == 0
    assert capsys.readouterr().out.endswith("Index setup finished.\n")


def test_again(command: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    """Doing it again changes nothing in the cluster, nor in Kibana."""
    cluster, kibana = FakeCluster(), FakeKibana()
    with serving(cluster) as output, a_kibana(kibana) as config:
        command("setup", config=output + config)
        before = (dict(cluster.things), dict(kibana.kept))
        capsys.readouterr()
        code = command("setup", config=output + config)

    said = capsys.readouterr().out
    assert (code, (cluster.things, kibana.kept)) == (0, before)
    assert " created" not in said
    assert said.count(" replaced\n") == len(BOARDS) + 1


def test_a_kibana_that_refuses(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each object that it did not take is told, and the exit code is 1."""
    refused = {"lens heartbeat-overview-up": {"type": "unsupported_type"}}
    with a_kibana(FakeKibana(failing=refused)) as config:
        code = command("setup", "--dashboards", config=config)

    said = capsys.readouterr().out
    assert code == 1
    assert "Overview... ERROR not complete: 1 objects were refused" in said
    assert "\n  lens heartbeat-overview-up... ERROR this Kibana does not know" in said
    assert said.endswith("Dashboard setup is not complete.\n")


def test_faults_of_kibana_come_first(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is put anywhere if a part of it cannot work."""
    cluster = FakeCluster()
    with serving(cluster) as config:
        code = command("setup", config=f"{config}setup.kibana.host: ftp://k\n")

    assert (code, cluster.puts) == (1, [])
    assert "accessing 'setup.kibana.host'" in capsys.readouterr().err


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
    config += "setup.kibana: {host: k, api_key: nothing}\n"

    assert command("test", "config", config=config) == 1
    said = capsys.readouterr().err
    assert "setup.template.name and" in said
    assert "neither 'id:key' nor that in base64" in said

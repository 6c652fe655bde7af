"""Several processes that share the monitors, as an operator meets them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

import pytest

from heartbeat.errors import StoreError
from heartbeat.partition import owner_of
from heartbeat.store import backlog
from tests.support.asking import ask
from tests.support.bulk import bulk_server
from tests.support.program import Program, runs, until
from tests.support.workers import workers_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.bulk import Bulk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

IDS = [f"m{number}" for number in range(6)]
TARGET = "[::1]:1"
"""Nobody listens there, so every check is down at once."""


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def configuration(workers: int | str, more: str = "", output: str = "") -> str:
    """Return six monitors that are checked four times a second."""
    monitors = "".join(
        f"- {{type: tcp, id: {name}, schedule: '@every 250ms', hosts: ['{TARGET}']}}\n"
        for name in IDS
    )
    output = output or "output.file: {path: '${path.home}/out', filename: told}"
    return (
        f"{output}\nheartbeat.workers: {workers}\n{more}heartbeat.monitors:\n{monitors}"
    )


def told(home: Path) -> list[dict[str, Any]]:
    """Return the documents in all files, in the order of their times."""
    found: list[dict[str, Any]] = []
    for file in sorted((home / "out").glob("told*")):
        whole, _, _ = file.read_bytes().rpartition(b"\n")
        found += [json.loads(line) for line in whole.splitlines()]
    return sorted(found, key=lambda document: str(document["@timestamp"]))


def of_each(home: Path) -> Counter[str]:
    """Return how many documents there are of each monitor."""
    return Counter(document["monitor"]["id"] for document in told(home))


def no_state_is_doubted(home: Path) -> None:
    """Check that every monitor has one story: one state, every check counted once."""
    by_monitor: dict[str, dict[str, dict[str, Any]]] = {}
    for document in told(home):
        own = by_monitor.setdefault(document["monitor"]["id"], {})
        own[document["@metadata"]["_id"]] = document["state"]
    for states in by_monitor.values():
        counts = [state["checks"] for state in states.values()]
        assert counts == list(range(1, len(counts) + 1))
        assert len({state["id"] for state in states.values()}) == 1


class TestSharing:
    """Each monitor is checked by one of the workers."""

    def test_every_monitor_has_one_worker(self, tmp_path: Path) -> None:
        """By the rule that all agree on; documents name one agent."""
        program = Program(tmp_path, configuration(2))
        with program.running():
            until(lambda: len(of_each(tmp_path)) == 6, "every monitor")

            assert program.stop() == 0
        files = {
            f"worker-{owner_of(document['monitor']['id'], 2)}" in file.name
            for file in (tmp_path / "out").iterdir()
            for document in map(json.loads, file.read_bytes().splitlines())
        }
        assert files == {True}
        assert len({document["agent"]["id"] for document in told(tmp_path)}) == 1
        assert len({d["agent"]["ephemeral_id"] for d in told(tmp_path)}) == 2

    def test_lines_of_the_console_do_not_mix(self, tmp_path: Path) -> None:
        """All workers write to one standard output."""
        config = configuration(3, output="output.console.enabled: true")
        program = Program(tmp_path, config)
        with program.running():
            until(lambda: len(program.documents()) > 30, "documents")
            program.stop()

        assert {d["monitor"]["id"] for d in program.documents()} == set(IDS)

    def test_auto(self, tmp_path: Path) -> None:
        """As many as there are processors."""
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        try:
            program = Program(tmp_path, configuration("auto"), "--once")
            program.finished()
        finally:
            os.sched_setaffinity(0, range(os.cpu_count() or 1))

        assert (tmp_path / "data" / "heartbeat.db").exists()


class TestDeath:
    """What is killed."""

    def test_worker_comes_back(self, tmp_path: Path) -> None:
        """It goes on where it was: nothing is missing and nothing counted twice."""
        program = Program(tmp_path, configuration(2))
        with program.running():
            until(lambda: min(of_each(tmp_path).values(), default=0) > 3, "checks")
            first = workers_of(program)
            before = of_each(tmp_path)
            os.kill(first["worker-1"], signal.SIGKILL)
            until(
                lambda: (
                    min((of_each(tmp_path) - before).values(), default=0) > 3
                    and len(of_each(tmp_path) - before) == 6
                ),
                "checks of the worker that came back",
            )
            second = workers_of(program)
            program.stop()

        assert second["worker-0"] == first["worker-0"]
        assert second["worker-1"] != first["worker-1"]
        assert "ended by SIGKILL; it is started again at once" in program.log()
        no_state_is_doubted(tmp_path)

    def test_supervisor_takes_its_workers_along(self, tmp_path: Path) -> None:
        """Even when it is killed they end, and a new one waits until they have."""
        program = Program(tmp_path, configuration(2))
        with program.running():
            until(lambda: len(of_each(tmp_path)) == 6, "every monitor")
            workers = workers_of(program).values()
            program.kill()
            until(lambda: not any(map(runs, workers)), "the end of all workers")
        before = of_each(tmp_path)
        with program.running():
            until(lambda: len(of_each(tmp_path) - before) == 6, "the next life")
            program.stop()

        assert program.log().count("the supervisor has gone") == 2
        no_state_is_doubted(tmp_path)


class TestNumber:
    """Another number of workers at the next start."""

    def test_states_go_along(self, tmp_path: Path) -> None:
        """From a process alone to two, three, and back to one."""
        for workers in (1, 2, 3, 1):
            before = of_each(tmp_path)
            program = Program(tmp_path, configuration(workers))
            with program.running():
                until(
                    lambda b=before: len(of_each(tmp_path) - b) == 6,  # type: ignore[misc]
                    f"{workers} workers",
                )

                assert program.stop() == 0

        no_state_is_doubted(tmp_path)

    @pytest.mark.parametrize("workers", [1, 2])
    def test_leftovers_are_delivered(self, tmp_path: Path, workers: int) -> None:
        """Events in a store that no worker owns any more reach the output."""
        (tmp_path / "out").write_text("in the way")
        short = "heartbeat.shutdown_timeout: 100ms\n"
        program = Program(tmp_path, configuration(3, short))
        stores = [tmp_path / "data" / f"worker-{n}" / "heartbeat.db" for n in range(3)]
        with program.running():
            until(lambda: all(map(waits, stores)), "events in all stores")
            program.stop()
        expected = {name for store in stores for name in ids_in(store)}
        (tmp_path / "out").unlink()
        program = Program(tmp_path, configuration(workers, short))
        with program.running():
            until(
                lambda: expected <= {d["@metadata"]["_id"] for d in told(tmp_path)},
                "all that waited",
            )
            text = "worker-2: all that waited in its store is delivered"
            until(lambda: text in program.log(), "the end of the emptying")
            program.stop()

        assert not any(map(waits, stores[workers - 1 :] if workers > 1 else stores))
        no_state_is_doubted(tmp_path)


def waits(store: Path) -> bool:
    """Return whether a store holds events."""
    try:
        return bool(ids_in(store))
    except StoreError:
        return False  # it is being made


def ids_in(store: Path) -> list[str]:
    """Return the ids of the events that wait in a store for the file."""
    with backlog.opened(store) as reader:
        return [record.routing.id for record in reader.pending("file", 10**9)]


class TestEndpoint:
    """One endpoint for all."""

    def test_pages_are_of_all(self, tmp_path: Path) -> None:
        """Figures are added up, monitors listed in pages, samples labelled."""
        port = free_port()
        http = f"http: {{enabled: true, host: 127.0.0.1, port: {port}}}\n"
        program = Program(tmp_path, configuration(2, http))
        url = f"http://127.0.0.1:{port}"
        with program.running():
            until(lambda: answers(lambda: ask(f"{url}/ready", "GET")), "readiness")
            until(lambda: len(of_each(tmp_path)) == 6, "every monitor")
            stats = ask(f"{url}/stats", "GET")
            first = ask(f"{url}/monitors?limit=4", "GET")
            second = ask(f"{url}/monitors?limit=4&offset=4&status=down", "GET")
            state = ask(f"{url}/state", "GET")
            inputs = ask(f"{url}/inputs", "GET")
            program.stop()

        assert stats["libbeat"]["config"]["module"]["running"] == 6
        assert [one["worker"] for one in stats["workers"]] == ["worker-0", "worker-1"]
        assert (first["total"], second["matched"]) == (6, 6)
        pages = [*first["monitors"], *second["monitors"]]
        assert sorted(one["id"] for one in pages) == IDS
        assert state["heartbeat"]["monitors"] == 6
        assert sorted(one["id"] for one in inputs) == IDS


def answers(question: Callable[[], Any]) -> bool:
    """Return whether there is an answer yet."""
    try:
        question()
    except (URLError, OSError):
        return False
    return True


class TestSignals:
    """What the supervisor is told reaches the workers."""

    def test_reload_and_dump(self, tmp_path: Path) -> None:
        """SIGHUP has them read the configuration, SIGUSR1 tell what is under way."""
        program = Program(tmp_path, configuration(2))
        with program.running():
            until(lambda: len(of_each(tmp_path)) == 6, "every monitor")
            until(lambda: "running! Hit" in program.log(), "readiness")
            more = configuration(2).partition("heartbeat.monitors:\n")[2]
            text = configuration(2) + more.replace("id: m", "id: n")
            (tmp_path / "heartbeat.yml").write_text(text)
            program.send(signal.SIGHUP)
            until(lambda: len(of_each(tmp_path)) == 12, "the new monitors")
            program.send(signal.SIGUSR1)
            until(lambda: program.log().count("checks are under way") == 2, "the dump")

            assert program.stop(signal.SIGINT) == 0

    def test_once(self, tmp_path: Path) -> None:
        """The exit code is the worst of all: here everything is down."""
        program = Program(tmp_path, configuration(2), "--once")

        assert program.finished().returncode == 1
        assert len(of_each(tmp_path)) == 6

    def test_service_manager_hears_of_one(self, tmp_path: Path) -> None:
        """It is told by the supervisor alone when all are running, and of the end."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(tmp_path / "n"))
            manager.settimeout(15)
            program = Program(tmp_path / "home", configuration(2))
            os.environ["NOTIFY_SOCKET"] = str(tmp_path / "n")
            try:
                with program.running():
                    words = [manager.recv(4096).decode()]
                    while "READY=1" not in words[-1]:
                        words.append(manager.recv(4096).decode())
                    program.stop()
                    manager.settimeout(0.1)
                    rest: list[str] = []
                    while not any("STOPPING=1" in one for one in rest):
                        rest.append(manager.recv(4096).decode())
            finally:
                del os.environ["NOTIFY_SOCKET"]

        assert sum("READY=1" in one for one in [*words, *rest]) == 1


class TestFaults:
    """What is wrong is told once."""

    @pytest.mark.parametrize(
        ("more", "expected"),
        [
            ("output.file.number_of_files: 1\n", "between 2 and 1024"),
            ("workers: 2\n", "workers and heartbeat.workers are the same: write one"),
        ],
    )
    def test_configuration(self, tmp_path: Path, more: str, expected: str) -> None:
        """A fault that no worker can begin with ends the whole."""
        ended = Program(tmp_path, configuration(2, more)).finished()

        assert ended.returncode == 1
        assert ended.stderr.count(expected) == 1
        assert ended.stderr.splitlines()[-1].startswith("Exiting: ")

    def test_data_directory_in_use(self, tmp_path: Path) -> None:
        """A second one is refused, and told who is there."""
        program = Program(tmp_path, configuration(2))
        with program.running():
            until(lambda: len(of_each(tmp_path)) == 6, "every monitor")
            ended = Program(tmp_path, configuration(2)).finished()
            program.stop()

        assert ended.returncode == 1
        assert f"another heartbeat, process {program.process_id};" in ended.stderr


async def test_elasticsearch_gets_all_once(tmp_path: Path) -> None:
    """Workers are killed again and again; every check is there, none twice."""
    async with bulk_server() as bulk:
        output = f"output.elasticsearch.hosts: ['{bulk.url}']\nsetup: {OFF}"
        program = Program(tmp_path, configuration(2, output=output))

        def checked(least: int) -> bool:
            counts = Counter(d["monitor"]["id"] for d in stored(bulk).values())
            return all(counts[name] >= least for name in IDS)

        with program.running():
            for round_ in range(1, 4):
                await asyncio.to_thread(until, partial(checked, 4 * round_), "checks")
                victim = workers_of(program)[f"worker-{round_ % 2}"]
                os.kill(victim, signal.SIGKILL)
            await asyncio.to_thread(until, partial(checked, 16), "the last life")
            code = await asyncio.to_thread(program.stop)

    states: dict[str, list[int]] = {}
    for document in stored(bulk).values():
        own = states.setdefault(document["monitor"]["id"], [])
        own.append(document["state"]["checks"])
    assert code == 0
    assert {
        tuple(sorted(own)) == (*range(1, len(own) + 1),) for own in states.values()
    } == {True}


OFF = "{template.enabled: false, ilm.enabled: false}"


def stored(bulk: Bulk) -> dict[str, dict[str, Any]]:
    """Return the documents that a server has taken, by their ids."""
    found: dict[str, dict[str, Any]] = {}
    for request in bulk.bulks:
        for name, line in zip(request.ids, request.documents, strict=True):
            found.setdefault(name, json.loads(line))
    return found

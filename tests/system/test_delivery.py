"""Nothing lost and nothing doubled, whatever is killed, at real receivers.

HEARTBEAT_TEST_EVENTS, HEARTBEAT_TEST_KILLS   how much is sent and how often a server
                                              is killed, heartbeat twice as often
                                              (20000, 2)
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.node import own_node
from tests.support.program import ROOT, until
from tests.support.receivers import TOPIC, own_receiver

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from tests.support.node import Node
    from tests.support.receivers import Receiver

EVENTS = int(os.environ.get("HEARTBEAT_TEST_EVENTS", "20000"))
KILLS = int(os.environ.get("HEARTBEAT_TEST_KILLS", "2"))
LONGEST = 120 + 90 * KILLS
"""Seconds; each kill of a server costs its start, which a busy machine prolongs."""

INDEX = "heartbeat-test-delivery"
ON_THE_WAY = 2 * 2048
"""Events that may be at an output, and not yet known to have arrived."""

SOON = {"init": "100ms", "max": "500ms"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(LONGEST)]


class Feeder:
    """The feeder as a process, started and killed."""

    def __init__(self, folder: Path, output: str, options: dict[str, Any]) -> None:
        """Start nothing yet."""
        self.folder = folder
        self._command = (sys.executable, "-m", "tests.support.feeder", str(folder))
        self._output = (output, json.dumps(options))
        self._process: subprocess.Popen[bytes] | None = None

    def has_made(self, count: int) -> bool:
        """Say whether it has made so many events, all its lives together."""
        lines = (self.folder / "made").read_bytes().split()
        return bool(lines) and int(lines[-1]) >= count

    def start(self, total: int) -> None:
        """Let it make the events up to `total` and deliver all there are."""
        with (
            (self.folder / "made").open("ab") as out,
            (self.folder / "log").open("ab") as log,
        ):
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [*self._command, str(total), *self._output],
                cwd=ROOT,
                stdout=out,
                stderr=log,
            )

    @property
    def has_ended(self) -> bool:
        """Say whether it has delivered everything and ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def finish(self) -> int:
        """Wait until everything is delivered; return the exit code."""
        assert self._process is not None
        return self._process.wait(LONGEST)

    @property
    def dead_letters(self) -> list[Path]:
        """Return the files with events that were given up."""
        return list(self.folder.glob("dead-letter/*"))


@contextlib.contextmanager
def feeding(folder: Path, output: str, options: dict[str, Any]) -> Generator[Feeder]:
    """Yield a feeder, which does not outlive the test."""
    folder.mkdir()
    feeder = Feeder(folder, output, options)
    try:
        yield feeder
    finally:
        feeder.kill()


class Stream:
    """What a node has of the events."""

    def __init__(self, node: Node) -> None:
        """Watch a node that runs."""
        self._node = node
        self.start = node.start
        self.kill = node.kill

    def progress(self) -> int:
        """Return how many documents there are."""
        return self._node.count(INDEX)

    def ids(self) -> list[str]:
        """Return the ids of all documents."""
        return self._node.ids(INDEX)


def expected() -> list[str]:
    """Return the ids of all events."""
    return sorted(f"id-{number}" for number in range(1, EVENTS + 1))


def run_through_crashes(receiver: Receiver, feeder: Feeder, first: int) -> int:
    """Deliver a part of all events, with a crash of the server and two of heartbeat.

    The server dies among batches, at some moment; heartbeat dies while it waits for it,
    and again while it works the backlog off. Returns how many events there are then.
    """
    goal = first + EVENTS // (KILLS + 1)
    moment = Random(first).randint(first, goal)  # noqa: S311 - a moment, no secret
    had = receiver.progress()
    feeder.start(goal)
    until(lambda: receiver.progress() > had, "the first batch")
    until(partial(feeder.has_made, moment), "the moment")
    receiver.kill()
    until(partial(feeder.has_made, goal), "events meanwhile")
    feeder.kill()
    feeder.start(goal)
    receiver.start()
    had = receiver.progress()
    until(lambda: had < receiver.progress() or feeder.has_ended, "the backlog")
    feeder.kill()
    return goal


def run_through_all_crashes(receiver: Receiver, feeder: Feeder) -> None:
    """Deliver all events, crash after crash."""
    made = 0
    for _ in range(KILLS):
        made = run_through_crashes(receiver, feeder, made)
    feeder.start(EVENTS)


@pytest.mark.elasticsearch
def test_elasticsearch_has_each_event_once(tmp_path: Path) -> None:
    """Both sides are killed again and again."""
    with own_node(tmp_path / "node") as node:
        options = {"hosts": [node.url], "index": INDEX, "backoff": SOON}
        with feeding(tmp_path / "feeder", "elasticsearch", options) as feeder:
            run_through_all_crashes(Stream(node), feeder)

            assert feeder.finish() == 0
            assert feeder.dead_letters == []
        assert sorted(node.ids(INDEX)) == expected()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("logstash", {}, marks=pytest.mark.logstash),
        pytest.param("redis", {}, marks=pytest.mark.redis),
        pytest.param(
            "kafka", {"topic": TOPIC, "timeout": "3s"}, marks=pytest.mark.kafka
        ),
    ],
)
def test_a_receiver_misses_no_event(
    tmp_path: Path, name: str, options: dict[str, Any]
) -> None:
    """Both sides are killed again and again; what is then repeated is counted.

    Each crash can repeat what was on its way: the windows of a connection.
    """
    with own_receiver(name, tmp_path / "run") as receiver:
        written = {"hosts": [receiver.address], "backoff": SOON, **options}
        with feeding(tmp_path / "feeder", name, written) as feeder:
            run_through_all_crashes(receiver, feeder)

            assert feeder.finish() == 0
            assert feeder.dead_letters == []
        check(name, receiver.ids())


def check(name: str, found: list[str]) -> None:
    """Expect all events, and only so many of them again as crashes explain."""
    doubled = len(found) - len(set(found))
    sys.stdout.write(f"{name}: {KILLS} kills, {doubled} of {EVENTS} events doubled\n")
    assert sorted(set(found)) == expected()
    assert doubled <= 3 * KILLS * ON_THE_WAY


def test_a_file_misses_no_event(tmp_path: Path) -> None:
    """A process is killed again and again; what it then repeats is counted.

    A file cannot tell what it has. What was written but not yet noted as delivered is
    written again: at most a batch for each kill.
    """
    out = tmp_path / "out"
    options = {"path": str(out), "rotate_on_startup": False, "number_of_files": 1024}
    with feeding(tmp_path / "feeder", "file", options) as feeder:
        for part in range(1, KILLS + 1):
            feeder.start(EVENTS)
            goal = EVENTS * part // (KILLS + 1)
            until(partial(feeder.has_made, goal), "events")
            feeder.kill()
        feeder.start(EVENTS)

        assert feeder.finish() == 0
    found = [event["@metadata"]["_id"] for event in events_in(out)]
    check("file", found)


def events_in(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the events of an output that writes files."""
    for file in folder.glob("*.ndjson"):
        with file.open("rb") as lines:
            yield from map(json.loads, lines)

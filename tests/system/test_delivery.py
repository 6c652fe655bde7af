"""Nothing lost and nothing doubled, whatever is killed, at real receivers.

HEARTBEAT_TEST_EVENTS, HEARTBEAT_TEST_KILLS   how much is sent and how often each
                                              side is killed (20000, 2)
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.node import own_node
from tests.support.program import ROOT, until

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from tests.support.node import Node

EVENTS = int(os.environ.get("HEARTBEAT_TEST_EVENTS", "20000"))
KILLS = int(os.environ.get("HEARTBEAT_TEST_KILLS", "2"))
LONGEST = 60 + 60 * KILLS
"""Seconds; each kill of a server costs its start, which a busy machine prolongs."""

INDEX = "heartbeat-test-delivery"
BATCH = 2048
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


def expected() -> list[str]:
    """Return the ids of all events."""
    return sorted(f"id-{number}" for number in range(1, EVENTS + 1))


def run_through_crashes(node: Node, feeder: Feeder, goal: int) -> None:
    """Deliver up to `goal`, with a crash of the server and two of heartbeat.

    The server dies among bulk requests; heartbeat dies while it waits for it, and again
    while it works the backlog off.
    """
    had = node.count(INDEX)
    feeder.start(goal)
    until(lambda: node.count(INDEX) > had, "the first bulk")
    node.kill()
    until(partial(feeder.has_made, goal), "events meanwhile")
    feeder.kill()
    feeder.start(goal)
    node.start()
    had = node.count(INDEX)
    until(lambda: had < node.count(INDEX) or had == goal, "the backlog")
    feeder.kill()


@pytest.mark.elasticsearch
def test_elasticsearch_has_each_event_once(tmp_path: Path) -> None:
    """Both sides are killed again and again."""
    with own_node(tmp_path / "node") as node:
        options = {"hosts": [node.url], "index": INDEX, "backoff": SOON}
        with feeding(tmp_path / "feeder", "elasticsearch", options) as feeder:
            for part in range(1, KILLS + 1):
                run_through_crashes(node, feeder, EVENTS * part // (KILLS + 1))
            feeder.start(EVENTS)

            assert feeder.finish() == 0
            assert feeder.dead_letters == []
        assert sorted(node.ids(INDEX)) == expected()


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
    doubled = len(found) - EVENTS
    sys.stdout.write(f"{KILLS} kills, {doubled} of {EVENTS} events doubled\n")
    assert sorted(set(found)) == expected()
    assert 0 <= doubled <= KILLS * BATCH


def events_in(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the events of an output that writes files."""
    for file in folder.glob("*.ndjson"):
        with file.open("rb") as lines:
            yield from map(json.loads, lines)

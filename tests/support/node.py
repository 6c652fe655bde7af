"""A real Elasticsearch of the test's own, which may be killed.

Owns the process. Must not know what is tested.

    HEARTBEAT_TEST_ELASTICSEARCH_KIT   the folder of the kit: start.sh PORT DIR prints
                                       the address, DIR/pid has the process, stop.sh DIR
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.asking import ask
from tests.support.program import runs, until

if TYPE_CHECKING:
    from collections.abc import Generator

KIT = "HEARTBEAT_TEST_ELASTICSEARCH_KIT"
LONGEST_START = 120.0
PAGE = 10_000
REFRESHED = "_refresh?ignore_unavailable=true"


class Node:
    """One node with a folder of its own; `url` is its address once it has started."""

    def __init__(self, kit: Path, folder: Path) -> None:
        """Start nothing yet."""
        self.url = ""
        self._kit = kit
        self._folder = folder

    def start(self) -> None:
        """Start it, on the port it had before, and wait until it answers."""
        port = self.url.rpartition(":")[2] or "0"
        started = subprocess.run(  # noqa: S603 - the kit the operator named
            [self._kit / "start.sh", port, self._folder],
            capture_output=True,
            text=True,
            timeout=LONGEST_START,
            check=True,
        )
        self.url = started.stdout.split()[0].rstrip("/")

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        process = int((self._folder / "pid").read_text(encoding="ascii"))
        os.kill(process, signal.SIGKILL)
        until(lambda: not runs(process), "the end of the node")

    def stop(self) -> None:
        """End it, if it runs."""
        subprocess.run(  # noqa: S603 - the kit the operator named
            [self._kit / "stop.sh", self._folder], capture_output=True, check=False
        )

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Return the JSON answer of a request to the node."""
        return ask(f"{self.url}/{path}", method, body)

    def count(self, index: str) -> int:
        """Return how many documents an index holds."""
        self.call("POST", f"{index}/{REFRESHED}")
        found = self.call("GET", f"{index}/_count?ignore_unavailable=true")
        return int(found["count"])

    def ids(self, index: str) -> list[str]:
        """Return the ids of all documents of an index."""
        self.call("POST", f"{index}/{REFRESHED}")
        search = {"size": PAGE, "_source": False, "sort": ["monitor.id.keyword"]}
        found: list[str] = []
        while True:
            hits = self.call("POST", f"{index}/_search", search)["hits"]["hits"]
            if not hits:
                return found
            found += [hit["_id"] for hit in hits]
            search["search_after"] = hits[-1]["sort"]


@contextlib.contextmanager
def own_node(folder: Path) -> Generator[Node]:
    """Start a node for one test, or skip the test."""
    kit = os.environ.get(KIT, "")
    if not kit:
        pytest.skip(f"{KIT} names no kit to start an Elasticsearch with")
    node = Node(Path(kit), folder)
    try:
        node.start()
        yield node
    finally:
        node.stop()

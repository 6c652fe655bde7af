"""From checks to documents in a real Elasticsearch, with a crash in the middle."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.asking import ask
from tests.support.program import Program, until
from tests.support.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.elasticsearch, pytest.mark.slow, pytest.mark.timeout(90)]


@dataclass(frozen=True, slots=True)
class Index:
    """An index of the test's own."""

    server: str
    name: str

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Return the JSON answer of a request to the server."""
        return ask(f"{self.server}/{path}", method, body)

    def documents(self, monitor: str) -> list[dict[str, Any]]:
        """Return the documents of a monitor, oldest first."""
        self.call("POST", f"{self.name}/_refresh?ignore_unavailable=true")
        found = self.call(
            "POST",
            f"{self.name}/_search?ignore_unavailable=true",
            {
                "size": 10_000,
                "query": {"match": {"monitor.id": monitor}},
                "sort": [{"@timestamp": {"order": "asc", "unmapped_type": "date"}}],
            },
        )
        return [{**hit["_source"], "_id": hit["_id"]} for hit in found["hits"]["hits"]]

    def statuses(self, monitor: str) -> list[str]:
        """Return up and down in the order they came, repetitions left out."""
        seen: list[str] = []
        for document in self.documents(monitor):
            if seen[-1:] != [document["monitor"]["status"]]:
                seen.append(document["monitor"]["status"])
        return seen


@pytest.fixture
def index(elasticsearch_url: str) -> Iterator[Index]:
    """Return a data stream that is deleted in the end, its template too."""
    own = Index(elasticsearch_url, f"heartbeat-test-{secrets.token_hex(4)}")
    yield own
    own.call("DELETE", f"_data_stream/{own.name}")
    own.call("DELETE", f"_index_template/{own.name}")


def configuration(index: Index, target: Target, steady: Target) -> str:
    """Return three monitors that write to the index."""
    return f"""
output.elasticsearch:
  hosts: ["{index.server}"]
  index: {index.name}
setup.template: {{name: {index.name}, pattern: {index.name}}}
heartbeat.monitors:
- type: http
  id: web
  name: Web
  schedule: '@every 1s'
  urls: ["{target.url}"]
- {{type: tcp, id: port, schedule: '@every 1s', hosts: ["127.0.0.1:{steady.port}"]}}
- {{type: http, id: steady, schedule: '@every 1s', urls: ["{steady.url}"]}}
"""


@pytest.fixture
def story(tmp_path: Path, index: Index) -> tuple[Index, Target, Target]:
    """Run heartbeat through an outage of a target and a crash of its own.

    The target `web` goes away and comes back; heartbeat is killed in the middle of the
    outage and started again.
    """
    with Target() as target, Target() as steady:
        program = Program(tmp_path, configuration(index, target, steady))
        with program.running():
            until(lambda: index.statuses("web") == ["up"], "the first document")
            target.stop()
            until(lambda: index.statuses("web") == ["up", "down"], "the outage")
            program.kill()
        with program.running():
            seen = len(index.documents("web"))
            until(lambda: len(index.documents("web")) > seen, "life after the crash")
            target.start()
            until(lambda: index.statuses("web")[-1] == "up", "the recovery")
            program.stop()
        return index, target, steady


class TestOutage:
    """What the index tells of an outage, with a crash in the middle."""

    def test_is_told_once_and_in_full(
        self, story: tuple[Index, Target, Target]
    ) -> None:
        """The documents agree about when it was up, down and up again.

        One story, many looks: telling it takes ten seconds.
        """
        index, _, steady = story
        documents = index.documents("web")

        assert index.statuses("web") == ["up", "down", "up"]
        self.check_states(documents)
        self.check_each(documents)
        self.check_nothing_is_lost_or_doubled(index, steady)

    def check_states(self, documents: list[dict[str, Any]]) -> None:
        """One state each: the outage keeps its id through the crash and is closed."""
        ids = list(dict.fromkeys(document["state"]["id"] for document in documents))
        outage = [d["state"] for d in documents if d["monitor"]["status"] == "down"]
        recovery = next(d for d in documents if d["state"]["id"] == ids[2])

        assert len(ids) == 3
        assert [state["checks"] for state in outage] == list(range(1, len(outage) + 1))
        assert recovery["state"]["ends"]["id"] == ids[1]
        assert recovery["state"]["ends"]["down"] == len(outage)

    def check_each(self, documents: list[dict[str, Any]]) -> None:
        """Every document is a whole one."""
        for document in documents:
            is_up = document["monitor"]["status"] == "up"
            span = document["monitor"]["timespan"]

            assert document["summary"]["up"] == int(is_up)
            assert document["summary"]["down"] == int(not is_up)
            assert document["summary"]["final_attempt"] is True
            assert span["gte"] < span["lt"]
            assert document["url"]["scheme"] == "http"
            assert document["url"]["domain"] == "127.0.0.1"
            assert ("error" in document) is not is_up

    def check_nothing_is_lost_or_doubled(self, index: Index, steady: Target) -> None:
        """Every answer the steady target gave is one document, but for the crash.

        A check whose result was not committed when the process was killed is not in the
        index: one at most, because the group commit takes less than the interval.
        """
        documents = index.documents("steady")
        ticks = {document["_id"] for document in documents}

        assert len(ticks) == len(documents)
        assert steady.answered - 1 <= len(documents) <= steady.answered

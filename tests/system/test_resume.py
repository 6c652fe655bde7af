"""A process whose disk is gone, and an Elasticsearch that remembers."""

from __future__ import annotations

import secrets
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.asking import ask
from tests.support.program import Program, until
from tests.support.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.elasticsearch, pytest.mark.slow, pytest.mark.timeout(60)]

TEMPLATE = "setup.template: {{name: {0}, pattern: {0}}}"


@pytest.fixture
def stream(elasticsearch_url: str) -> Iterator[str]:
    """Return the URL of a data stream that is deleted in the end."""
    name = f"states-test-{secrets.token_hex(4)}"
    yield f"{elasticsearch_url}/{name}"
    ask(f"{elasticsearch_url}/_data_stream/{name}", "DELETE")
    ask(f"{elasticsearch_url}/_index_template/{name}", "DELETE")


def documents(stream: str, kind: str = "http") -> list[dict[str, Any]]:
    """Return the documents of a type of monitor, oldest first."""
    ask(f"{stream}/_refresh?ignore_unavailable=true", "POST")
    search = {
        "size": 1000,
        "query": {"match": {"monitor.type": kind}},
        "sort": [{"@timestamp": {"order": "asc", "unmapped_type": "date"}}],
    }
    found = ask(f"{stream}/_search?ignore_unavailable=true", "POST", search)
    return [hit["_source"] for hit in found["hits"]["hits"]]


def test_outage_goes_on_without_a_disk(tmp_path: Path, stream: str) -> None:
    """Same id, same start, counted on, from the very first document.

    And heartbeat has told of itself, in both of its lives.
    """
    server, _, name = stream.rpartition("/")
    with Target() as target:
        url = target.url
    program = Program(
        tmp_path,
        f"output.elasticsearch: {{hosts: ['{server}'], index: {name}}}\n"
        f"{TEMPLATE.format(name)}\n"
        "heartbeat.self_monitor.enabled: true\n"
        "heartbeat.monitors:\n"
        f"- {{type: http, id: web, schedule: '@every 1s', urls: ['{url}']}}\n",
    )
    with program.running():
        until(lambda: len(documents(stream)) >= 3, "an outage")
        program.kill()
    shutil.rmtree(tmp_path / "data")
    ask(f"{stream}/_refresh", "POST")
    before = len(documents(stream))
    with program.running():
        until(lambda: len(documents(stream)) >= before + 2, "life after the loss")
        program.stop()
    states = [document["state"] for document in documents(stream)]
    own = documents(stream, "heartbeat")

    assert len({(state["id"], state["started_at"]) for state in states}) == 1
    assert [state["checks"] for state in states] == list(range(1, len(states) + 1))
    assert "the states of 1 of 1 monitors were found" in program.log()
    assert len({document["agent"]["ephemeral_id"] for document in own}) == 2

"""Which outputs are on, the queue, hosted deployments."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.config import ProcessOptions, Section
from heartbeat.config.outputs import (
    check_queue,
    enabled_outputs,
    with_cloud,
    with_promoted_queue,
)
from heartbeat.errors import Problem
from tests.support.config import unexpected

CLOUD_ID = "name:aG9zdCRlcyRrYg=="


def outputs(data: Any) -> tuple[dict[str, Any], list[str]]:
    """Return what is written about the outputs that are on, and faults."""
    problems: list[Problem] = []
    known = frozenset({"console", "elasticsearch"})
    found = enabled_outputs(Section(data), known, problems.append)
    written = {name: section.written() for name, section in found.items()}
    return written, [str(problem) for problem in problems]


def test_several_outputs() -> None:
    """Every output that is not turned off is on, in the order written."""
    data = {
        "output.elasticsearch.hosts": "h",
        "output.console": None,
        "output.logstash": {"enabled": False},
        "output.kafka.enabled": "",
    }

    assert outputs(data) == ({"elasticsearch": {"hosts": "h"}, "console": {}}, [])


@pytest.mark.parametrize("data", [{}, {"output": None}, {"output": {}}])
def test_no_output(data: Any) -> None:
    """No output is no fault here."""
    assert outputs(data) == ({}, [])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"elastic": {}}, "output type elastic undefined accessing 'output.elastic'"),
        (
            {"console": "on"},
            "required 'object', but found 'string' accessing 'output.console'",
        ),
        (
            {"console.enabled": 1},
            (
                "can not convert 'uint' into 'bool': write true or false accessing"
                " 'output.console.enabled'"
            ),
        ),
    ],
)
def test_faults(data: Any, expected: str) -> None:
    """An output that cannot be is named."""
    assert outputs({"output": data}) == ({}, [expected])


def test_any_name_passes() -> None:
    """Without a list of outputs every name is one."""
    assert list(enabled_outputs(Section({"output.x": {}}), None, unexpected)) == ["x"]


def test_common_names_are_known() -> None:
    """An output hears nothing about names that every output has."""
    data = {"output.console": {"enabled": True, "queue.mem.events": 64}}
    section = enabled_outputs(Section(data), None, unexpected)["console"]

    section.unpack(ProcessOptions)

    assert not section.scope.reported


def promoted(data: Any, report: Any) -> Any:
    """Return the queue of a configuration with the given outputs."""
    root = Section(data)
    found = enabled_outputs(root, None, report)
    queue = with_promoted_queue(root, found, report).get("queue")
    return queue and queue.written()


def test_queue_of_an_output() -> None:
    """A queue in an output counts as that of the process."""
    data = {"output": {"console": {"queue.mem.events": 64}, "file": {"queue": None}}}

    assert promoted(data, unexpected) == {"mem": {"events": 64}}


def test_queue_twice() -> None:
    """A queue of the process and one of an output exclude each other."""
    problems: list[Problem] = []

    promoted({"output.x.queue.mem": {}, "queue.disk": {}}, problems.append)

    message = (
        "top level queue and output level queue settings defined, only one is allowed"
    )
    assert problems == [Problem(message, "output.x.queue")]


@pytest.mark.parametrize(
    ("queue", "expected"),
    [
        ({}, []),
        ({"mem.events": 64}, []),
        ({"mem": {}, "disk.enabled": False}, []),
        ({"mem": {}, "disk": {}}, ["more than one namespace configured"]),
        ({"spool": {}}, ["unrecognized queue type 'spool'"]),
    ],
)
def test_kind_of_queue(queue: Any, expected: list[str]) -> None:
    """One known kind of queue can be chosen."""
    root = Section({"queue": queue})
    problems: list[Problem] = []

    check_queue(root, root.unpack(ProcessOptions).queue, problems.append)

    assert [problem.message for problem in problems] == expected


def test_no_queue_written() -> None:
    """The queue need not be configured."""
    root = Section({})

    check_queue(root, root.unpack(ProcessOptions).queue, unexpected)


def clouded(data: dict[str, Any]) -> tuple[Any, list[str]]:
    """Return a configuration with its cloud settings applied, and faults."""
    problems: list[Problem] = []
    root = with_cloud(Section(data), problems.append)
    output = root.get("output")
    return output and output.written(), [str(problem) for problem in problems]


def test_cloud() -> None:
    """The id replaces the hosts of the Elasticsearch output."""
    data = {
        "cloud": {"id": CLOUD_ID, "auth": "me:pw"},
        "output.elasticsearch": {"hosts": ["a", "b"], "bulk_max_size": 5},
    }

    assert clouded(data) == (
        {
            "elasticsearch": {
                "hosts": ["https://es.host:443"],
                "bulk_max_size": 5,
                "username": "me",
                "password": "pw",
            }
        },
        [],
    )


@pytest.mark.parametrize("cloud", [{}, {"id": ""}, {"id": "${NOT_SET}"}, None])
def test_cloud_not_set(cloud: Any) -> None:
    """An id that is empty or an unset variable changes nothing."""
    data: dict[str, Any] = {"cloud": cloud, "output": {"console": {}}}

    assert clouded(data) == ({"console": {}}, [])


def test_cloud_beside_another_output() -> None:
    """The id means the Elasticsearch output only."""
    _, problems = clouded({"cloud.id": CLOUD_ID, "output.console": {}})

    assert problems == [
        (
            "cloud.id works with output.elasticsearch only, not with console accessing"
            " 'cloud'"
        )
    ]


def test_cloud_fault() -> None:
    """An id that cannot be read is a fault."""
    _, problems = clouded({"cloud.id": "%"})

    assert problems == ["base64 decoding failed on % accessing 'cloud'"]

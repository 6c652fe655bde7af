"""`heartbeat test config`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = """\
output.file.path: out
heartbeat.monitors: [{type: tcp, id: a, schedule: '@every 5s', hosts: ['x:1']}]
"""


def test_good(command: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    """A configuration that works is OK."""
    assert command("test", "config", config=GOOD) == 0
    assert capsys.readouterr().out == "Config OK\n"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("heartbeat.monitors.0.ports: x\n", "is no whole number"),
        ("heartbeat.monitors.0.hosts: ${NOT_SET}\n", "missing field: ${NOT_SET}"),
        ("heartbeat.monitors.0.hosts: ['http://x:1']\n", "not a supported connection"),
        ("output.elasticsearch.hosts: []\n", "at least one host is needed"),
        ("http.port: -1\n", "is negative"),
    ],
    ids=["monitor", "variable", "plug-in", "output", "process"],
)
def test_faults(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    *,
    more: str,
    expected: str,
) -> None:
    """Whatever would not work is told, a monitor that would run broken included."""
    path, _, value = more.strip().partition(": ")

    assert command("test", "config", "-E", f"{path}={value}", config=GOOD) == 1
    said = capsys.readouterr()
    assert expected in said.err
    assert "Config OK" not in said.out


def test_strict(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """A warning is an error only if that is asked for."""
    assert command("test", "config", config=f"{GOOD}nmae: x\n") == 0
    assert command("test", "config", "--strict") == 1
    assert "did you mean 'name'?" in capsys.readouterr().err


def test_json(command: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    """What was found may be had as JSON."""
    assert command("test", "config", "--json", config=f"{GOOD}nmae: x\n") == 0
    (problem,) = json.loads(capsys.readouterr().err)
    assert (problem["severity"], problem["line"]) == ("warning", 3)


def test_output(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each output is tried step by step; nothing is left behind."""
    assert command("test", "output", config="output.file.path: out\n") == 0
    assert capsys.readouterr().out == "file...\n  path: out\n  writable... OK\n"


def test_output_that_fails(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """An output that would not work is an error."""
    config = "output.file.path: heartbeat.yml\n"

    assert command("test", "output", config=config) == 1
    assert "writable... ERROR" in capsys.readouterr().out


def test_output_at_fault(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Options that cannot work are told instead."""
    assert command("test", "output", config="output.file.path: ''\n") == 1
    assert "path format string is nil" in capsys.readouterr().err


def test_help(command: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    """Without a subject its help is shown."""
    assert command("test") == 0
    assert "config" in capsys.readouterr().out


def test_everything_at_once(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Faults of loading do not hide those of other monitors and of outputs."""
    config = (
        "output.file: {path: out, number_of_files: 1}\n"
        "heartbeat.monitors:\n"
        "- {type: tcp, id: a, schedule: '@every x', hosts: ['x:1']}\n"
        "- {type: tcp, id: b, schedule: '@every 5s', hosts: ['x']}\n"
        "- {type: http, id: c, schedule: '@every 5s', urls: ['http://h'], color: red}\n"
    )

    assert command("test", "config", config=config) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[2] for line in lines] == ["1", "3", "4", "5"]


def test_processors(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of the process and of monitors are looked at, with places."""
    config = (
        "output.file.path: out\n"
        "processors:\n"
        "- add_field: {fields: {a: 1}}\n"
        "- add_fields:\n"
        "  fields: {a: 1}\n"
        "heartbeat.monitors:\n"
        "- {type: tcp, id: a, schedule: '@every 5s', hosts: ['x:1'],\n"
        "   processors: [{rename: {}}]}\n"
    )

    assert command("test", "config", config=config) == 1
    first, second, third = capsys.readouterr().err.splitlines()
    assert ":3:3: the processor action add_field does not exist. Valid" in first
    assert second.endswith(
        ":4:3: each processor must have exactly one action, but found 2 actions"
        " (add_fields,fields) accessing 'processors.1'"
    )
    assert third.endswith(
        ":8:18: missing fields option in heartbeat.monitors.0.processors.0.rename"
    )

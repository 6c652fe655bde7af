"""Defaults, files, flags and overrides, in this order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from heartbeat.config import Request
from heartbeat.config.layers import merged_tree
from heartbeat.config.tree import plain
from heartbeat.errors import ConfigError, Problem
from tests.support.config import unexpected, written


def tree(request: Request) -> Any:
    """Return what is written in all layers; there must be no doubt."""
    return plain(merged_tree(request, unexpected))


def overridden(*overrides: str) -> tuple[Any, list[str]]:
    """Return what overrides alone set, and what is reported about them."""
    problems: list[Problem] = []
    found = plain(merged_tree(Request((), overrides), problems.append))
    assert isinstance(found, dict)
    del found["path"]
    return found, [str(problem) for problem in problems]


def test_defaults() -> None:
    """Without anything else there are the directories."""
    assert tree(Request(())) == {
        "path": {
            "home": str(Path.cwd()),
            "config": "${path.home}",
            "data": "${path.home}/data",
            "logs": "${path.home}/logs",
        }
    }


def test_later_layers_win(tmp_path: Path) -> None:
    """A later file, a flag, an override: each counts more than the one before."""
    first = written(tmp_path, "name: a\npath.home: /a\ntags: [a]\nhttp.port: 1\n", "1")
    second = written(tmp_path, "name: b\npath.home: /b\npath.data: /b\n", "2")
    request = Request(
        files=(first, second, first),
        overrides=("name=c", "http.port=2"),
        paths={"home": "/c", "logs": ""},
    )

    assert tree(request) == {
        "name": "c",
        "tags": ["a"],
        "http": {"port": 2},
        "path": {
            "home": "/c",
            "config": "${path.home}",
            "data": "/b",
            "logs": "${path.home}/logs",
        },
    }


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ({}, "x.yml"),
        ({"home": "/h"}, "/h/x.yml"),
        ({"home": "/h", "config": "/c"}, "/c/x.yml"),
    ],
)
def test_location_of_a_file(paths: dict[str, str], expected: str) -> None:
    """Files are looked for in path.config, else in path.home."""
    assert Request(paths=paths).location_of("x.yml") == expected


def test_flags_count_from_the_working_directory() -> None:
    """A relative directory of a flag is made absolute."""
    found = tree(Request((), paths={"data": "d"}))

    assert found["path"]["data"] == str(Path.cwd() / "d")


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("a.b=1", {"a": {"b": 1}}),
        ("a", {"a": True}),
        ("a=[x, y]", {"a": ["x", "y"]}),
        ("a={b.c: d}", {"a": {"b": {"c": "d"}}}),
        ("a=${X}", {"a": "${X}"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=null", {"a": None}),
    ],
)
def test_override(override: str, expected: object) -> None:
    """An override is a path and a value of the small language."""
    assert overridden(override) == (expected, [])


def test_override_of_an_entry(tmp_path: Path) -> None:
    """A number reaches into a list of a file."""
    file = written(tmp_path, "hosts: [a, b]\n")

    assert tree(Request((file,), ("hosts.1=c",)))["hosts"] == ["a", "c"]


def test_override_without_value() -> None:
    """An empty value sets nothing, which is said."""
    assert overridden("a.b=") == (
        {},
        ["-E: -E a.b= sets nothing, write a.b=null or a.b='' accessing 'a.b'"],
    )


def test_override_that_does_not_fit() -> None:
    """A bracket that is never closed is a fault."""
    assert overridden("a=[b") == ({}, ["-E: expected ']' at 3 accessing 'a'"])


def test_broken_references(tmp_path: Path) -> None:
    """A reference that cannot be read is a fault wherever it stands."""
    file = written(tmp_path, "a: {b: '${'}\nc: ['${}']\nd: ${fine}\n")
    problems: list[Problem] = []

    merged_tree(Request((file,)), problems.append)

    assert [str(problem) for problem in problems] == [
        f"{file}:1:5: missing '}}' for the '${{' at 1 accessing 'a.b'",
        f"{file}:2:5: empty expansion at 1 accessing 'c.0'",
    ]


def test_all_unreadable_files_are_named(tmp_path: Path) -> None:
    """Files that are missing, broken or no mapping are named together."""
    broken = written(tmp_path, "a: [\n", "broken.yml")
    listed = written(tmp_path, "- a\n", "list.yml")

    with pytest.raises(ConfigError) as caught:
        merged_tree(Request(("nowhere.yml", broken, listed)), unexpected)

    files = [problem.file for problem in caught.value.problems]
    assert files == ["nowhere.yml", broken, listed]


def test_empty_file(tmp_path: Path) -> None:
    """A file without content sets nothing."""
    assert list(tree(Request((written(tmp_path, "# nothing\n"),)))) == ["path"]

"""Showing problems."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import orjson
import pytest
from rich.console import Console

from heartbeat.config.diagnostics import as_json, as_lines, in_order, show
from heartbeat.errors import Problem
from tests.support.config import written

if TYPE_CHECKING:
    from pathlib import Path

FAULT = Problem("bad", "a.b", "b.yml", 3, 2)
DOUBT = Problem("odd http://a:b@c", "c", "a.yml", 9, is_warning=True)
NOWHERE = Problem("missing")


def shown(*problems: Problem) -> str:
    """Return what people see, without colours."""
    text = io.StringIO()
    show(problems, Console(file=text, width=80, color_system=None))
    return text.getvalue()


def test_order() -> None:
    """Problems are sorted by file and line, those of no file come last."""
    assert in_order([NOWHERE, FAULT, DOUBT]) == [DOUBT, FAULT, NOWHERE]


def test_lines() -> None:
    """Each problem is one line that says how bad it is."""
    assert as_lines([FAULT, DOUBT, NOWHERE]) == [
        "warning: a.yml:9: odd http://a:xxxxx@c accessing 'c'",
        "error: b.yml:3:2: bad accessing 'a.b'",
        "error: missing",
    ]


def test_json() -> None:
    """The JSON form has every member apart."""
    assert orjson.loads(as_json([DOUBT])) == [
        {
            "severity": "warning",
            "message": "odd http://a:xxxxx@c",
            "path": "c",
            "file": "a.yml",
            "line": 9,
            "column": 0,
        }
    ]


def test_picture(tmp_path: Path) -> None:
    """On a terminal the line stands below, with a caret, without its secrets."""
    file = written(tmp_path, "a: 1\n  password: hush\n", "f.yml")

    assert shown(Problem("too short", "password", file, 2, 3)) == (
        "error: too short\n"
        f"  --> {file}:2:3 password\n"
        "    2 |   password: xxxxx\n"
        "      |   ^\n"
    )


@pytest.mark.parametrize("line", [0, 99])
def test_picture_without_a_line(tmp_path: Path, line: int) -> None:
    """A line that is not there is not shown."""
    file = written(tmp_path, "a: 1\n", "f.yml")

    assert shown(Problem("bad", file=file, line=line)).count("\n") == 2


def test_picture_of_an_unreadable_file(tmp_path: Path) -> None:
    """A file that cannot be read does not hinder the message."""
    file = tmp_path / "f.yml"
    file.write_bytes(b"\xff")

    assert shown(Problem("bad", "", str(file), 1, 1), NOWHERE) == (
        f"error: bad\n  --> {file}:1:1\nerror: missing\n"
    )

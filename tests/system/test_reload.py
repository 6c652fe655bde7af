"""heartbeat as a process, told that its configuration has changed."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.program import Program, until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

CONFIG = """\
output.console: {}
heartbeat.config.monitors: {path: monitors.d/*.yml, reload: {enabled: true}}
heartbeat.monitors:
"""


def monitor(name: str) -> str:
    """Return a monitor of a port nobody listens on."""
    return f"- {{type: tcp, id: {name}, schedule: '@every 1s', hosts: ['[::1]:1']}}\n"


def ids(program: Program) -> set[str]:
    """Return the ids of the monitors that ran so far."""
    return {document["monitor"]["id"] for document in program.documents()}


def test_hangup_brings_in_what_is_written(tmp_path: Path) -> None:
    """SIGHUP is no end: new monitors run, and those that were there run on."""
    program = Program(tmp_path, CONFIG + monitor("one"))
    with program.running():
        until(lambda: "one" in ids(program), "the first document")
        text = CONFIG + monitor("one") + monitor("two")
        (tmp_path / "heartbeat.yml").write_text(text, encoding="utf-8")
        program.send(signal.SIGHUP)
        until(lambda: "two" in ids(program), "the new monitor")

        assert program.stop() == 0


def test_file_of_monitors_is_followed(tmp_path: Path) -> None:
    """A file that is put into the directory is enough."""
    (tmp_path / "monitors.d").mkdir()
    program = Program(tmp_path, CONFIG + monitor("one"))
    with program.running():
        until(lambda: "one" in ids(program), "the first document")
        file = tmp_path / "monitors.d" / "a.yml"
        file.touch(mode=0o600)
        file.write_text(monitor("two"), encoding="utf-8")
        until(lambda: "two" in ids(program), "the new monitor")

        assert program.stop() == 0

"""`heartbeat version`, and how little it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from heartbeat import __version__
from tests.support.program import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

ASKS = """\
import json, sys
from heartbeat.cmd.root import execute
execute(["version"])
print(json.dumps(sorted(sys.modules)))
"""
ENOUGH = {
    "heartbeat",
    *(f"heartbeat.{name}" for name in ("cmd", "errors")),
    *(f"heartbeat.cmd.{name}" for name in ("options", "root", "table", "usage")),
    "heartbeat.cmd.version",
}
COSTLY = {"aiohttp", "asyncio", "cryptography", "pydantic", "re2", "rich", "yaml"}


def test_line(command: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    """One line tells version, format and what it was built on."""
    assert command("version") == 0
    assert capsys.readouterr().out.startswith(f"heartbeat version {__version__} (")


@pytest.mark.slow
def test_nothing_is_loaded_that_it_does_not_need() -> None:
    """The command line starts fast: commands are imported when they are called."""
    printed = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", ASKS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    loaded = set(json.loads(printed.splitlines()[-1]))

    assert {name for name in loaded if name.split(".")[0] == "heartbeat"} == ENOUGH
    assert loaded & COSTLY == set()

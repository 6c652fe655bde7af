"""One tiny file for each mistake, and exactly what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbeat.config import Request, load
from heartbeat.config.diagnostics import as_lines
from heartbeat.errors import ConfigError
from tests.support.config import KINDS

FOLDER = Path(__file__).parent.parent / "data" / "bad"


@pytest.mark.parametrize(
    "file", sorted(FOLDER.glob("*.yml")), ids=lambda path: Path(path).stem
)
def test_message(file: Path) -> None:
    """The file is answered with the lines of the text beside it."""
    request = Request((str(file),), strict_permissions=False, environment={})
    try:
        problems = load(request, KINDS, needs_output=False).problems
    except ConfigError as error:
        problems = error.problems

    lines = [line.replace(f"{FOLDER}/", "") for line in as_lines(problems)]

    assert lines == file.with_suffix(".txt").read_text(encoding="utf-8").splitlines()

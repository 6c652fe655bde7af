"""Every row of docs/errors.md names the test that shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TREE = Path(__file__).parent.parent
TEXT = (TREE / "docs" / "errors.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/\S+\.py)::(\w+)`", TEXT)))


@pytest.mark.parametrize(("module", "name"), NAMED)
def test_the_named_test_exists(module: str, name: str) -> None:
    """A test that was renamed is renamed in the document, too."""
    code = (TREE / module).read_text(encoding="utf-8")

    assert re.search(rf"\bdef {name}\(", code)


def test_every_row_names_a_test() -> None:
    """A table with a column for tests leaves none out."""
    header = re.compile(r"\|.*\| Test \|\n\|[-|]+\|\n((?:\|.*\n)+)")
    tables = header.findall(TEXT)
    rows = [row for table in tables for row in table.splitlines()]

    assert len(tables) == 5
    assert [row for row in rows if "::test_" not in row] == []

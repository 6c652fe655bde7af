"""What the documents point at exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TREE = Path(__file__).parent.parent
PLACEHOLDERS = {
    "monitors/x.py",
    "outputs/x.py",
    "heartbeat/processors/x.py",
    "tests/monitors/test_x.py",
    "tests/processors/test_x.py",
    "tests/outputs/test_x.py",
}
"""The files that the instructions for a new monitor or output tell to make."""
DOCUMENTS = sorted((*TREE.glob("*.md"), *TREE.glob("docs/*.md")))


def name(path: Path) -> str:
    """Return a document's name for a test's id."""
    return path.relative_to(TREE).as_posix()


def anchors(document: Path) -> set[str]:
    """Return the anchors that headings of a document get where it is rendered."""
    headings = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link names a file, and a heading of it if it says so."""
    links = re.findall(
        r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", document.read_text("utf-8")
    )

    broken: list[str] = []
    for path, anchor in links:
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(f"{path}#{anchor}")

    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_named_targets_exist(document: Path) -> None:
    """Every `make` target that a document names is in the Makefile."""
    makefile = (TREE / "Makefile").read_text("utf-8")
    known = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    text = document.read_text("utf-8")
    named = set(re.findall(r"(?:`|^ {4}|; )make ([a-z]+)", text, re.MULTILINE))

    assert named - known == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_named_files_exist(document: Path) -> None:
    """Every file of the tree that a document names in code is there."""
    text = document.read_text("utf-8")
    folders = "bench|cmd|docs|heartbeat|monitors|outputs|requirements|tests|monitors.d"
    named = set(re.findall(rf"`((?:{folders})/[\w./-]+\.\w+)`", text))
    missing = {path for path in named if not (TREE / path).exists()}

    assert missing - PLACEHOLDERS == set()

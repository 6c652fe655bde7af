"""Configurations for tests: what is installed, and loading from texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config import Kinds, Request, Settings, load

if TYPE_CHECKING:
    from pathlib import Path

    from heartbeat.errors import Problem

KINDS = Kinds(
    monitors={"http": "http", "tcp": "tcp", "icmp": "icmp", "synthetics/http": "http"},
    outputs=frozenset({"console", "file", "elasticsearch"}),
)


def written(folder: Path, text: str, name: str = "heartbeat.yml") -> str:
    """Return the name of a new file that holds the text."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return str(path)


def loaded(folder: Path, text: str, **request: Any) -> Settings:
    """Return the settings of a main file with this text; no output is needed."""
    empty: dict[str, str] = {}
    asked: dict[str, Any] = {"environment": empty, "files": (written(folder, text),)}
    return load(Request(**(asked | request)), KINDS, needs_output=False)


def unexpected(problem: Problem) -> None:
    """Fail, because there should be no problem."""
    pytest.fail(str(problem))

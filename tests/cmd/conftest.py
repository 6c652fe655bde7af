"""What tests of commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.cmd import root
from tests.support.config import written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty directory, with nothing in the environment that counts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEARTBEAT_KEYSTORE_PASSWORD", raising=False)
    monkeypatch.delenv("BEAT_STRICT_PERMS", raising=False)
    return tmp_path


@pytest.fixture
def command(home: Path) -> Callable[..., int]:
    """Return what runs a command on a configuration and gives its exit code."""

    def run(*arguments: str, config: str | None = None) -> int:
        if config is not None:
            written(home, config)
        return root.execute(arguments)

    return run

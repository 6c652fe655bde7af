"""What tests of reloading share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat import monitors
from tests.support.plant import Plant

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.clock import FakeClock


@pytest.fixture
def plant(tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Return an empty configuration that is not started yet."""
    monkeypatch.setitem(monitors.TABLE, "fake", "tests.support.fake:build")
    return Plant(tmp_path, clock)

"""What tests of the runner share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.stage import Stage

if TYPE_CHECKING:
    from tests.support.clock import FakeClock


@pytest.fixture
def stage(clock: FakeClock) -> Stage:
    """Return everything a runner needs."""
    return Stage(clock)

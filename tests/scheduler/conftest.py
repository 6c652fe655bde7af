"""What tests of the scheduler share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.probe import Probe

if TYPE_CHECKING:
    from tests.support.clock import FakeClock


@pytest.fixture
def probe(clock: FakeClock) -> Probe:
    """Return a job that takes no time."""
    return Probe(clock)

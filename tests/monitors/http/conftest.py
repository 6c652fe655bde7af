"""What tests of the HTTP monitor share: one way to check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.net import Network
from tests.support.visit import Visitor

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.support.clock import FakeClock


@pytest.fixture
async def visitor(clock: FakeClock) -> AsyncGenerator[Visitor]:
    """Give a way to check on a clock that stands still."""
    network = Network(clock)
    yield Visitor(clock, network)
    await network.close()

"""What tests of the network layer share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.clock import Deadline
from heartbeat.net import Network

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.support.clock import FakeClock


@pytest.fixture
def deadline(clock: FakeClock) -> Deadline:
    """Return a running deadline that expires when the test advances its clock."""
    return Deadline(clock, 10.0)


@pytest.fixture
async def network(clock: FakeClock) -> AsyncGenerator[Network]:
    """Return a network that is closed after the test."""
    network = Network(clock)
    yield network
    await network.close()

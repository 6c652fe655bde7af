"""What tests against the kits have in common: the kits, and what runs checks there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.clock import SystemClock
from heartbeat.net import Network
from tests.hostile.prober import Prober
from tests.support.kits import running_namespace, running_targets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.kits import Namespace, Targets


@pytest.fixture
async def prober() -> AsyncIterator[Prober]:
    """Return what runs checks."""
    network = Network(SystemClock())
    yield Prober(network)
    await network.close()


@pytest.fixture(scope="session")
def targets() -> Targets:
    """Return the probe targets."""
    return running_targets()


@pytest.fixture(scope="session")
def namespace() -> Namespace:
    """Return the namespace with the odd networks."""
    return running_namespace()

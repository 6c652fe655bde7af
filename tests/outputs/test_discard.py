"""`output.discard`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.config import Section
from heartbeat.net import Network
from heartbeat.outputs.base import Closeable, Delivery, Finding, OutputContext, SelfTest
from heartbeat.outputs.discard import build
from tests.support.records import numbered

if TYPE_CHECKING:
    from tests.support.clock import FakeClock


async def test_everything_is_taken(clock: FakeClock) -> None:
    """And the self-test says what that means."""
    output = build(Section({}), OutputContext(Network(clock)))

    assert await output.publish(numbered(1, 3)) == Delivery(3)
    assert isinstance(output, SelfTest)
    assert [finding async for finding in output.test()] == [
        Finding("discards everything", "WARN", "no event is kept")
    ]
    assert isinstance(output, Closeable)
    await output.close()

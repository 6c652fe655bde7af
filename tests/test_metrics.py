"""The log of metrics."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.metrics import MetricsLog

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.support.clock import FakeClock


@pytest.fixture(autouse=True)
def _level(caplog: pytest.LogCaptureFixture) -> None:
    """See the lines, which are of level info."""
    caplog.set_level(logging.INFO, "heartbeat.monitoring")


@asynccontextmanager
async def logging_of(figures: dict[str, Any], clock: FakeClock) -> AsyncGenerator[None]:
    """Log figures, which the test may change, every 30 seconds."""
    task = asyncio.create_task(MetricsLog(lambda: figures, clock, 30.0).run())
    try:
        await clock.advance(0)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def metrics(record: logging.LogRecord) -> Any:
    """Return the figures a line carries."""
    return vars(record)["monitoring"]["metrics"]


class TestLines:
    """What is said."""

    async def test_counters_tell_their_growth(
        self, clock: FakeClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A counter is told as what came to it since the line before."""
        events = {"acked": 100, "failed": 5}
        async with logging_of({"libbeat": {"output": {"events": events}}}, clock):
            events["acked"] = 130
            await clock.advance(30)
            line = caplog.records[0]

        assert line.message == "Non-zero metrics in the last 30s"
        assert metrics(line) == {"libbeat": {"output": {"events": {"acked": 30}}}}

    async def test_gauges_tell_their_value(
        self, clock: FakeClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What goes up and down is told as it is; zeros are left out."""
        jobs = {"active": 7, "waiting": 0}
        async with logging_of({"heartbeat": {"jobs": jobs}}, clock):
            await clock.advance(60)
            lines = caplog.records[:2]

        told = {"heartbeat": {"jobs": {"active": 7}}}
        assert [metrics(line) for line in lines] == [told, told]

    async def test_nothing_to_say(
        self, clock: FakeClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Words and switches are no metrics; a line comes all the same."""
        figures = {"output": {"type": "console", "available": True, "acked": 3}}
        async with logging_of(figures, clock):
            await clock.advance(30)

        assert caplog.messages[0] == "No non-zero metrics in the last 30s"

    async def test_the_end_tells_the_totals(
        self, clock: FakeClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Whoever reads the end of a log has the whole."""
        async with logging_of({"acked": 3}, clock):
            await clock.advance(12.5)

        assert caplog.messages == [
            "Total metrics",
            "Uptime: 12.500s",
            "Stopping metrics logging.",
        ]
        assert metrics(caplog.records[0]) == {"acked": 3}

"""The lines that operators look for, pinned byte by byte but for time and place."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat import logs
from heartbeat.metrics import MetricsLog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.clock import FakeClock

GOLDEN = Path("tests/data/log")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Return where the log of heartbeat goes meanwhile."""
    written = io.StringIO()
    handler = logs.to_stream(written, fields={"team": "web"})
    own = logging.getLogger("heartbeat")
    own.addHandler(handler)
    before = own.level
    own.setLevel(logging.INFO)
    yield written
    own.removeHandler(handler)
    own.setLevel(before)


def lines(stream: io.StringIO) -> str:
    """Return what was written, without what differs each time."""
    kept: list[str] = []
    for line in stream.getvalue().splitlines():
        found: dict[str, Any] = json.loads(line)
        found["@timestamp"] = "<time>"
        found["log.origin"]["file.line"] = 0
        if "error.stack_trace" in found:
            found["error.stack_trace"] = "<stack>"
        kept.append(json.dumps(found))
    return "\n".join(kept) + "\n"


async def test_figures(clock: FakeClock, stream: io.StringIO) -> None:
    """Changes of counters, present values of gauges, nothing to say, and totals."""
    events = {"acked": 100, "failed": 5, "dropped": 0, "active": 2}
    figures: dict[str, Any] = {
        "beat": {"memstats": {"rss": 1000}, "info": {"uptime": {"ms": 5}}},
        "libbeat": {"output": {"type": "file", "events": events}},
    }
    task = asyncio.create_task(MetricsLog(lambda: figures, clock, 30.0).run())
    await clock.advance(0)
    events.update(acked=130, dropped=3)
    await clock.advance(30)
    figures["beat"] = {}
    events["active"] = 0
    await clock.advance(30)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    expected = (GOLDEN / "metrics.ndjson").read_text(encoding="utf-8")
    assert lines(stream) == expected


def test_a_warning_and_an_error(stream: io.StringIO) -> None:
    """Level, logger, origin, message, error, members and fields of the operator."""
    log = logging.getLogger("heartbeat.delivery")
    log.warning("output '%s': cannot deliver", "es", extra={"events": 7})
    try:
        raise ValueError("http://me:secret@es")
    except ValueError:
        log.exception("the check of '%s' raised", "shop")

    expected = (GOLDEN / "lines.ndjson").read_text(encoding="utf-8")
    assert lines(stream) == expected

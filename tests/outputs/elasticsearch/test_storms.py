"""A cluster, and whatever stands before it, that misbehaves for long."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat import COMPATIBLE_VERSION
from tests.support.bulk import Bulk, answer, break_off, fault, hang_up, items
from tests.support.records import ids, records
from tests.support.worker import Benches

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from tests.support.bulk import Act, Request
    from tests.support.clock import FakeClock

EVENTS = 100
POISON = frozenset(("id-7", "id-50"))
BUSY = fault(429, "es_rejected_execution_exception", "rejected execution")
AWAY = fault(503, "unavailable_shards_exception", "primary is not active")

NOBODY: tuple[Act, ...] = (
    answer({"error": {"reason": "queue"}}, status=429),
    answer({}, status=429, retry_after="5"),
    answer({}, status=503),
    answer(b"", status=413),
    answer(b"", status=302, location="http://127.0.0.1/elsewhere"),
    answer(b"<html>login", content_type="text/html"),
    answer(b'{"errors":false,"items":['),
    answer(b'{"items":"none"}'),
    answer([]),
    break_off,
    hang_up,
)
"""Ways to take nothing."""

LOST: tuple[Act, ...] = (answer(b"", status=504), break_off, hang_up)
"""Ways to take everything and not to say so."""


def in_part(bulk: Bulk, random: Random) -> Act:
    """Return the act of taking some events and being busy with others."""

    async def act(
        request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        verdicts = [
            bulk.take(action) if random.random() < 0.5 else random.choice((BUSY, AWAY))
            for action in request.actions
        ]
        await items(*verdicts)(request, reader, writer)

    return act


def unsaid(bulk: Bulk, then: Act) -> Act:
    """Return the act of taking all events, of which the client does not hear."""

    async def act(
        request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        for action in request.actions:
            bulk.take(action)
        await then(request, reader, writer)

    return act


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
async def test_a_storm_loses_and_doubles_nothing(
    make: Any, bulk: Bulk, clock: FakeClock, tmp_path: Path, seed: int
) -> None:
    """Every event is taken once, or is a dead letter if it deserves it."""
    random = Random(seed)  # noqa: S311 - no secret
    bulk.refused = POISON
    bulk.script += [
        random.choice(
            (
                random.choice(NOBODY),
                in_part(bulk, random),
                unsaid(bulk, random.choice(LOST)),
            )
        )
        for _ in range(40)
    ]
    output = make(bulk.url, bulk_max_size=20, worker=2)

    async with Benches(clock, tmp_path)(output, EVENTS) as run:
        await run.done_in_time(clock)
        counters = run.worker.counters
        letters = {letter["routing"]["_id"] for letter in run.letters()}

    stream = f"heartbeat-{COMPATIBLE_VERSION}"
    expected = {(stream, one) for one in ids(records(EVENTS))}
    expected -= {(stream, one) for one in POISON}
    assert len(bulk.taken) == len(expected)
    assert set(bulk.taken) == expected
    assert letters == POISON
    assert counters.acked + counters.dead_letter == EVENTS
    assert not bulk.script

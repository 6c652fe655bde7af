"""Outputs that fail: how they are tried again, and what the operator is told."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

import pytest

from heartbeat.delivery import Counters, backoff
from heartbeat.errors import OutputUnavailable, StoreError
from heartbeat.outputs.base import Limits
from tests.support.outputs import ConnectingOutput, RecordingOutput
from tests.support.worker import DOWN, Bench, Benches, keep, reject

if TYPE_CHECKING:
    from pathlib import Path

    from heartbeat.event import Record
    from tests.support.clock import FakeClock


@pytest.fixture
def bench(clock: FakeClock, tmp_path: Path) -> Benches:
    """Return a way to run a worker for an output."""
    return Benches(clock, tmp_path)


async def test_an_unavailable_output_is_tried_again(
    bench: Benches, clock: FakeClock
) -> None:
    """The whole batch comes again after a wait between one and two steps."""
    output = RecordingOutput()
    output.answers.append(DOWN)
    async with bench(output, 2) as run:
        await output.offered(1)
        await clock.advance(0.99)
        early = len(output.offers)
        await clock.advance(1.01)
        await run.done()
        counters = run.worker.counters

    assert (early, output.taken) == (1, ["id-1", "id-2"])
    assert counters == Counters(total=4, acked=2, failed=2, batches=2, retry=2)


async def test_newer_records_join_a_retry(bench: Benches, clock: FakeClock) -> None:
    """After an outage the batch is as large as it may be, oldest first."""
    output = RecordingOutput()
    output.answers.append(DOWN)
    async with bench(output, 1) as run:
        await output.offered(1)
        await run.put(1, first=2)
        await clock.advance(2)
        await run.done()

    assert output.offers == [["id-1"], ["id-1", "id-2"]]


async def test_the_receiver_can_ask_for_patience(
    bench: Benches, clock: FakeClock
) -> None:
    """Retry-After stretches the wait."""
    output = RecordingOutput()
    output.answers.append(keep(0, after=30))
    output.answers.append(OutputUnavailable("busy", retry_after=40))
    async with bench(output, 1) as run:
        await output.offered(1)
        await clock.advance(29)
        first = len(output.offers)
        await clock.advance(1)
        await clock.advance(39)
        second = len(output.offers)
        await clock.advance(1)
        await run.done()

    assert (first, second) == (1, 2)


async def test_rejections_are_announced_by_kind(
    bench: Benches, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """One line for each kind at once, the rest of a minute in one line."""
    output = RecordingOutput(Limits(max_events=1))
    output.answers += [reject(0, reason=f"bad {n}") for n in range(3)]
    output.answers.append(reject(0, reason="other", kind="413"))
    async with bench(output, 4) as run:
        await run.done()
        await clock.advance(60)

    assert [
        one.getMessage().partition("output 'recorder': ")[2] for one in caplog.records
    ] == [
        "1 events were rejected for good and kept as dead letters: bad 0",
        "1 events were rejected for good and kept as dead letters: other",
        "2 events were rejected for good and kept as dead letters: bad 2",
    ]


async def test_without_dead_letters_nothing_is_given_up(
    bench: Benches, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A rejection that cannot be written down is offered again."""
    (tmp_path / "dead-letter").write_text("in the way")
    output = RecordingOutput()
    output.answers.append(reject(0))
    async with bench(output, 1) as run:
        await output.offered(1)
        while run.worker.counters.failed == 0:
            await clock.advance()
        await clock.advance(2)
        await run.done()

    assert output.taken == ["id-1"]
    assert "cannot be kept as dead letters and are offered again: " in caplog.text


async def test_retries_are_endless_by_default(bench: Benches, clock: FakeClock) -> None:
    """However often an output fails, the record is still there."""
    output = RecordingOutput()
    output.answers += [DOWN] * 50
    async with bench(output, 1) as run:
        for number in range(1, 51):
            await output.offered(number)
            await clock.advance(60)
        await run.done()

    assert output.taken == ["id-1"]


async def test_waiting_for_a_connection_is_no_attempt(
    bench: Benches, clock: FakeClock
) -> None:
    """Failing to connect does not use up retries."""
    output = ConnectingOutput(Limits(max_retries=0))
    output.refusals += [DOWN, DOWN]
    async with bench(output, 1) as run:
        for _ in range(2):
            await output.attempts.acquire()
            await clock.advance(4)
        await run.done()

    assert (output.offers, output.connections) == ([["id-1"]], 1)


async def test_a_failure_connects_again(bench: Benches, clock: FakeClock) -> None:
    """Only an output that was not available is prepared anew."""
    output = ConnectingOutput(Limits(max_events=1))
    output.answers += [keep(0), DOWN]
    async with bench(output, 2) as run:
        await output.offered(1)
        await clock.advance(2)
        await output.offered(2)
        await clock.advance(4)
        await run.done()

    assert output.connections == 2


async def test_lanes_connect_once(bench: Benches) -> None:
    """Several lanes share one connection."""
    output = ConnectingOutput(Limits(max_events=1, concurrency=3))
    async with bench(output, 5) as run:
        await run.done()

    assert (sorted(output.taken), output.connections) == (
        [f"id-{number}" for number in range(1, 6)],
        1,
    )


async def test_an_outage_is_told_from_beginning_to_end(
    bench: Benches, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says what fails, what waits, that it lasts, and when it is over."""
    output = RecordingOutput(Limits(backoff_init=30))
    output.answers += [DOWN, DOWN, DOWN]
    async with bench(output, 2) as run:
        for number in (1, 2, 3):
            await output.offered(number)
            assert not run.worker.is_working
            await clock.advance(60)
        await run.done()
        assert run.worker.is_working

    text = [one.getMessage() for one in caplog.records]
    assert text[0] == (
        "output 'recorder': cannot deliver: connection refused; 2 events wait, none is"
        " lost, and it is tried again until it works"
    )
    assert any("still, after 1m" in line for line in text[1:-1])
    assert text[-1].startswith("output 'recorder': works again after ")
    assert text[-1].endswith("2 events wait for delivery")


async def test_refusals_are_announced(
    bench: Benches, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The receiver's words for what it did not take are in the log."""
    output = RecordingOutput()
    output.answers.append(keep(0, cause="429 queue full"))
    async with bench(output, 2) as run:
        await output.offered(1)
        await clock.advance(2)
        await run.done()

    assert "1 events were not taken and are offered again: 429 queue full" in (
        caplog.text
    )


async def test_a_fault_of_an_output_loses_nothing(
    bench: Benches, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected exception counts as not available."""
    output = RecordingOutput()
    output.answers.append(KeyError("oops"))
    async with bench(output, 1) as run:
        await output.offered(1)
        await clock.advance(2)
        await run.done()

    assert output.taken == ["id-1"]
    assert "cannot deliver: KeyError: 'oops'" in caplog.text


async def test_an_unreadable_store_is_tried_again(
    clock: FakeClock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A disk that cannot be read for a while does not end delivery."""
    output = RecordingOutput()
    run = Bench(output, clock, tmp_path)
    await run.put(1)
    take, tries = run.store.take, iter([True, False])

    async def unreadable(output: str, limit: int) -> list[Record]:
        if next(tries, False):
            raise StoreError("disk I/O error")
        return await take(output, limit)

    monkeypatch.setattr(run.store, "take", unreadable)
    task = asyncio.create_task(run.worker.run())
    await clock.advance(2)
    await output.offered(1)
    await run.done()
    task.cancel()
    await asyncio.wait((task,))
    await run.store.close()

    assert output.taken == ["id-1"]
    assert "the store cannot be read: disk I/O error" in caplog.text


@pytest.mark.parametrize(
    ("failures", "low", "high"),
    [(1, 1, 2), (2, 2, 4), (3, 4, 8), (6, 30, 60), (9999, 30, 60)],
)
def test_waits_double_up_to_the_maximum(failures: int, low: float, high: float) -> None:
    """Each wait lies in the upper half of its step."""
    random = Random(0)  # noqa: S311 - no secret
    waits = [backoff(Limits(), failures, random) for _ in range(200)]

    assert low <= min(waits) < max(waits) <= high
    assert max(waits) - min(waits) > (high - low) / 2

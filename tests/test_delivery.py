"""The worker: everything is delivered once or accounted for, come what may."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import TYPE_CHECKING, Any, cast

import orjson
import pytest

from heartbeat.deadletter import DeadLetters
from heartbeat.delivery import Counters, Worker, backoff
from heartbeat.errors import OutputClosed, OutputUnavailable, StoreError
from heartbeat.outputs.base import Delivery, Limits, Rejection
from heartbeat.store import Store
from tests.support.outputs import ConnectingOutput, PlainOutput, RecordingOutput
from tests.support.records import records

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from heartbeat.event import Record
    from heartbeat.outputs.base import Batch, Output
    from tests.support.clock import FakeClock

DOWN = OutputUnavailable("connection refused")


class Bench:
    """A worker between a store in memory and an output."""

    def __init__(self, output: Output, clock: FakeClock, folder: Path) -> None:
        self.output = output
        self.store = Store.open(None, outputs=(output.name,), clock=clock)
        self.folder = folder
        self.worker = Worker(
            output,
            self.store,
            clock,
            dead_letters=DeadLetters(folder, output.name, clock),
            random=Random(1),  # noqa: S311 - no secret
        )

    async def put(self, count: int, first: int = 1) -> None:
        """Put records into the store."""
        self.store.append(records(count, first=first), {})
        await self.store.flush()

    async def done(self) -> None:
        """Return when everything is delivered."""
        assert await self.worker.drain(3600)

    def letters(self) -> list[Any]:
        """Return the lines of the dead-letter files."""
        return [
            orjson.loads(line)
            for path in sorted(self.folder.glob("*.ndjson"))
            for line in path.read_bytes().splitlines()
        ]


class BrokenOutput(RecordingOutput):
    """One that does not keep the contract."""

    async def publish(self, batch: Batch) -> Delivery:
        """Return no verdict."""
        return cast("Delivery", f"took {len(batch)}")


class HangingOutput(RecordingOutput):
    """One that never comes back."""

    async def publish(self, batch: Batch) -> Delivery:
        """Take the batch and wait forever."""
        await super().publish(batch)
        never: asyncio.Future[Delivery] = asyncio.get_running_loop().create_future()
        return await never


@pytest.fixture
def bench(clock: FakeClock, tmp_path: Path) -> Callable[..., Any]:
    """Return a way to run a worker for an output."""

    @asynccontextmanager
    async def running(output: RecordingOutput, count: int = 0) -> AsyncGenerator[Bench]:
        bench = Bench(output, clock, tmp_path / "dead-letter")
        await bench.put(count)
        task = asyncio.create_task(bench.worker.run())
        try:
            yield bench
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, OutputClosed):
                await task
            await bench.store.close()

    return running


def keep(*numbers: int, cause: str = "busy", after: float = 0.0) -> Any:
    """Return an answer that asks for the n-th records of the batch again."""

    def answer(batch: Batch) -> Delivery:
        again = [batch[number] for number in numbers]
        accepted = len(batch) - len(again)
        return Delivery(accepted, again, cause=cause, retry_after=after)

    return answer


def reject(*numbers: int, reason: str = "bad date", kind: str = "400") -> Any:
    """Return an answer that rejects the n-th records of the batch."""

    def answer(batch: Batch) -> Delivery:
        bad = [Rejection(batch[number], reason, kind) for number in numbers]
        return Delivery(len(batch) - len(bad), rejected=bad)

    return answer


async def test_records_are_delivered_in_order(bench: Any) -> None:
    """What is in the store reaches the output, in batches of its size."""
    output = RecordingOutput(Limits(max_events=2))
    async with bench(output, 3) as run:
        await run.done()

    assert output.offers == [["id-1", "id-2"], ["id-3"]]
    assert output.is_closed


async def test_success_is_counted(bench: Any) -> None:
    """Accepted records and duplicates appear in the counters."""
    output = RecordingOutput()
    output.answers.append(lambda batch: Delivery(len(batch), duplicates=1))
    async with bench(output, 3) as run:
        await run.done()
        counters = run.worker.counters

    assert counters == Counters(total=3, acked=3, duplicates=1, batches=1)


async def test_an_unavailable_output_is_tried_again(
    bench: Any, clock: FakeClock
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


async def test_newer_records_join_a_retry(bench: Any, clock: FakeClock) -> None:
    """After an outage the batch is as large as it may be, oldest first."""
    output = RecordingOutput()
    output.answers.append(DOWN)
    async with bench(output, 1) as run:
        await output.offered(1)
        await run.put(1, first=2)
        await clock.advance(2)
        await run.done()

    assert output.offers == [["id-1"], ["id-1", "id-2"]]


async def test_only_what_failed_comes_again(bench: Any, clock: FakeClock) -> None:
    """Records that were accepted are not offered twice."""
    output = RecordingOutput()
    output.answers.append(keep(1))
    async with bench(output, 3) as run:
        await output.offered(1)
        await clock.advance(2)
        await run.done()

    assert output.offers == [["id-1", "id-2", "id-3"], ["id-2"]]


async def test_refused_records_do_not_hold_up_others(
    bench: Any, clock: FakeClock
) -> None:
    """While some records wait for their next attempt, others are delivered."""
    output = RecordingOutput()
    output.answers.append(keep(0))
    async with bench(output, 2) as run:
        await output.offered(1)
        await run.put(1, first=3)
        await output.offered(2)
        await clock.advance(2)
        await run.done()

    assert output.offers == [["id-1", "id-2"], ["id-3"], ["id-1"]]


async def test_the_receiver_can_ask_for_patience(bench: Any, clock: FakeClock) -> None:
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


async def test_a_rejected_record_is_kept(bench: Any) -> None:
    """What the receiver will never take is written down with its words."""
    output = RecordingOutput()
    output.answers.append(reject(0))
    async with bench(output, 2) as run:
        await run.done()
        counters = run.worker.counters
        letters = run.letters()

    assert counters == Counters(total=2, acked=1, dead_letter=1, batches=1)
    assert letters == [
        {
            "@timestamp": "2026-09-21T14:13:20.000Z",
            "output": "recorder",
            "reason": "bad date",
            "routing": {"_id": "id-1"},
            "document": orjson.loads(records(1)[0].body),
        }
    ]


async def test_rejections_are_announced_by_kind(
    bench: Any, clock: FakeClock, caplog: pytest.LogCaptureFixture
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
    bench: Any, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
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


async def test_retries_are_endless_by_default(bench: Any, clock: FakeClock) -> None:
    """However often an output fails, the record is still there."""
    output = RecordingOutput()
    output.answers += [DOWN] * 50
    async with bench(output, 1) as run:
        for number in range(1, 51):
            await output.offered(number)
            await clock.advance(60)
        await run.done()

    assert output.taken == ["id-1"]


async def test_limited_retries_end_as_dead_letters(
    bench: Any, clock: FakeClock
) -> None:
    """With max_retries a record is given up after as many more attempts, aloud."""
    output = RecordingOutput(Limits(max_retries=1))
    output.answers += [DOWN, keep(0)]
    async with bench(output, 1) as run:
        await output.offered(1)
        await clock.advance(2)
        await run.done()
        letters = run.letters()

    assert [letter["reason"] for letter in letters] == [
        "given up after 2 attempts: busy"
    ]


async def test_waiting_for_a_connection_is_no_attempt(
    bench: Any, clock: FakeClock
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


async def test_a_failure_connects_again(bench: Any, clock: FakeClock) -> None:
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


async def test_lanes_connect_once(bench: Any) -> None:
    """Several lanes share one connection."""
    output = ConnectingOutput(Limits(max_events=1, concurrency=3))
    async with bench(output, 5) as run:
        await run.done()

    assert (sorted(output.taken), output.connections) == (
        [f"id-{number}" for number in range(1, 6)],
        1,
    )


async def test_an_outage_is_told_from_beginning_to_end(
    bench: Any, clock: FakeClock, caplog: pytest.LogCaptureFixture
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
    bench: Any, clock: FakeClock, caplog: pytest.LogCaptureFixture
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
    bench: Any, clock: FakeClock, caplog: pytest.LogCaptureFixture
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


async def test_a_closed_output_ends_the_worker(
    clock: FakeClock, tmp_path: Path
) -> None:
    """There is no point in going on, and the record stays undelivered."""
    output = RecordingOutput()
    output.answers.append(OutputClosed("nobody reads"))
    run = Bench(output, clock, tmp_path)
    await run.put(1)

    with pytest.raises(OutputClosed, match="nobody reads"):
        await run.worker.run()

    assert (run.store.pending("recorder"), output.is_closed) == (1, True)
    await run.store.close()


async def test_other_faults_are_not_hidden(clock: FakeClock, tmp_path: Path) -> None:
    """What is not the output's fault comes out of the worker."""
    run = Bench(BrokenOutput(), clock, tmp_path)
    await run.put(1)

    with pytest.raises(ExceptionGroup):
        await run.worker.run()

    assert await run.store.take("recorder", 5)
    await run.store.close()


async def test_cancelling_gives_the_batch_back(
    clock: FakeClock, tmp_path: Path
) -> None:
    """A record in flight when the worker ends can be taken again."""
    output = HangingOutput()
    run = Bench(output, clock, tmp_path)
    await run.put(1)
    task = asyncio.create_task(run.worker.run())
    await output.offered(1)
    active = run.worker.counters.active
    task.cancel()
    await asyncio.wait((task,))

    assert (active, run.worker.counters.active) == (1, 0)
    assert [one.sequence for one in await run.store.take("recorder", 5)] == [1]
    await run.store.close()


async def test_draining_does_not_wait_for_the_next_attempt(
    bench: Any, clock: FakeClock
) -> None:
    """At the end everything that waits is tried at once."""
    output = RecordingOutput(Limits(max_events=2))
    output.answers += [keep(0), DOWN]
    async with bench(output, 3) as run:
        await output.offered(2)
        await clock.advance()
        await run.done()

    assert sorted(output.taken) == ["id-1", "id-2", "id-3"]


async def test_several_can_wait_for_the_end(bench: Any) -> None:
    """Whoever drains learns the same."""
    output = RecordingOutput()
    output.answers.append(DOWN)
    async with bench(output, 1) as run:
        await output.offered(1)
        drain = run.worker.drain
        first, second = await asyncio.gather(drain(5), drain(5))

    assert first
    assert second


async def test_an_output_need_not_be_closed(clock: FakeClock, tmp_path: Path) -> None:
    """Taking records is all that an output must be able to do."""
    run = Bench(PlainOutput(), clock, tmp_path)
    await run.put(1)
    task = asyncio.create_task(run.worker.run())
    await run.done()
    task.cancel()
    await asyncio.wait((task,))
    await run.store.close()

    assert run.worker.counters.acked == 1


async def test_draining_ends_when_the_time_is_up(bench: Any, clock: FakeClock) -> None:
    """A dead output does not delay the end for longer than allowed."""
    output = RecordingOutput()
    output.answers += [DOWN] * 9
    async with bench(output, 1) as run:
        await output.offered(1)
        drained = asyncio.create_task(run.worker.drain(5))
        await clock.advance(5)

        assert await drained is False


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


async def test_what_the_store_dropped_is_counted(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counters include what never reached the output."""
    run = Bench(RecordingOutput(), clock, tmp_path)
    monkeypatch.setattr(run.store, "dropped", {"recorder": 7}.get)

    assert run.worker.counters == Counters(dropped=7)
    await run.store.close()


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


async def test_many_refused_groups_slow_delivery_down(
    bench: Any, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept aside is bounded."""
    monkeypatch.setattr("heartbeat.delivery.MAX_HELD", 1)
    output = RecordingOutput(Limits(max_events=2))
    output.answers += [keep(0), keep(0)]
    async with bench(output, 6) as run:
        await output.offered(2)
        await clock.advance()
        paused = len(output.offers)
        await clock.advance(4)
        await run.done()

    assert (paused, len(output.taken)) == (2, 6)

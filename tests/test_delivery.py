"""The worker: everything is delivered once or accounted for, come what may."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import orjson
import pytest

from heartbeat.delivery import Counters
from heartbeat.errors import OutputClosed
from heartbeat.outputs.base import Delivery, Limits
from tests.support.outputs import PlainOutput, RecordingOutput
from tests.support.probe import CoarseClock
from tests.support.records import records
from tests.support.worker import DOWN, Bench, Benches, keep, reject

if TYPE_CHECKING:
    from pathlib import Path

    from heartbeat.outputs.base import Batch
    from tests.support.clock import FakeClock


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
def bench(clock: FakeClock, tmp_path: Path) -> Benches:
    """Return a way to run a worker for an output."""
    return Benches(clock, tmp_path)


async def test_records_are_delivered_in_order(bench: Benches) -> None:
    """What is in the store reaches the output, in batches of its size."""
    output = RecordingOutput(Limits(max_events=2))
    async with bench(output, 3) as run:
        await run.done()

    assert output.offers == [["id-1", "id-2"], ["id-3"]]
    assert output.is_closed


async def test_success_is_counted(bench: Benches) -> None:
    """Accepted records and duplicates appear in the counters."""
    output = RecordingOutput()
    output.answers.append(lambda batch: Delivery(len(batch), duplicates=1))
    async with bench(output, 3) as run:
        await run.done()
        counters = run.worker.counters

    assert counters == Counters(total=3, acked=3, duplicates=1, batches=1)


async def test_only_what_failed_comes_again(bench: Benches, clock: FakeClock) -> None:
    """Records that were accepted are not offered twice."""
    output = RecordingOutput()
    output.answers.append(keep(1))
    async with bench(output, 3) as run:
        await output.offered(1)
        await clock.advance(2)
        await run.done()

    assert output.offers == [["id-1", "id-2", "id-3"], ["id-2"]]


async def test_refused_records_do_not_hold_up_others(
    bench: Benches, clock: FakeClock
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


async def test_a_rejected_record_is_kept(bench: Benches) -> None:
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


async def test_limited_retries_end_as_dead_letters(
    bench: Benches, clock: FakeClock
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
    bench: Benches, clock: FakeClock
) -> None:
    """At the end everything that waits is tried at once."""
    output = RecordingOutput(Limits(max_events=2))
    output.answers += [keep(0), DOWN]
    async with bench(output, 3) as run:
        await output.offered(2)
        await clock.advance()
        await run.done()

    assert sorted(output.taken) == ["id-1", "id-2", "id-3"]


async def test_several_can_wait_for_the_end(bench: Benches) -> None:
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


async def test_draining_ends_when_the_time_is_up(
    bench: Benches, clock: FakeClock
) -> None:
    """A dead output does not delay the end for longer than allowed."""
    output = RecordingOutput()
    output.answers += [DOWN] * 9
    async with bench(output, 1) as run:
        await output.offered(1)
        drained = asyncio.create_task(run.worker.drain(5))
        await clock.advance(5)

        assert await drained is False


async def test_draining_ends_though_its_timer_is_early(tmp_path: Path) -> None:
    """Loops that count in milliseconds fire before the time, and only once."""
    clock = CoarseClock()
    run = Bench(RecordingOutput(), clock, tmp_path)
    await run.put(1)
    drained = asyncio.create_task(run.worker.drain(5))
    await clock.advance(4.9999)
    await asyncio.wait((drained,), timeout=1)

    assert drained.done()
    assert not drained.result()
    await run.store.close()


async def test_what_the_store_dropped_is_counted(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counters include what never reached the output."""
    run = Bench(RecordingOutput(), clock, tmp_path)
    monkeypatch.setattr(run.store, "dropped", {"recorder": 7}.get)

    assert run.worker.counters == Counters(dropped=7)
    await run.store.close()


async def test_many_refused_groups_slow_delivery_down(
    bench: Benches, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
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

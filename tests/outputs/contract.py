"""What every output keeps, whatever it writes to.

An output's test module subclasses `OutputContract` and gives it a `rig`: the output,
its receiver, and ways to break and mend it. Must not know any output.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import pytest

from heartbeat.errors import OutputUnavailable
from heartbeat.outputs.base import Closeable, Connectable, SelfTest
from tests.support.records import ids, numbered
from tests.support.worker import Benches

if TYPE_CHECKING:
    from pathlib import Path

    from heartbeat.event import Record
    from heartbeat.outputs.base import Output
    from tests.support.clock import FakeClock


class Rig(Protocol):
    """An output and its receiver; whoever made it closes it unless `is_closed`."""

    output: Output
    is_closed: bool

    async def received(self) -> list[str]:
        """Return the ids of the documents that arrived, in their order."""
        ...

    async def fail(self) -> None:
        """Let the receiver take nothing from now on."""

    async def recover(self) -> None:
        """Let the receiver work again."""


class RejectingRig(Rig, Protocol):
    """A rig whose receiver, or the way to it, never takes the record `unfit`."""

    unfit: Record


async def connect(output: Output) -> None:
    """Connect an output that wants that."""
    if isinstance(output, Connectable):
        await output.connect()


class OutputContract:
    """The tests; a subclass defines the fixture `rig`."""

    async def test_documents_arrive_in_order(self, rig: Rig) -> None:
        """Everything that is published arrives, batch after batch."""
        await connect(rig.output)
        await rig.output.publish(numbered(1, 3))
        await rig.output.publish(numbered(4, 5))

        assert await rig.received() == ids(numbered(1, 5))

    async def test_every_record_has_one_verdict(self, rig: Rig) -> None:
        """Accepted, to be retried and rejected add up to the batch."""
        await connect(rig.output)
        delivery = await rig.output.publish(numbered(1, 4))

        verdicts = delivery.accepted + len(delivery.retry) + len(delivery.rejected)
        assert verdicts == 4

    async def test_what_cannot_be_taken_is_not_accepted(self, rig: Rig) -> None:
        """A broken receiver means that the batch is to be offered again."""
        await connect(rig.output)
        await rig.fail()

        with pytest.raises(OutputUnavailable):
            await rig.output.publish(numbered(1, 2))

    async def test_the_next_attempt_succeeds(self, rig: Rig) -> None:
        """Once the receiver works again the same batch arrives, once."""
        await connect(rig.output)
        await rig.fail()
        with suppress(OutputUnavailable):
            await rig.output.publish(numbered(1, 2))
        await rig.recover()
        await connect(rig.output)

        await rig.output.publish(numbered(1, 2))

        assert await rig.received() == ["id-1", "id-2"]

    async def test_cancelling_loses_nothing(self, rig: Rig) -> None:
        """After a cancelled publish the batch can be offered again and arrives."""
        await connect(rig.output)
        task = asyncio.create_task(rig.output.publish(numbered(1, 2)))
        await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop, not a time
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

        await rig.output.publish(numbered(1, 2))

        assert set(await rig.received()) == {"id-1", "id-2"}

    async def test_batches_and_waits_have_bounds(self, rig: Rig) -> None:
        """The worker is given sizes and times it can work with."""
        limits = rig.output.limits

        assert limits.max_events >= 1
        assert limits.concurrency >= 1
        assert 0 < limits.backoff_init <= limits.backoff_max

    async def test_the_self_test_finds_nothing_wrong(self, rig: Rig) -> None:
        """A healthy receiver passes, and gets no document."""
        assert isinstance(rig.output, SelfTest)
        verdicts = [finding.verdict async for finding in rig.output.test()]

        assert "ERROR" not in verdicts
        assert verdicts
        assert await rig.received() == []

    async def test_an_unused_output_can_be_closed(self, rig: Rig) -> None:
        """Closing needs no connection and no batch before it."""
        assert isinstance(rig.output, Closeable)
        await rig.output.close()
        rig.is_closed = True

        assert await rig.received() == []

    async def test_an_outage_costs_nothing(
        self, rig: Rig, clock: FakeClock, tmp_path: Path
    ) -> None:
        """What came before it ended arrives once and in order."""
        await rig.fail()
        async with Benches(clock, tmp_path)(rig.output, 3) as run:
            while run.worker.is_working:
                await clock.advance(0.1)
            await run.put(2, first=4)
            await rig.recover()
            await run.done_in_time(clock)
            arrived = await rig.received()
            counters = run.worker.counters
            rig.is_closed = True

        assert arrived == ids(numbered(1, 5))
        assert (counters.acked, counters.dead_letter, counters.dropped) == (5, 0, 0)

    async def test_what_waits_leaves_before_the_end(
        self, rig: Rig, clock: FakeClock, tmp_path: Path
    ) -> None:
        """Draining delivers all there is; then the output is closed."""
        async with Benches(clock, tmp_path)(rig.output, 3) as run:
            await run.put(2, first=4)
            await run.done_in_time(clock)
            arrived = await rig.received()
            rig.is_closed = True

        assert arrived == ids(numbered(1, 5))


class RejectingContract(OutputContract):
    """The tests for an output that finds some records unfit; `rig` has one."""

    async def test_an_unfit_record_is_rejected_alone(self, rig: RejectingRig) -> None:
        """Those beside it are taken."""
        await connect(rig.output)
        (one, other) = numbered(1, 2)

        delivery = await rig.output.publish([one, rig.unfit, other])

        assert (delivery.accepted, list(delivery.retry)) == (2, [])
        assert ids([refused.record for refused in delivery.rejected]) == ["unfit"]
        assert await rig.received() == ["id-1", "id-2"]

    async def test_an_unfit_record_is_kept(
        self, rig: RejectingRig, clock: FakeClock, tmp_path: Path
    ) -> None:
        """It ends as a dead letter, with a reason, and is not offered again."""
        async with Benches(clock, tmp_path)(rig.output, 1) as run:
            run.store.append([rig.unfit], {})
            await run.put(1, first=2)
            await run.done_in_time(clock)
            arrived = await rig.received()
            (letter,) = run.letters()
            rig.is_closed = True

        assert arrived == ["id-1", "id-2"]
        assert letter["reason"]

"""From the store to an output: batch, try, retry what failed, give up nothing silently.

Owns the retry policy, the back-off and what the operator is told about an output. Must
not know any particular output or how records are stored.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from heartbeat.announce import Kinds, Outage
from heartbeat.errors import OutputClosed, OutputUnavailable, StoreError, system_text
from heartbeat.outputs.base import Closeable, Connectable, Delivery, Rejection

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from heartbeat.clock import Clock, Timer
    from heartbeat.deadletter import DeadLetters
    from heartbeat.event import Record
    from heartbeat.outputs.base import Limits, Output
    from heartbeat.store import Store

log = logging.getLogger(__name__)

MAX_SAMPLE = 500
"""Characters of a receiver's words that are logged."""

MAX_HELD = 64
"""Groups of refused records kept aside; beyond that delivery slows down as a whole."""

MAX_DOUBLINGS = 16

DEFERRED = "output '%s': %d events were not taken and are offered again: %s"
REJECTED = "output '%s': %d events were rejected for good and kept as dead letters: %s"
NOT_BURIED = (
    "output '%s': %d events were rejected, but cannot be kept as dead letters and are"
    " offered again: %s"
)


@dataclass(slots=True)
class Counters:
    """What became of the records of one output since the start.

    `total` counts offers, so a record that is offered twice counts twice; `failed` are
    offers that must be repeated, `retry` those that were repetitions; `active` is in
    flight now.
    """

    total: int = 0
    acked: int = 0
    failed: int = 0
    dropped: int = 0
    duplicates: int = 0
    dead_letter: int = 0
    batches: int = 0
    retry: int = 0
    active: int = 0


def backoff(limits: Limits, failures: int, random: Random) -> float:
    """Return the seconds to wait after the n-th failure in a row.

    The step doubles up to its maximum; the wait is spread over its upper half, so that
    many processes do not come back at the same moment.
    """
    doubled = limits.backoff_init * 2 ** min(failures, MAX_DOUBLINGS)
    step = min(doubled, limits.backoff_max)
    return random.uniform(step / 2, step)


class Worker:
    """Delivers the records of one output, as many batches at a time as it wants."""

    def __init__(
        self,
        output: Output,
        store: Store,
        clock: Clock,
        *,
        dead_letters: DeadLetters,
        random: Random,
    ) -> None:
        """Deliver nothing yet; use `run`."""
        self.name = output.name
        self._output = output
        self._store = store
        self._clock = clock
        self._dead_letters = dead_letters
        self._random = random
        self._counters = Counters()
        self._outage = Outage(clock)
        self._kinds = Kinds(clock, self._say)
        self._attempts: dict[int, int] = {}
        self._held: dict[int, tuple[Timer, Sequence[Record]]] = {}
        self._pauses: set[asyncio.Future[None]] = set()
        self._progress = asyncio.Event()
        self._connecting = asyncio.Lock()
        self._taking = asyncio.Lock()
        self._leaves_at = clock.monotonic()
        self._is_draining = False
        self._is_connected = not isinstance(output, Connectable)

    @property
    def counters(self) -> Counters:
        """Return the counters, which go on counting."""
        self._counters.dropped = self._store.dropped(self.name)
        return self._counters

    @property
    def is_working(self) -> bool:
        """Say whether the output could be reached at the last attempt."""
        return not self._outage.lasts

    @property
    def pending(self) -> int:
        """Return how many records are neither delivered nor given up."""
        return self._store.pending(self.name)

    async def run(self) -> None:
        """Deliver until cancelled, then let go of the output.

        Raises `OutputClosed` if the output will never take anything again.
        """
        try:
            async with asyncio.TaskGroup() as lanes:
                for _ in range(max(self._output.limits.concurrency, 1)):
                    lanes.create_task(self._lane())
        except BaseExceptionGroup as group:
            closed = group.subgroup(OutputClosed)
            if closed is None:
                raise
            raise closed.exceptions[0] from None
        finally:
            await self._close()

    async def drain(self, seconds: float) -> bool:
        """Return when everything is delivered or the time is up; say which.

        `run` goes on meanwhile; what waits for its next attempt is tried at once.
        """
        end = self._clock.monotonic() + seconds
        is_over = asyncio.Event()
        timer = self._clock.call_at(end, partial(self._end_drain, is_over))
        self._is_draining = True
        self._hurry()
        try:
            # Both are asked: a timer may fire a little before its time.
            while (
                self.pending
                and not is_over.is_set()
                and (self._clock.monotonic() < end)
            ):
                self._progress.clear()
                await self._progress.wait()
        finally:
            timer.cancel()
        return not self.pending

    def _end_drain(self, is_over: asyncio.Event) -> None:
        is_over.set()
        self._progress.set()

    async def _lane(self) -> None:
        """Deliver one batch after the other."""
        failures = 0
        while True:
            pause = await self._next(failures + 1)
            failures = 0 if pause is None else failures + 1
            if pause is not None:
                await self._pause(pause)

    async def _next(self, failures: int) -> float | None:
        """Take a batch and deliver it; return as `_deliver` does."""
        try:
            batch = await self._take()
        except StoreError as error:
            self._note_down(OutputUnavailable(f"the store cannot be read: {error}"))
            return self._wait(failures, 0.0)
        return await self._deliver(batch, failures)

    async def _take(self) -> Sequence[Record]:
        """Return the next batch; those that are not full leave in even time.

        One lane at a time: the others would take what is to be gathered.
        """
        limits = self._output.limits
        async with self._taking:
            wait = self._leaves_at - self._clock.monotonic()
            if wait > 0 and not self._is_draining:
                await self._pause(wait)
            batch = await self._store.take(self.name, limits.max_events)
            if len(batch) < limits.max_events:
                self._leaves_at = self._clock.monotonic() + limits.gather
            return batch

    async def _deliver(self, batch: Sequence[Record], failures: int) -> float | None:
        """Offer a batch once; return how long to pause, None for not at all.

        `failures` is how many there will have been in a row if this fails too. Whatever
        is neither settled nor held at the end goes back to the store.
        """
        self._counters.active += len(batch)
        try:
            await self._connect()
            delivery = await self._offer(batch)
            return await self._conclude(batch, delivery, failures)
        except OutputUnavailable as error:
            self._note_down(error)
            self._give_back(batch)
            return self._wait(failures, error.retry_after)
        except BaseException:
            self._give_back(batch)
            raise
        finally:
            self._counters.active -= len(batch)

    async def _connect(self) -> None:
        """Let the output prepare itself, once for all lanes."""
        if self._is_connected or not isinstance(self._output, Connectable):
            return
        async with self._connecting:
            if not self._is_connected:
                await self._output.connect()
                self._is_connected = True

    async def _offer(self, batch: Sequence[Record]) -> Delivery:
        """Publish; an output that is not available takes nothing of the batch."""
        counters = self._counters
        counters.batches += 1
        counters.total += len(batch)
        if self._attempts:
            counters.retry += sum(one.sequence in self._attempts for one in batch)
        try:
            delivery = await self._output.publish(batch)
        except OutputUnavailable as error:
            return self._refused(batch, error)
        except OutputClosed:
            raise
        except Exception as error:
            # A fault of an output must not end the monitoring, nor lose the batch.
            log.debug("output '%s': unexpected error", self.name, exc_info=True)
            text = f"{type(error).__name__}: {error}"
            return self._refused(batch, OutputUnavailable(text))
        self._note_up()
        if delivery.retry:
            self._kinds.add(
                DEFERRED, delivery.cause, delivery.cause, len(delivery.retry)
            )
        return delivery

    def _refused(self, batch: Sequence[Record], error: OutputUnavailable) -> Delivery:
        self._is_connected = False
        self._note_down(error)
        text = str(error)
        return Delivery(0, retry=batch, cause=text, retry_after=error.retry_after)

    async def _conclude(
        self, batch: Sequence[Record], delivery: Delivery, failures: int
    ) -> float | None:
        """Settle what is done with and see that the rest is offered again."""
        counters = self._counters
        rejected = [*delivery.rejected, *self._exhausted(delivery)]
        done_for = {rejection.record.sequence for rejection in rejected}
        again = [one for one in delivery.retry if one.sequence not in done_for]
        if rejected and not await self._bury(rejected):
            again += [rejection.record for rejection in rejected]
        counters.acked += delivery.accepted
        counters.duplicates += delivery.duplicates
        counters.failed += len(again)
        self._settle(batch, {one.sequence for one in again})
        if not again:
            return None
        wait = self._wait(failures, delivery.retry_after)
        if len(again) < len(batch) and len(self._held) < MAX_HELD:
            self._hold(again, delivery.retry_after)
            return None
        self._give_back(again)
        return wait

    def _exhausted(self, delivery: Delivery) -> list[Rejection]:
        """Count the failures of records; return those that had all their attempts."""
        allowed = self._output.limits.max_retries
        exhausted: list[Rejection] = []
        for one in delivery.retry:
            attempts = self._attempts.get(one.sequence, 0) + 1
            self._attempts[one.sequence] = attempts
            if 0 <= allowed < attempts:
                reason = f"given up after {attempts} attempts: {delivery.cause}"
                exhausted.append(Rejection(one, reason, delivery.cause))
        return exhausted

    async def _bury(self, rejected: Sequence[Rejection]) -> bool:
        """Write rejected records to the dead-letter file; say whether that worked."""
        try:
            await self._dead_letters.write(rejected)
        except OSError as error:
            text = f"{self._dead_letters.folder}: {system_text(error)}"
            self._kinds.add(NOT_BURIED, "", text, len(rejected))
            return False
        self._counters.dead_letter += len(rejected)
        for rejection in rejected:
            self._kinds.add(REJECTED, rejection.kind, rejection.reason, 1)
        return True

    def _settle(self, batch: Sequence[Record], again: set[int]) -> None:
        done = [one.sequence for one in batch if one.sequence not in again]
        if not done:
            return
        if self._attempts:
            for sequence in done:
                self._attempts.pop(sequence, None)
        self._store.settle(self.name, done)
        self._progress.set()

    def _give_back(self, records: Sequence[Record]) -> None:
        self._store.give_back(self.name, [one.sequence for one in records])

    def _hold(self, records: Sequence[Record], at_least: float) -> None:
        """Keep refused records aside until their time, while others are delivered."""
        attempts = max(self._attempts.get(one.sequence, 1) for one in records)
        due = self._clock.monotonic() + self._wait(attempts, at_least)
        key = records[0].sequence
        timer = self._clock.call_at(due, partial(self._release, key))
        self._held[key] = (timer, records)

    def _release(self, key: int) -> None:
        timer, records = self._held.pop(key)
        timer.cancel()
        self._give_back(records)

    def _wait(self, failures: int, at_least: float) -> float:
        return max(backoff(self._output.limits, failures, self._random), at_least)

    async def _pause(self, seconds: float) -> None:
        """Wait, unless `_hurry` ends it."""
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        due = self._clock.monotonic() + seconds
        timer = self._clock.call_at(due, partial(_end, over))
        self._pauses.add(over)
        try:
            await over
        finally:
            timer.cancel()
            self._pauses.discard(over)

    def _hurry(self) -> None:
        """End every wait for a next attempt."""
        for over in self._pauses:
            _end(over)
        for key in tuple(self._held):
            self._release(key)

    def _note_down(self, error: OutputUnavailable) -> None:
        prefix = self._outage.failed()
        if prefix is not None:
            log.error(
                "output '%s': %scannot deliver: %s; %d events wait, none is lost, and"
                " it is tried again until it works",
                self.name,
                prefix,
                error,
                self.pending,
            )

    def _note_up(self) -> None:
        lasted = self._outage.worked()
        if lasted is not None:
            log.warning(
                "output '%s': works again after %s; %d events wait for delivery",
                self.name,
                lasted,
                self.pending,
            )

    def _say(self, form: str, count: int, sample: str) -> None:
        log.error(form, self.name, count, sample[:MAX_SAMPLE])

    async def _close(self) -> None:
        self._hurry()
        self._kinds.close()
        self._dead_letters.close()
        if isinstance(self._output, Closeable):
            await self._output.close()


def _end(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)

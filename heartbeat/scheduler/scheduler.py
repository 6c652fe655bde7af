"""The loop around the plan: the timer, the limits and the tasks.

Owns every task that runs a job. Must not know what a job does or how ticks are
computed.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from heartbeat.schedule import NEVER
from heartbeat.scheduler.delays import Delays
from heartbeat.scheduler.gate import Gate
from heartbeat.scheduler.job import IDLE, Counters, Entry, Job, Running, Tally
from heartbeat.scheduler.plan import SECOND_NS, Plan
from heartbeat.scheduler.timing import timing_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.clock import Clock, Timer
    from heartbeat.schedule import Tick
    from heartbeat.scheduler.timing import Timing

log = logging.getLogger(__name__)

LONGEST_WAIT_NS = 10 * SECOND_NS
"""The timer fires at least this often, so that a step of the wall clock is noticed."""

REPORT_SECONDS = 15.0
"""Missed deadlines are reported this often at most."""

BURST = 200
"""Runs started in one turn of the loop; the rest follows in the next turns."""

REST = 0.004
"""Seconds between two wakes of the timer at least. Waking an idle process costs as much
as a third of a check, so where many are due they begin a few at a time. Where few are,
each begins on its tick."""


class Scheduler:
    """Runs jobs when they are due, never one of them twice at a time.

    A run that is still going at its next ticks delays the next run to its end; the
    ticks in between collapse into one. Limits count runs from start to end; a run that
    pauses counts for none.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        limit: int = 0,
        type_limits: Mapping[str, int] | None = None,
        host_limit: int = 0,
        spread: bool = True,
    ) -> None:
        """Take the limits, 0 being none; `spread` off starts new jobs at once.

        `host_limit` holds for the jobs of each host.
        """
        self._clock = clock
        self._gate: Gate[Entry] = Gate(limit)
        self._has_limit = limit > 0
        self._type_gates: dict[str, Gate[Entry]] = {
            name: Gate(count) for name, count in (type_limits or {}).items() if count
        }
        self._host_limit = host_limit
        self._host_gates: WeakValueDictionary[str, Gate[Entry]] = WeakValueDictionary()
        self._plan = Plan(clock, spread=spread)
        self._entries: dict[str, Entry] = {}
        self._tallies: dict[str, Tally] = {}
        self._lag = Delays(clock.monotonic())
        self._active: dict[Entry, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closing = False
        self._ended = asyncio.Event()
        self._timer: Timer | None = None
        self._timer_ns = NEVER
        self._timer_at = 0.0
        self._rests_until = clock.monotonic()
        self._reported_at = clock.monotonic()
        self._reported = 0

    def add(self, job: Job, *, among: int = 1) -> None:
        """Schedule a job; one of the same id is removed first.

        `among` is how many are added in one go: their first runs are spread.
        """
        if job.id in self._entries:
            self.remove(job.id)
        phase_ns = job.phase_ns
        if phase_ns is None:
            phase_ns = self._plan.phase_of(job)
        ticks = job.schedule.ticks(phase_ns)
        tally = self._tallies.get(job.type)
        if tally is None:
            tally = self._tallies[job.type] = Tally(self._clock.monotonic())
        entry = Entry(job, ticks, self._gates_of(job), tally)
        self._entries[job.id] = entry
        if self._loop is not None:
            self._plan.add(entry, among)
            self._arm()

    def remove(self, job_id: str) -> None:
        """Forget a job; its run, if one is under way, is cut."""
        entry = self._entries.pop(job_id)
        entry.is_removed = True
        entry.due_ns = IDLE
        self._cut(entry)

    @property
    def is_running(self) -> bool:
        """Return whether jobs are begun: after `run` has been called, until a stop."""
        return self._loop is not None and not self._is_closing

    def counters(self) -> Counters:
        """Return how the scheduler is doing now."""
        return Counters(
            jobs_active=len(self._active),
            missed_deadline=self._plan.missed,
            tasks_active=sum(entry.is_admitted for entry in self._active),
            tasks_waiting=self._gate.waiting,
        )

    def timing(self) -> Timing:
        """Return how well the schedule is kept."""
        return timing_of(self._tallies, self._active, self._lag, self._plan)

    def running(self) -> list[Running]:
        """Return the runs under way, those included that pause."""
        now_ns = self._clock.now()
        return [
            Running(entry.job.id, entry.job.type, (now_ns - entry.tick_ns) / 1e9)
            for entry in self._active
            if entry.task is not None and not entry.is_removed
        ]

    async def run(self) -> None:
        """Run the jobs on schedule until `stop` is called."""
        self._loop = asyncio.get_running_loop()
        for entry in self._entries.values():
            self._plan.add(entry, len(self._entries))
        self._arm()
        await self._until_ended()

    async def run_once(self) -> None:
        """Run every job once, now, within the limits; return when all have ended."""
        self._is_closing = True
        self._loop = asyncio.get_running_loop()
        now_ns = self._clock.now()
        for entry in self._entries.values():
            entry.tick_ns = now_ns
            self._begin(entry)
        self._end_if_idle()
        await self._until_ended()

    async def stop(self, grace: float) -> None:
        """Start nothing more, let runs end, cut them after `grace` seconds."""
        self._close()
        timer = self._clock.call_at(self._clock.monotonic() + grace, self._cut_all)
        self._end_if_idle()
        await self._ended.wait()
        timer.cancel()

    async def _until_ended(self) -> None:
        try:
            await self._ended.wait()
        finally:
            self._close()
            # None are left but after a cancel: then they end before this does.
            tasks = [entry.task for entry in self._active if entry.task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _close(self) -> None:
        """Let nothing begin any more; what waits for a limit is not under way yet."""
        self._is_closing = True
        self._disarm()
        for entry in [entry for entry in self._active if entry.task is None]:
            self._cut(entry)

    def _cut_all(self) -> None:
        for entry in list(self._active):
            self._cut(entry)

    def _cut(self, entry: Entry) -> None:
        if entry.task is not None:
            entry.task.cancel()
        elif entry in self._active:
            self._finished(entry)

    def _end_if_idle(self) -> None:
        if self._is_closing and not self._active:
            self._ended.set()

    # -- the timer

    def _arm(self) -> None:
        """See to it that the timer fires when the first job is due, at the latest."""
        if self._is_closing:
            return
        due_ns = self._plan.next_due()
        if self._timer is not None and due_ns >= self._timer_ns:
            return
        self._disarm()
        wait_ns = min(max(due_ns - self._clock.now(), 0), LONGEST_WAIT_NS)
        due_at = self._clock.monotonic() + wait_ns / 1e9
        self._timer_ns = due_ns
        self._timer_at = max(due_at, self._rests_until)
        self._timer = self._clock.call_at(self._timer_at, self._wake)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        self._timer = None
        self._note_lag()
        now_ns = self._plan.observe(self._entries.values())
        self._begin_due(now_ns)
        self._report_missed()
        self._arm()

    def _begin_due(self, now_ns: int) -> None:
        """Begin what is due, and rest behind it unless there is more."""
        for begun in range(BURST):
            entry = self._plan.take_due(now_ns)
            if entry is None:
                if begun:
                    self._rests_until = self._clock.monotonic() + REST
                break
            self._begin(entry)

    def _note_lag(self) -> None:
        """Note how late the timer is, and let go of delays of long ago."""
        now = self._clock.monotonic()
        self._lag.add(max(round((now - self._timer_at) * 1e9), 0))
        self._lag.age(now)
        for tally in self._tallies.values():
            tally.lateness.age(now)

    def _report_missed(self) -> None:
        now = self._clock.monotonic()
        if now - self._reported_at < REPORT_SECONDS:
            return
        missed = self._plan.missed - self._reported
        if missed:
            log.warning(
                "%d tasks have missed their schedule deadlines by more than 1 second"
                " in the last %.0fs.",
                missed,
                now - self._reported_at,
            )
        self._reported_at, self._reported = now, self._plan.missed

    # -- one run, from its tick through the limits to its end

    def _begin(self, entry: Entry) -> None:
        self._active[entry] = None
        entry.admitted = self._launch
        self._enter_limits(entry)

    def _launch(self, entry: Entry) -> None:
        assert self._loop is not None  # noqa: S101 - runs begin in `run`
        entry.task = self._loop.create_task(self._run(entry, self._plan.begin(entry)))
        # Not a `finally` in the coroutine: a task cut before its first step never
        # gets there.
        entry.task.add_done_callback(partial(self._finished, entry))

    async def _run(self, entry: Entry, tick: Tick) -> None:
        try:
            await entry.job.run(tick, partial(self._pause, entry))
        except Exception:
            log.exception("the job '%s' failed; it stays on schedule", entry.job.id)

    def _finished(self, entry: Entry, _: object = None) -> None:
        entry.task = None
        self._active.pop(entry, None)
        self._leave_limits(entry)
        if self._is_closing:
            self._end_if_idle()
        elif not entry.is_removed:
            self._plan.finished(entry)
            self._arm()

    async def _pause(self, entry: Entry, seconds: float) -> None:
        """Wait within a run, outside the limits, and line up for them again."""
        self._leave_limits(entry)
        entry.is_pausing = True
        try:
            await self._clock.sleep_until(self._clock.monotonic() + seconds)
        finally:
            entry.is_pausing = False
        turn = asyncio.get_running_loop().create_future()
        entry.admitted = partial(_resolve, turn)
        self._enter_limits(entry)
        await turn

    def _gates_of(self, job: Job) -> tuple[Gate[Entry], ...]:
        """Return the limits of a job, the narrowest first.

        Who waits for a narrow one must not take a place of a wide one meanwhile.
        """
        gates: list[Gate[Entry]] = []
        if self._host_limit and job.host:
            gate = self._host_gates.get(job.host)
            if gate is None:
                gate = self._host_gates[job.host] = Gate(self._host_limit)
            gates.append(gate)
        if job.type in self._type_gates:
            gates.append(self._type_gates[job.type])
        if self._has_limit:
            gates.append(self._gate)
        return tuple(gates)

    def _enter_limits(self, entry: Entry) -> None:
        """Line up for the limits, one after the other."""
        if entry.held < len(entry.gates):
            entry.gates[entry.held].enter(entry, self._passed)
        else:
            entry.is_admitted = True
            entry.admitted(entry)

    def _passed(self, entry: Entry) -> None:
        entry.held += 1
        self._enter_limits(entry)

    def _leave_limits(self, entry: Entry) -> None:
        """Leave the limits that were passed, and the queue before the next."""
        entry.is_admitted = False
        held, entry.held = entry.held, 0
        if held < len(entry.gates):
            entry.gates[held].forget(entry)
        for gate in reversed(entry.gates[:held]):
            gate.leave()


def _resolve(turn: asyncio.Future[None], _: Entry) -> None:
    if not turn.done():
        turn.set_result(None)

"""When each job is due next, in the order in which they are.

Owns the heap and the arithmetic of first runs, late ticks and steps of the wall clock.
Must not know timers, tasks or limits.

Everything is kept in wall-clock nanoseconds and compared with the wall clock when the
timer fires. Between two firings time is monotonic, so a step of the wall clock shows as
a difference of the two: up to a second it is followed silently, as a time service
corrects the clock all the time; beyond that every job is planned anew.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

from heartbeat.schedule import NEVER, Tick, phase
from heartbeat.scheduler.job import IDLE, Entry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from heartbeat.clock import Clock
    from heartbeat.scheduler.job import Job

SECOND_NS = 1_000_000_000

SOON_NS = 10 * SECOND_NS
"""New jobs run for the first time within this span at the latest, spread over it."""

DENSEST_NS = SECOND_NS // 1000
"""So many new jobs that they would follow each other faster than this take longer."""

GAP_NS = SECOND_NS // 20
"""A few new jobs need no such span: on average they follow each other like this."""

EARLY_NS = 500_000
"""Timers of the loop count in milliseconds and may fire this much before their time;
waiting for the rest would be a busy loop."""


class Plan:
    """The jobs that wait for their tick."""

    def __init__(self, clock: Clock, *, spread: bool) -> None:
        """With `spread` off, new jobs are due at once and all together."""
        self._clock = clock
        self._spread = spread
        self._heap: list[tuple[int, int, Entry]] = []
        self._order = count()
        self._wall_ns = clock.now()
        self._monotonic = clock.monotonic()
        self.missed = 0
        self.begun_ns = self._wall_ns

    def phase_of(self, job: Job) -> int:
        """Return where in its interval a job without a phase of its own gets one."""
        interval = job.schedule.interval
        if interval is None:
            return 0
        interval_ns = round(interval * 1e9)
        if self._spread and job.spread:
            return phase(job.id, interval_ns)
        return (job.last_tick_ns or self._clock.now()) % interval_ns

    def add(self, entry: Entry, among: int) -> None:
        """Plan the first run of a job that is one of several added in one go."""
        self._push(entry, self._resume(entry, self._clock.now(), among * GAP_NS))

    def finished(self, entry: Entry) -> None:
        """Plan the run after one that has just ended."""
        now_ns = self._clock.now()
        if self._went_back(entry, now_ns):
            self._push(entry, self._resume(entry, now_ns, SOON_NS))
        else:
            self._push(entry, entry.ticks.next_after(entry.last_ns))

    def next_due(self) -> int:
        """Return when the first job is due, `NEVER` if there is none."""
        while self._heap and self._heap[0][2].due_ns != self._heap[0][0]:
            heappop(self._heap)  # removed since
        return self._heap[0][0] if self._heap else NEVER

    def take_due(self, now_ns: int) -> Entry | None:
        """Return a job that is due and take it out of the plan."""
        due_ns = self.next_due()
        if due_ns > now_ns + EARLY_NS:
            return None
        entry = heappop(self._heap)[2]
        entry.due_ns = IDLE
        entry.tick_ns = due_ns
        return entry

    def begin(self, entry: Entry) -> Tick:
        """Return the tick that begins now: the last of those that passed meanwhile."""
        now_ns = self._clock.now()
        tick_ns, skipped = entry.tick_ns, 0
        if now_ns - tick_ns >= max(entry.interval_ns, SECOND_NS):
            tick_ns, skipped = entry.ticks.collapse(tick_ns, now_ns)
        late_ns = max(now_ns - tick_ns, 0)
        missed = skipped + (late_ns > SECOND_NS)
        self.missed += missed
        self.begun_ns = now_ns
        tally = entry.tally
        tally.due += 1
        tally.missed += missed
        tally.lateness.add(late_ns)
        entry.last_ns = max(tick_ns, now_ns)
        step_ns, entry.step_ns = entry.step_ns, 0
        return Tick(tick_ns, late_ns / 1e9, entry.era, step_ns / 1e9)

    def observe(self, entries: Collection[Entry]) -> int:
        """Return the wall clock; plan anew if it was set."""
        now_ns, monotonic = self._clock.now(), self._clock.monotonic()
        passed_ns = round((monotonic - self._monotonic) * 1e9)
        step_ns = now_ns - self._wall_ns - passed_ns
        self._wall_ns, self._monotonic = now_ns, monotonic
        if abs(step_ns) > SECOND_NS:
            self._anchor(entries, now_ns, step_ns)
        return now_ns

    def arrears(self, entries: Iterable[Entry]) -> tuple[float, float]:
        """Return since when the oldest run is due that has not begun, in seconds.

        And how long ago any run began; both are 0.0 if nothing is due.
        """
        now_ns = self._clock.now()
        held_up = [entry.tick_ns for entry in entries if entry.is_held_up]
        oldest_ns = min([*held_up, self.next_due()])
        if oldest_ns >= now_ns:
            return 0.0, 0.0
        return (now_ns - oldest_ns) / 1e9, max(now_ns - self.begun_ns, 0) / 1e9

    def _anchor(self, entries: Collection[Entry], now_ns: int, step_ns: int) -> None:
        self._heap = []
        window_ns = len(entries) * GAP_NS
        for entry in entries:
            entry.step_ns += step_ns
            if entry.due_ns != IDLE:
                entry.due_ns = self._resume(entry, now_ns, window_ns, SECOND_NS)
                self._heap.append((entry.due_ns, next(self._order), entry))
            elif step_ns > 0:
                # Under way: the time jumped over is none in which it missed a tick.
                entry.tick_ns += step_ns
                entry.last_ns += step_ns
        heapify(self._heap)

    def _resume(
        self, entry: Entry, now_ns: int, window_ns: int, grace_ns: int = 0
    ) -> int:
        """Return when a job is due that has not just run here.

        The tick after its last run, if that is still to come, else soon: a long
        interval must not leave it unchecked until its next tick. Soon is within
        `window_ns`, ten seconds and its interval; within more than ten seconds if the
        window is of more than ten thousand jobs. `grace_ns` is how far back a tick
        still counts as due now.
        """
        self._went_back(entry, now_ns)
        tick_ns = entry.ticks.next_after(max(now_ns - grace_ns, entry.last_ns))
        if not entry.interval_ns:
            return tick_ns
        if entry.last_ns and entry.ticks.next_after(entry.last_ns) > now_ns:
            return tick_ns
        if not (self._spread and entry.job.spread):
            return now_ns
        soon_ns = max(SOON_NS, window_ns // (GAP_NS // DENSEST_NS))
        window_ns = min(entry.interval_ns, soon_ns, window_ns)
        return min(now_ns + phase(entry.job.id, window_ns), tick_ns)

    def _went_back(self, entry: Entry, now_ns: int) -> bool:
        """Return whether the wall clock is behind the job's last run, and allow for it.

        Its ticks then come a second time; without an era of their own their documents
        would pass for copies of the earlier ones.
        """
        if entry.last_ns - now_ns <= SECOND_NS:
            return False
        entry.era = entry.last_ns
        entry.last_ns = 0
        return True

    def _push(self, entry: Entry, due_ns: int) -> None:
        entry.due_ns = due_ns
        heappush(self._heap, (due_ns, next(self._order), entry))

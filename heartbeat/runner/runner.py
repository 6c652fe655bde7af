"""One endpoint of a monitor: runs its check when told to and keeps what came out.

Owns the attempts of a run and the state they change. Must not know when it is due, what
the check does or who reads the documents.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeAlias

from heartbeat.clock import Deadline
from heartbeat.errors import CheckError, CheckFailed, ErrorType
from heartbeat.event import DOWN, UP, Event, Result, encode, event_id
from heartbeat.frozen import frozen
from heartbeat.monitors.base import BrokenCheck
from heartbeat.processors.chain import Chain
from heartbeat.runner.document import Template
from heartbeat.runner.identity import names_of
from heartbeat.runner.last import LastRun, last_run
from heartbeat.runner.level import Level, level_note, slow_phases
from heartbeat.runner.notes import gap_note, note, step_note
from heartbeat.runner.processing import interrupted
from heartbeat.schedule import NEVER
from heartbeat.state import MonitorState, state_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from heartbeat.config import MonitorSpec
    from heartbeat.event import Fields
    from heartbeat.monitors.base import Check
    from heartbeat.runner.identity import Names
    from heartbeat.runner.processing import Processing
    from heartbeat.runner.site import Site
    from heartbeat.schedule import Pause, Schedule, Tick, Window
    from heartbeat.state import Past

log = logging.getLogger(__name__)

UNBOUNDED_SECONDS = 10.0
"""What a check may take beyond its timeout before it is cut: a lookup and slack."""

PATIENCE_STEP = 0.05
"""Seconds between two looks whether a past state has been found meanwhile."""


@frozen
class Attempt:
    """One attempt of a run; attempts of a run share `group` and are counted from 1.

    `run` counts the runs of a tick from 0: a change may be looked at again at once.
    """

    tick: Tick
    run: int
    group: str
    number: int
    is_last: bool


Outcome: TypeAlias = "tuple[Result, int]"
"""A result and when it was there, in nanoseconds since the epoch."""


def runners(
    spec: MonitorSpec,
    checks: Sequence[Check],
    site: Site,
    states: Mapping[str, bytes],
    processors: Chain | None = None,
) -> list[Runner]:
    """Return a runner for each check of a monitor, continuing the states given.

    `processors` are the monitor's own. May be called in any thread. Raises
    `ConfigError` for an index that cannot be formatted.
    """
    urls = [check.url["full"] if check.url else None for check in checks]
    processing = site.processing(processors or Chain())
    made = [
        Runner(spec, check, names=names, site=site, processing=processing)
        for check, names in zip(checks, names_of(spec.id, urls), strict=True)
    ]
    for runner in made:
        runner.resume(states)
    return made


class Runner:
    """Runs one check with its attempts and turns the outcome into documents.

    `id` is unique within the process, `monitor_id` what documents call it, `type` is as
    the operator wrote it, `location` where it runs from and `host` what the check talks
    to, both empty if that is not known, `last` what the last attempt of this process
    found, and `last_tick_ns` the last tick that was run, by an earlier process too.
    """

    __slots__ = (
        "_check",
        "_confirm",
        "_degraded",
        "_endpoint",
        "_flapping",
        "_is_broken",
        "_is_first",
        "_maintenance",
        "_max_attempts",
        "_processing",
        "_retry_delay",
        "_seen_ns",
        "_site",
        "_slow",
        "_state",
        "_state_key",
        "_template",
        "_timeout_ns",
        "host",
        "id",
        "last",
        "location",
        "monitor_id",
        "schedule",
        "spread",
        "type",
    )

    def __init__(
        self,
        spec: MonitorSpec,
        check: Check,
        *,
        names: Names,
        site: Site,
        processing: Processing | None = None,
    ) -> None:
        """Begin without a state; `processing` is what documents go through."""
        location = spec.location.id if spec.location else None
        self.id = names.key
        self.type = spec.type
        self.schedule: Schedule = spec.schedule
        self.spread = spec.spread
        self._check = check
        self._site = site
        self._processing = processing
        self.monitor_id = names.monitor_id
        self.location = location or ""
        self._endpoint: str = check.url["full"] if check.url else ""
        self.host: str = check.url.get("domain", "") if check.url else ""
        self._timeout_ns = round(spec.timeout * 1e9)
        self._is_broken = isinstance(check, BrokenCheck)
        self._max_attempts = 1 if self._is_broken else max(spec.max_attempts, 1)
        self._degraded = spec.degraded
        self._slow: set[str] = set()
        self._confirm = spec.confirm
        self._flapping = spec.flapping
        self._maintenance = spec.maintenance
        self._retry_delay = spec.retry_delay
        self._template = Template(spec, names.monitor_id, check.url, site.identity)
        self._state_key = state_key(names.key, location)
        self.last: LastRun | None = None
        self.resume({})

    def resume(self, states: Mapping[str, bytes]) -> None:
        """Take up the state kept under the runner's key, if there is one."""
        self._state = MonitorState.decode(
            states.get(self._state_key), self.id, self.location or None
        )
        self._seen_ns = self._state.seen_ns
        self._is_first = True

    def recall(self, past: Past) -> None:
        """Continue a state that another process has documented, and keep it."""
        if self.is_new:
            self._seen_ns = past.seen_ns
        self._state.recall(past)
        self._site.journal.append([], self.keep())

    def keep(self) -> dict[str, bytes]:
        """Return the state under its key, for a runner that takes over."""
        return {self._state_key: self._state.encode()}

    @property
    def last_tick_ns(self) -> int | None:
        """Return the last tick that was run, None if there was none."""
        return self._state.tick_ns

    @property
    def is_new(self) -> bool:
        """Return whether nothing is known of the target yet."""
        return self._state.status is None

    @property
    def url(self) -> str:
        """Return what is checked as documents have it, empty if that is not known."""
        return self._endpoint

    @property
    def state(self) -> MonitorState:
        """Return what is known of the target; to be looked at only."""
        return self._state

    @property
    def has_windows(self) -> bool:
        """Return whether there are maintenance windows."""
        return bool(self._maintenance)

    @property
    def has_thresholds(self) -> bool:
        """Return whether phases may be too slow."""
        return self._degraded is not None

    @property
    def is_up(self) -> bool:
        """Return whether the target is known to be up."""
        return self._state.is_up

    @property
    def rests(self) -> bool:
        """Return whether a maintenance window is open, in which nothing is run."""
        windows = self._maintenance
        return bool(windows) and _is_any_open(windows, self._site.clock.now())

    @property
    def level(self) -> Level:
        """Return how well the target is known to be now."""
        if self.rests:
            return Level.MAINTENANCE
        if self._is_broken or self._state.status is None:
            return Level.UNKNOWN
        if not self.is_up:
            return Level.DOWN
        return Level.DEGRADED if self._slow else Level.UP

    async def run(self, tick: Tick, pause: Pause) -> None:
        """Run the check: once, or until it is up if it was not known to be down.

        A failure is repeated before it counts, but a target that is down already gets
        no second chance in the same run.
        """
        if self.rests:
            self._site.counts.skipped += 1
            return
        await self._attempts(tick, 0, pause)
        run = 0
        while (wait := self._recheck_wait(tick)) is not None:
            run += 1
            await pause(wait)
            await self._attempts(tick, run, pause)

    async def _attempts(self, tick: Tick, run: int, pause: Pause) -> None:
        await self._site.journal.room()
        group = self._site.ids.next()
        allowed = 1 if self._state.status == DOWN else self._max_attempts
        number = 1
        while await self._repeats(
            Attempt(tick, run, group, number, number >= allowed), pause
        ):
            await pause(self._retry_delay)
            number += 1

    def _recheck_wait(self, tick: Tick) -> float | None:
        """Return the seconds until a change is looked at again, to be confirmed.

        None if there is nothing to confirm, or the next tick comes no later.
        """
        if self._confirm is None or not self._confirm.interval:
            return None
        wait = self._confirm.interval
        again_ns = self._site.clock.now() + round(wait * 1e9)
        is_too_late = again_ns >= self.schedule.next_after(tick.scheduled_ns)
        return None if is_too_late or not self._state.is_in_doubt else wait

    async def _repeats(self, attempt: Attempt, pause: Pause) -> bool:
        """Make an attempt, keep its documents, return whether another is to follow."""
        clock = self._site.clock
        started = clock.monotonic()
        outcomes = await self._outcomes()
        duration_us = max(int((clock.monotonic() - started) * 1e6), 0)
        while self.is_new and clock.monotonic() < self._site.patience.until:
            await pause(PATIENCE_STEP)
        down = sum(result.error is not None for result, _ in outcomes)
        ended_ns = outcomes[-1][1]
        if down:
            _let_a_failure_close(outcomes)
        is_final = attempt.is_last or not down
        status = DOWN if down else UP
        state = self._state.record(
            status,
            ended_ns,
            is_final=is_final,
            confirm=self._confirm,
            flapping=self._flapping,
        )
        if is_final:
            self._state.tick_ns = attempt.tick.scheduled_ns
        summary: Fields = {
            "up": len(outcomes) - down,
            "down": down,
            "status": status,
            "attempt": attempt.number,
            "max_attempts": self._max_attempts,
            "final_attempt": is_final,
            "retry_group": attempt.group,
        }
        closing: Fields = {"summary": summary, "state": state}
        events = self._events(attempt, outcomes, closing, duration_us)
        if self._processing is None:
            records = [encode(event) for event in events]
        else:
            records = await self._processing.records(events)
        self._site.journal.append(records, {self._state_key: self._state.encode()})
        if self._processing is not None and interrupted():
            raise asyncio.CancelledError
        if is_final and log.isEnabledFor(logging.DEBUG):
            self._log(status, attempt.number, duration_us)
        return not is_final

    async def _outcomes(self) -> list[Outcome]:
        """Return what the check finds, at least one; a fault of the check is "down"."""
        clock, check = self._site.clock, self._check
        deadline = Deadline(clock, check.timeout)
        outcomes: list[Outcome] = []
        try:
            with self._site.watchdog.guard(check.timeout + UNBOUNDED_SECONDS):
                async for result in check.run(deadline):
                    # One by one: what came before a fault must not be lost with it.
                    outcomes.append((result, clock.now()))  # noqa: PERF401
        except Exception as error:
            log.debug("the check of '%s' raised", self.id, exc_info=True)
            outcomes.append((Result(error=_fault(error)), clock.now()))
        finally:
            deadline.cancel()
        if not outcomes:
            silent = CheckError(ErrorType.IO, "the check ended without a result")
            outcomes.append((Result(error=silent), clock.now()))
        return outcomes

    def _events(
        self,
        attempt: Attempt,
        outcomes: Sequence[Outcome],
        closing: Fields,
        duration_us: int,
    ) -> list[Event]:
        """Return the documents of an attempt; the last carries the summary."""
        template = self._template
        check_group = f"{attempt.group}-{attempt.number}"
        tick = attempt.tick
        moment = str(tick.scheduled_ns)
        if tick.era or attempt.run:
            moment = f"{moment}.{tick.era}.{attempt.run}"
        base = (self.id, self.location, moment, str(attempt.number))
        last = len(outcomes) - 1
        events: list[Event] = []
        self._slow.clear()
        for place, (result, at_ns) in enumerate(outcomes):
            span = (at_ns, self._stands_until(at_ns))
            fields = template.fields(result, span, check_group)
            if place == last:
                template.summarize(fields, duration_us)
                fields.update(closing)
            if self._degraded is not None:
                self._slow.update(slow_phases(fields, self._degraded))
            if place == last:
                self._annotate(fields, tick, at_ns)
            address = _address(outcomes, place)
            document_id = event_id(*base, self._endpoint, address)
            routing = template.routing(document_id, at_ns)
            if place == last:
                self.last = last_run(fields, outcomes, duration_us)
            events.append(Event(at_ns, routing, template.finish(fields)))
        return events

    def _annotate(self, fields: Fields, tick: Tick, now_ns: int) -> None:
        """Say in the last document of an attempt what is to be said of the run."""
        if tick.step:
            note(fields, step_note(tick.step))
        if self._is_first:
            self._is_first = False
            if gap := gap_note(self.schedule, self._seen_ns, now_ns):
                note(fields, gap)
        if self._degraded is not None:
            level = self._level_of(fields["summary"]["status"])
            note(fields, level_note(level, self._slow))

    def _level_of(self, status: str) -> Level:
        """Return how well the target was in an attempt that came out like this."""
        if self._is_broken:
            return Level.UNKNOWN
        if status == UP and self._slow:
            return Level.DEGRADED
        return Level(status)

    def _stands_until(self, at_ns: int) -> int:
        """Return when the next result is to be there, the timeout being the least."""
        least_ns = at_ns + self._timeout_ns
        next_ns = self.schedule.next_after(at_ns)
        return least_ns if next_ns == NEVER else max(next_ns, least_ns)

    def _log(self, status: str, attempt: int, duration_us: int) -> None:
        monitor = {
            "id": self.monitor_id,
            "type": self.type,
            "status": status,
            "attempt": attempt,
            "duration": {"ms": duration_us // 1000},
        }
        extra = {"event": {"action": "monitor.run"}, "monitor": monitor}
        log.debug("Monitor finished", extra=extra)


def _is_any_open(windows: Sequence[Window], now_ns: int) -> bool:
    return any(window.is_open(now_ns) for window in windows)


def _let_a_failure_close(outcomes: list[Outcome]) -> None:
    """Move the last failure to the end.

    The last document carries the summary, and Kibana reads `monitor.status` there: it
    would show a monitor as up of which an address is down. No order is promised.
    """
    last = max(n for n, (result, _) in enumerate(outcomes) if result.error is not None)
    outcomes.append(outcomes.pop(last))


def _fault(error: Exception) -> CheckError:
    if isinstance(error, CheckFailed):
        return error.error
    return CheckError(ErrorType.IO, str(error) or type(error).__name__)


def _address(outcomes: Sequence[Outcome], place: int) -> str:
    """Return the address of a result, told from an equal one before it."""
    ip = outcomes[place][0].ip
    if not place:
        return ip or ""
    before = sum(result.ip == ip for result, _ in outcomes[:place])
    return f"{ip or ''}#{before}" if before else ip or ""

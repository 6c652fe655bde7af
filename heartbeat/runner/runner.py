"""One endpoint of a monitor: runs its check when told to and keeps what came out.

Owns the attempts of a run and the state they change. Must not know when it is due, what
the check does or who reads the documents.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from heartbeat.clock import Deadline
from heartbeat.event import DOWN, UP, encode
from heartbeat.monitors.base import BrokenCheck
from heartbeat.processors.chain import Chain
from heartbeat.runner.identity import names_of
from heartbeat.runner.level import Level
from heartbeat.runner.outcome import let_a_failure_close, outcomes_of
from heartbeat.runner.processing import interrupted
from heartbeat.runner.writer import Attempt, Writer
from heartbeat.state import MonitorState, state_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from heartbeat.config import MonitorSpec
    from heartbeat.event import Event, Fields, Record
    from heartbeat.monitors.base import Check
    from heartbeat.runner.identity import Names
    from heartbeat.runner.last import LastRun
    from heartbeat.runner.outcome import Outcome
    from heartbeat.runner.processing import Processing
    from heartbeat.runner.site import Site
    from heartbeat.schedule import Pause, Schedule, Tick, Window
    from heartbeat.state import Past

log = logging.getLogger(__name__)

PATIENCE_STEP = 0.05
"""Seconds between two looks whether a past state has been found meanwhile."""


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
        "_flapping",
        "_maintenance",
        "_max_attempts",
        "_processing",
        "_retry_delay",
        "_site",
        "_state",
        "_state_key",
        "_writer",
        "host",
        "id",
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
        is_broken = isinstance(check, BrokenCheck)
        self.id = names.key
        self.monitor_id = names.monitor_id
        self.type = spec.type
        self.location = location or ""
        self.host: str = check.url.get("domain", "") if check.url else ""
        self.schedule: Schedule = spec.schedule
        self.spread = spec.spread
        self._check = check
        self._site = site
        self._processing = processing
        self._writer = Writer(spec, check, names, site.identity)
        self._max_attempts = 1 if is_broken else max(spec.max_attempts, 1)
        self._retry_delay = spec.retry_delay
        self._confirm = spec.confirm
        self._flapping = spec.flapping
        self._maintenance = spec.maintenance
        self._state_key = state_key(names.key, location)
        self.resume({})

    def resume(self, states: Mapping[str, bytes]) -> None:
        """Take up the state kept under the runner's key, if there is one."""
        self._state = MonitorState.decode(
            states.get(self._state_key), self.id, self.location or None
        )
        self._writer.resume(self._state.seen_ns)

    def recall(self, past: Past) -> None:
        """Continue a state that another process has documented, and keep it."""
        if self.is_new:
            self._writer.seen_ns = past.seen_ns
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
    def last(self) -> LastRun | None:
        """Return what the last attempt of this process found."""
        return self._writer.last

    @property
    def url(self) -> str:
        """Return what is checked as documents have it, empty if that is not known."""
        return self._writer.endpoint

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
        return self._writer.has_thresholds

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
        if self.is_new:
            return Level.UNKNOWN
        return self._writer.level(UP if self.is_up else DOWN)

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
        if self._site.journal.is_full:
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
        deadline = Deadline(clock, self._check.timeout)
        started = deadline.now()
        outcomes = await outcomes_of(self._check, deadline, self._site, self.id)
        duration_us = max(int((deadline.now() - started) * 1e6), 0)
        while self.is_new and clock.monotonic() < self._site.patience.until:
            await pause(PATIENCE_STEP)
        closing = self._judge(attempt, outcomes)
        await self._keep(self._writer.events(attempt, outcomes, closing, duration_us))
        is_final: bool = closing["summary"]["final_attempt"]
        if is_final and log.isEnabledFor(logging.DEBUG):
            self._log(closing["summary"], duration_us)
        return not is_final

    def _judge(self, attempt: Attempt, outcomes: list[Outcome]) -> Fields:
        """Return what outcomes amount to, as the last document has it.

        One that is down is last among them then. Changes the state.
        """
        down = sum(result.error is not None for result, _ in outcomes)
        ended_ns = outcomes[-1][1]
        if down:
            let_a_failure_close(outcomes)
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
        summary = {
            "up": len(outcomes) - down,
            "down": down,
            "status": status,
            "attempt": attempt.number,
            "max_attempts": self._max_attempts,
            "final_attempt": is_final,
            "retry_group": attempt.group,
        }
        return {"summary": summary, "state": state}

    async def _keep(self, events: Sequence[Event]) -> None:
        """Put documents into the journal together with the state that they imply.

        A run that was cut while a processor waited ends only behind that.
        """
        records: Sequence[Record]
        if self._processing is None:
            records = [encode(event) for event in events]
        else:
            records = await self._processing.records(events)
        self._site.journal.append(records, {self._state_key: self._state.encode()})
        if self._processing is not None and interrupted():
            raise asyncio.CancelledError

    def _log(self, summary: Fields, duration_us: int) -> None:
        monitor = {
            "id": self.monitor_id,
            "type": self.type,
            "status": summary["status"],
            "attempt": summary["attempt"],
            "duration": {"ms": duration_us // 1000},
        }
        extra = {"event": {"action": "monitor.run"}, "monitor": monitor}
        log.debug("Monitor finished", extra=extra)


def _is_any_open(windows: Sequence[Window], now_ns: int) -> bool:
    return any(window.is_open(now_ns) for window in windows)

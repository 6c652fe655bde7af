"""One endpoint of a monitor: runs its check when told to and keeps what came out.

Owns the attempts of a run and the state they change. Must not know when it is due, what
the check does or who reads the documents.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from heartbeat.clock import Deadline
from heartbeat.errors import CheckError, CheckFailed, ErrorType
from heartbeat.event import DOWN, UP, Event, Result, encode, event_id
from heartbeat.monitors.base import BrokenCheck
from heartbeat.runner.document import Template, overlay
from heartbeat.runner.identity import TimeIds, names_of
from heartbeat.runner.watchdog import Watchdog
from heartbeat.schedule import NEVER
from heartbeat.state import MonitorState, state_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from heartbeat.clock import Clock
    from heartbeat.config import MonitorSpec
    from heartbeat.event import Fields, Record
    from heartbeat.monitors.base import Check
    from heartbeat.runner.identity import Identity, Names
    from heartbeat.schedule import Pause, Schedule, Tick

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""Between a failed attempt and the next, as in the reference."""

UNBOUNDED_SECONDS = 10.0
"""What a check may take beyond its timeout before it is cut: a lookup and slack."""


class Journal(Protocol):
    """Where documents and states go; `heartbeat.store.Store` is one."""

    def append(self, records: Sequence[Record], states: Mapping[str, bytes]) -> None:
        """Keep the records and the states they imply, all or nothing."""

    async def room(self) -> None:
        """Return when there is room for more."""


@dataclass(frozen=True, slots=True)
class Site:
    """What all runners of a process share."""

    clock: Clock
    journal: Journal
    identity: Identity
    ids: TimeIds
    watchdog: Watchdog

    @classmethod
    def of(cls, clock: Clock, journal: Journal, identity: Identity) -> Site:
        """Return a site with a watchdog and a source of ids of its own."""
        return cls(clock, journal, identity, TimeIds(clock), Watchdog(clock))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a run; attempts of a run share `group` and are counted from 1."""

    tick: Tick
    group: str
    number: int
    is_last: bool


Outcome: TypeAlias = "tuple[Result, int]"
"""A result and when it was there, in nanoseconds since the epoch."""


def runners(
    spec: MonitorSpec, checks: Sequence[Check], site: Site, states: Mapping[str, bytes]
) -> list[Runner]:
    """Return a runner for each check of a monitor, continuing the states given.

    Raises `ConfigError` for an index that cannot be formatted.
    """
    urls = [check.url["full"] if check.url else None for check in checks]
    return [
        Runner(spec, check, names=names, site=site, states=states)
        for check, names in zip(checks, names_of(spec.id, urls), strict=True)
    ]


class Runner:
    """Runs one check with its attempts and turns the outcome into documents.

    `id` is unique within the process, `type` is as the operator wrote it and
    `last_tick_ns` the last tick that was run, by an earlier process too.
    """

    __slots__ = (
        "_check",
        "_endpoint",
        "_location",
        "_max_attempts",
        "_monitor_id",
        "_site",
        "_state",
        "_state_key",
        "_template",
        "_timeout_ns",
        "id",
        "schedule",
        "type",
    )

    def __init__(
        self,
        spec: MonitorSpec,
        check: Check,
        *,
        names: Names,
        site: Site,
        states: Mapping[str, bytes],
    ) -> None:
        """Take up the state kept under the runner's key, if there is one."""
        location = spec.location.id if spec.location else None
        self.id = names.key
        self.type = spec.type
        self.schedule: Schedule = spec.schedule
        self._check = check
        self._site = site
        self._monitor_id = names.monitor_id
        self._location = location or ""
        self._endpoint: str = check.url["full"] if check.url else ""
        self._timeout_ns = round(spec.timeout * 1e9)
        is_broken = isinstance(check, BrokenCheck)
        self._max_attempts = 1 if is_broken else max(spec.max_attempts, 1)
        self._template = Template(spec, names.monitor_id, check.url, site.identity)
        self._state_key = state_key(names.key, location)
        self._state = MonitorState.decode(
            states.get(self._state_key), names.key, location
        )

    @property
    def last_tick_ns(self) -> int | None:
        """Return the last tick that was run, None if there was none."""
        return self._state.tick_ns

    @property
    def is_up(self) -> bool:
        """Return whether the target is known to be up."""
        return self._state.status == UP

    async def run(self, tick: Tick, pause: Pause) -> None:
        """Run the check: once, or until it is up if it was not known to be down.

        A failure is repeated before it counts, but a target that is down already gets
        no second chance in the same run.
        """
        await self._site.journal.room()
        group = self._site.ids.next()
        allowed = 1 if self._state.status == DOWN else self._max_attempts
        number = 1
        while await self._repeats(Attempt(tick, group, number, number >= allowed)):
            await pause(RETRY_SECONDS)
            number += 1

    async def _repeats(self, attempt: Attempt) -> bool:
        """Make an attempt, keep its documents, return whether another is to follow."""
        clock = self._site.clock
        started = clock.monotonic()
        outcomes = await self._outcomes()
        duration_us = max(int((clock.monotonic() - started) * 1e6), 0)
        down = sum(result.error is not None for result, _ in outcomes)
        is_final = attempt.is_last or not down
        status = DOWN if down else UP
        state = self._state.record(status, outcomes[-1][1], is_final=is_final)
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
        records = self._records(attempt, outcomes, closing, duration_us)
        self._site.journal.append(records, {self._state_key: self._state.encode()})
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

    def _records(
        self,
        attempt: Attempt,
        outcomes: Sequence[Outcome],
        closing: Fields,
        duration_us: int,
    ) -> list[Record]:
        """Return the documents of an attempt, encoded; the last carries the summary."""
        template = self._template
        check_group = f"{attempt.group}-{attempt.number}"
        tick = attempt.tick
        moment = f"{tick.scheduled_ns}.{tick.era}" if tick.era else tick.scheduled_ns
        base = (self.id, self._location, str(moment), str(attempt.number))
        last = len(outcomes) - 1
        records: list[Record] = []
        for place, (result, at_ns) in enumerate(outcomes):
            span = (at_ns, self._stands_until(at_ns))
            fields = template.fields(result, span, check_group)
            if place == last:
                template.summarize(fields, duration_us)
                fields.update(closing)
                _note_step(fields, tick)
            address = _address(outcomes, place)
            document_id = event_id(*base, self._endpoint, address)
            routing = template.routing(document_id, at_ns)
            records.append(encode(Event(at_ns, routing, template.finish(fields))))
        return records

    def _stands_until(self, at_ns: int) -> int:
        """Return when the next result is to be there, the timeout being the least."""
        least_ns = at_ns + self._timeout_ns
        next_ns = self.schedule.next_after(at_ns)
        return least_ns if next_ns == NEVER else max(next_ns, least_ns)

    def _log(self, status: str, attempt: int, duration_us: int) -> None:
        monitor = {
            "id": self._monitor_id,
            "type": self.type,
            "status": status,
            "attempt": attempt,
            "duration": {"ms": duration_us // 1000},
        }
        extra = {"event": {"action": "monitor.run"}, "monitor": monitor}
        log.debug("Monitor finished", extra=extra)


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


def _note_step(fields: Fields, tick: Tick) -> None:
    """Say in the document that the wall clock was set since the run before."""
    if tick.step:
        facts = {"clock": {"step": {"us": round(tick.step * 1e6)}}}
        fields["heartbeat"] = overlay(fields.get("heartbeat", {}), facts)

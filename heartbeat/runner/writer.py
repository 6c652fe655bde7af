"""The documents of an attempt: one for each outcome, the last with the verdict.

Owns their ids, the time they stand for and what is noted on them about the run. Must
not know how outcomes come about or where documents go.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from heartbeat.event import UP, Event, event_id, named
from heartbeat.frozen import frozen
from heartbeat.monitors.base import BrokenCheck
from heartbeat.runner.document import Template
from heartbeat.runner.last import LastRun, last_run
from heartbeat.runner.level import Level, level_note, slow_phases
from heartbeat.runner.notes import gap_note, note, step_note
from heartbeat.runner.outcome import address_of
from heartbeat.schedule import NEVER

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from heartbeat.config import MonitorSpec
    from heartbeat.event import Fields, Named
    from heartbeat.monitors.base import Check
    from heartbeat.runner.identity import Identity, Names
    from heartbeat.runner.outcome import Outcome
    from heartbeat.schedule import Schedule, Tick


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


@lru_cache(maxsize=64)
def _named_run(scheduled_ns: int, era: int, run: int, attempt: int) -> Named:
    """Return the part of an id that tells runs apart.

    Kept from call to call: the checks of a tick have it in common.
    """
    moment = f"{scheduled_ns}.{era}.{run}" if era or run else str(scheduled_ns)
    return named(moment, str(attempt))


class Writer:
    """Makes the documents of one endpoint.

    `endpoint` is what is checked as documents have it, empty if that is not known;
    `last` what the last attempt of this process found; `seen_ns` when the target was
    last looked at before it, in nanoseconds since the epoch, 0 for never.
    """

    __slots__ = (
        "_degraded",
        "_is_broken",
        "_is_first",
        "_schedule",
        "_slow",
        "_template",
        "_timeout_ns",
        "_where",
        "_who",
        "endpoint",
        "last",
        "seen_ns",
    )

    def __init__(
        self, spec: MonitorSpec, check: Check, names: Names, identity: Identity
    ) -> None:
        """Raise `ConfigError` for an index that cannot be formatted."""
        self._schedule: Schedule = spec.schedule
        self._timeout_ns = round(spec.timeout * 1e9)
        self._is_broken = isinstance(check, BrokenCheck)
        self._degraded = spec.degraded
        self._slow: Collection[str] = ()
        self._template = Template(spec, names.monitor_id, check.url, identity)
        self._is_first = True
        self.seen_ns = 0
        self.endpoint: str = check.url["full"] if check.url else ""
        self._who = named(names.key, spec.location.id if spec.location else "")
        self._where = named(self.endpoint)
        self.last: LastRun | None = None

    def resume(self, seen_ns: int) -> None:
        """Begin anew: what follows is the first run of this process."""
        self.seen_ns = seen_ns
        self._is_first = True

    @property
    def has_thresholds(self) -> bool:
        """Return whether phases may be too slow."""
        return self._degraded is not None

    def level(self, status: str) -> Level:
        """Return how well the target was in an attempt that came out like this."""
        if self._is_broken:
            return Level.UNKNOWN
        if status == UP and self._slow:
            return Level.DEGRADED
        return Level(status)

    def events(
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
        run = _named_run(tick.scheduled_ns, tick.era, attempt.run, attempt.number)
        last = len(outcomes) - 1
        events: list[Event] = []
        slow: set[str] = set()
        for place, (result, at_ns) in enumerate(outcomes):
            span = (at_ns, self._stands_until(at_ns))
            fields = template.fields(result, span, check_group)
            if place == last:
                template.summarize(fields, duration_us)
                fields.update(closing)
            if self._degraded is not None:
                slow.update(slow_phases(fields, self._degraded))
                self._slow = slow
            if place == last:
                self._annotate(fields, tick, at_ns)
            address = address_of(outcomes, place)
            document_id = event_id(self._who, run, self._where, address)
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
            if gap := gap_note(self._schedule, self.seen_ns, now_ns):
                note(fields, gap)
        if self._degraded is not None:
            level = self.level(fields["summary"]["status"])
            note(fields, level_note(level, self._slow))

    def _stands_until(self, at_ns: int) -> int:
        """Return when the next result is to be there, the timeout being the least."""
        least_ns = at_ns + self._timeout_ns
        next_ns = self._schedule.next_after(at_ns)
        return least_ns if next_ns == NEVER else max(next_ns, least_ns)

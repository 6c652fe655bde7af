"""What every monitor is like now, as `/monitors` and `/inputs` tell it.

Owns the members told of a monitor, paging and filters. Must not know how it is served.
It looks at ten thousand monitors in portions, so that checks do not wait for it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from heartbeat.errors import BadQuery
from heartbeat.event import milliseconds
from heartbeat.flapping import FLAP
from heartbeat.runner import Level, seconds_by_phase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from heartbeat.clock import Clock
    from heartbeat.config import MonitorSpec
    from heartbeat.reload import Roster
    from heartbeat.runner import Runner

PORTION = 250
"""Monitors looked at in one turn of the loop: about a millisecond."""

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000

STATUSES: Final = frozenset({"up", "down", FLAP, *(level.value for level in Level)})
"""What monitors may be asked for by: their status, or how well they are."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which monitors are asked for: none of `statuses` stands for any."""

    statuses: frozenset[str]
    offset: int
    limit: int

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Wanted:
        """Read a query; raises `BadQuery` with what is wrong with it."""
        words = frozenset(filter(None, query.get("status", "").split(",")))
        if unknown := sorted(words - STATUSES):
            known = ", ".join(sorted(STATUSES))
            raise BadQuery(f"status: unknown '{unknown[0]}', use any of {known}")
        offset = _number(query, "offset", 0)
        limit = _number(query, "limit", DEFAULT_LIMIT)
        return cls(words, offset, min(limit, MAX_LIMIT))


async def overview(
    roster: Roster, clock: Clock, query: Mapping[str, str]
) -> dict[str, Any]:
    """Return a page of monitors; raises `BadQuery`."""
    wanted = Wanted.of(query)
    levels: Counter[str] = Counter()
    matched = 0
    page: list[dict[str, Any]] = []
    async for spec, runner in in_portions(roster, clock):
        level = runner.level.value
        levels[level] += 1
        if wanted.statuses and wanted.statuses.isdisjoint({level, status_of(runner)}):
            continue
        if wanted.offset <= matched < wanted.offset + wanted.limit:
            page.append(_monitor(spec, runner, level))
        matched += 1
    return {
        "total": levels.total(),
        "levels": dict(levels),
        "matched": matched,
        "offset": wanted.offset,
        "limit": wanted.limit,
        "monitors": page,
    }


async def inputs(
    roster: Roster, clock: Clock, query: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return what runs in the form in which other Beats list their inputs.

    `type` leaves those of one type.
    """
    only = query.get("type", "")
    return [
        {"id": runner.id, "input": runner.type, "name": spec.name, "url": runner.url}
        async for spec, runner in in_portions(roster, clock)
        if not only or runner.type == only
    ]


async def summary(roster: Roster, clock: Clock) -> str:
    """Return in a few words how things stand, for a service manager's status."""
    levels = Counter(
        [runner.level.value async for _, runner in in_portions(roster, clock)]
    )
    told = ", ".join(f"{count} {word}" for word, count in levels.most_common())
    return f"{levels.total()} endpoints: {told or 'none'}"


async def in_portions(
    roster: Roster, clock: Clock, portion: int = PORTION
) -> AsyncIterator[tuple[MonitorSpec, Runner]]:
    """Yield what runs at this moment, with turns of the loop in between."""
    for place, one in enumerate(roster.endpoints_by_spec, 1):
        yield one
        if place % portion == 0:
            await clock.sleep_until(0.0)


def status_of(runner: Runner) -> str:
    """Return the status that documents tell: up, down, flapping or not known yet."""
    return runner.state.status or Level.UNKNOWN.value


def _monitor(spec: MonitorSpec, runner: Runner, level: str) -> dict[str, Any]:
    last, state = runner.last, runner.state
    told: dict[str, Any] = {
        "id": runner.monitor_id,
        "key": runner.id,
        "name": spec.name,
        "type": runner.type,
        "url": runner.url,
        "status": status_of(runner),
        "level": level,
        "since": milliseconds(state.started_ns) if state.started_ns else None,
        "last_check": milliseconds(state.seen_ns) if state.seen_ns else None,
        "duration": None,
        "phases": {},
        "error": None,
        "status_code": None,
        "certificate": None,
    }
    if last is not None:
        told |= {
            "duration": last.duration_us / 1e6,
            "phases": seconds_by_phase(last),
            "error": last.error or None,
            "status_code": last.status_code or None,
            "certificate": _certificate(last.not_after),
        }
    return told


def _certificate(not_after: str) -> dict[str, str] | None:
    return {"not_after": not_after} if not_after else None


def _number(query: Mapping[str, str], name: str, absent: int) -> int:
    text = query.get(name, "")
    if not text:
        return absent
    if not (text.isascii() and text.isdecimal()):
        raise BadQuery(f"{name}: '{text}' is no whole number from 0 on")
    return int(text[:18])

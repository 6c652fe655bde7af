"""Weeks on the schedule, with everything clocks do to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from heartbeat.schedule import parse
from heartbeat.scheduler import Job, Scheduler
from tests.support.clock import FakeClock
from tests.support.probe import SECOND, Probe, running

if TYPE_CHECKING:
    from heartbeat.schedule import Schedule, Tick

pytestmark = pytest.mark.slow

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600
DAY = 24 * HOUR
DAYS = 8


def nanoseconds(moment: str) -> int:
    """Return a moment with a zone in nanoseconds since the epoch."""
    return int(datetime.fromisoformat(moment).timestamp()) * SECOND


class Calendar:
    """One job from a moment on, and the ticks it ran."""

    def __init__(self, start: str, schedule: str) -> None:
        """Begin at the start, on the schedule as Berlin reads it."""
        self.clock = FakeClock(nanoseconds(start), turns=3)
        self.start_ns = self.clock.now()
        self.probe = Probe(self.clock)
        self.schedule: Schedule = parse(schedule, BERLIN, now_ns=self.start_ns)
        self.scheduler = Scheduler(self.clock)
        job = Job(
            "job", "http", self.schedule, self.probe, self.start_ns, self.start_ns
        )
        self.scheduler.add(job)

    @property
    def hours(self) -> list[float]:
        """Return the ticks in hours from the start."""
        return [(t.scheduled_ns - self.start_ns) / SECOND / HOUR for t in self.ticks]

    @property
    def local(self) -> list[datetime]:
        """Return the ticks as clocks on the wall in Berlin show them."""
        return [
            datetime.fromtimestamp(tick.scheduled_ns / SECOND, BERLIN)
            for tick in self.ticks
        ]

    @property
    def ticks(self) -> list[Tick]:
        """Return the ticks that were run."""
        return self.probe.ticks


@pytest.mark.parametrize("start", ["2026-03-25T00:00:00Z", "2026-10-21T00:00:00Z"])
async def test_change_of_daylight_saving_leaves_intervals_alone(start: str) -> None:
    """An interval is one of physics, not of the calendar."""
    calendar = Calendar(start, "@every 1h")

    async with running(calendar.scheduler):
        await calendar.clock.advance(DAYS * DAY)

    assert calendar.hours == [float(n) for n in range(1, DAYS * 24 + 1)]
    assert calendar.scheduler.counters().missed_deadline == 0


@pytest.mark.parametrize("start", ["2026-03-25T00:00:00Z", "2026-10-21T00:00:00Z"])
async def test_every_day_has_one_run_through_a_change(start: str) -> None:
    """At half past two in the night, which one day lacks and another has twice."""
    calendar = Calendar(start, "30 2 * * *")

    async with running(calendar.scheduler):
        await calendar.clock.advance(DAYS * DAY)

    days = [moment.date() for moment in calendar.local]
    assert days == [days[0] + timedelta(days=n) for n in range(DAYS)]
    times = [(moment.hour, moment.minute) for moment in calendar.local]
    assert sum(time != (2, 30) for time in times) == ("03" in start)


async def test_leap_day_has_its_run() -> None:
    """2028 has a 29th of February, and only that."""
    calendar = Calendar("2028-02-24T00:00:00Z", "0 12 29 2 *")

    async with running(calendar.scheduler):
        await calendar.clock.advance(DAYS * DAY)

    assert [moment.isoformat() for moment in calendar.local] == [
        "2028-02-29T12:00:00+01:00"
    ]


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_steps_of_an_hour_every_day(step: int) -> None:
    """However often the clock is set: never idle for long, no tick doubled."""
    calendar = Calendar("2026-11-22T00:00:00Z", "@every 10m")
    begun: list[float] = []

    async with running(calendar.scheduler):
        for _ in range(DAYS):
            await calendar.clock.advance(DAY)
            calendar.clock.set_wall(step)
        begun = [tick.late for tick in calendar.ticks]

    ids = [(tick.scheduled_ns, tick.era) for tick in calendar.ticks]
    assert len(ids) == len(set(ids))
    assert max(begun) <= 1
    assert len(ids) == pytest.approx(DAYS * 144, abs=2 * DAYS)
    assert calendar.scheduler.counters().missed_deadline == 0


async def test_suspended_every_night() -> None:
    """The monotonic clock stands still meanwhile; in the morning it goes on at once."""
    calendar = Calendar("2026-11-22T20:00:00Z", "@every 5m")
    woken_ns: list[int] = []

    async with running(calendar.scheduler):
        for _ in range(DAYS):
            await calendar.clock.advance(16 * HOUR)
            calendar.clock.set_wall(8 * HOUR)
            woken_ns.append(calendar.clock.now())
            await calendar.clock.advance(60)

    for woken in woken_ns:
        first = next(t for t in calendar.ticks if t.scheduled_ns >= woken)
        assert first.scheduled_ns - woken <= 11 * SECOND
        assert first.step == 8 * HOUR
    assert calendar.scheduler.counters().missed_deadline == 0


async def test_late_for_weeks_is_one_run_not_thousands() -> None:
    """A loop that was held up does not make up for every tick."""
    calendar = Calendar("2026-11-22T00:00:00Z", "@every 10s")

    async with running(calendar.scheduler):
        await calendar.clock.advance(60)
        calendar.clock.jump(DAYS * DAY)
        await calendar.clock.advance(60)

    assert len(calendar.ticks) == pytest.approx(13, abs=1)
    gaps = [b - a for a, b in pairwise(calendar.hours)]
    assert max(gaps) == pytest.approx(DAYS * 24, abs=0.01)


def test_berlin_is_where_it_changes() -> None:
    """The other tests mean something only where clocks change in those weeks."""
    offsets = {
        datetime(2026, month, day, tzinfo=UTC).astimezone(BERLIN).utcoffset()
        for month, day in ((3, 25), (4, 1), (10, 21), (10, 28))
    }

    assert offsets == {timedelta(hours=1), timedelta(hours=2)}

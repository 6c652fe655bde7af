"""Cron expressions: the calendar, the clock changes and the notation."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heartbeat.errors import ConfigError
from heartbeat.schedule import NEVER, Cron, parse
from heartbeat.schedule.fields import parse_fields

if TYPE_CHECKING:
    from datetime import tzinfo

TABLE = [
    [part.strip() for part in line.split(";")]
    for line in (Path(__file__).parents[1] / "data" / "cron.txt")
    .read_text()
    .splitlines()
    if not line.startswith("#")
]
NEW_YORK = ZoneInfo("America/New_York")
NOW = 1_795_381_200_000_000_000
EXPRESSIONS = sorted({row[0] for row in TABLE})


def nanoseconds(text: str, zone: tzinfo = UTC) -> int:
    """Return the instant of an ISO text; one without an offset is local time."""
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return int(moment.timestamp()) * 10**9


def following(text: str, after: str, count: int) -> list[str]:
    """Return the next matches in New York, with their offsets."""
    cron = Cron(parse_fields(text), NEW_YORK)
    moment, found = nanoseconds(after, NEW_YORK), list[str]()
    for _ in range(count):
        moment = cron.next_after(moment)
        local = datetime.fromtimestamp(moment // 10**9, NEW_YORK)
        found.append(local.isoformat(timespec="minutes"))
    return found


def test_table() -> None:
    """Every row of the table of expressions holds."""
    found = [
        [text, after, Cron(parse_fields(text), UTC).next_after(nanoseconds(after))]
        for text, after, _ in TABLE
    ]

    assert found == [
        [text, after, NEVER if match == "never" else nanoseconds(match)]
        for text, after, match in TABLE
    ]


@given(st.sampled_from(EXPRESSIONS), st.integers(0, 2_500_000_000))
def test_matches_lie_ahead_and_in_order(text: str, second: int) -> None:
    """A match is after the moment asked about, and asking a second before gives it."""
    cron = Cron(parse_fields(text), UTC)
    match = cron.next_after(second * 10**9)

    assert match > second * 10**9
    assert match == NEVER or cron.next_after(match - 10**9) == match


@given(st.sampled_from(EXPRESSIONS), st.integers(1_767_225_600, 1_830_297_600))
def test_time_moves_forward_across_changes_of_the_clock(text: str, second: int) -> None:
    """No expression ever names a moment of the past, whatever the zone does."""
    cron = Cron(parse_fields(text), NEW_YORK)

    assert cron.next_after(second * 10**9) > second * 10**9


def test_part_of_a_second_counts_for_its_whole() -> None:
    """A match within the present second has passed."""
    cron = Cron(parse_fields("* * * * * * *"), UTC)

    assert cron.next_after(NOW + 999_999_999) == NOW + 1_000_000_000


def test_missing_hour_moves_the_run_behind_the_gap() -> None:
    """A run at 02:30 takes place at 03:30 on the day without 02:30."""
    assert following("30 2 * * *", "2026-03-07T12:00", 2) == [
        "2026-03-08T03:30-04:00",
        "2026-03-09T02:30-04:00",
    ]


def test_missing_hour_does_not_double_runs() -> None:
    """What is due every few minutes goes on after the gap as if there were none."""
    assert following("*/30 * * * *", "2026-03-08T01:00", 3) == [
        "2026-03-08T01:30-05:00",
        "2026-03-08T03:00-04:00",
        "2026-03-08T03:30-04:00",
    ]


def test_repeated_hour_runs_once_at_a_time_of_day() -> None:
    """A run at 01:30 takes place once on the day with two 01:30."""
    assert following("30 1 * * *", "2026-10-31T12:00", 2) == [
        "2026-11-01T01:30-04:00",
        "2026-11-02T01:30-05:00",
    ]


def test_time_of_day_is_not_caught_up_in_the_repeated_hour() -> None:
    """Asked between the two 01:30, the next one is tomorrow's."""
    assert following("30 1 * * *", "2026-11-01T01:10-05:00", 1) == [
        "2026-11-02T01:30-05:00",
    ]


def test_repeated_hour_is_run_through_twice_by_what_runs_all_the_time() -> None:
    """Every half hour stays every half hour of real time."""
    assert following("*/30 * * * *", "2026-11-01T01:00-04:00", 5) == [
        "2026-11-01T01:30-04:00",
        "2026-11-01T01:00-05:00",
        "2026-11-01T01:30-05:00",
        "2026-11-01T02:00-05:00",
        "2026-11-01T02:30-05:00",
    ]


def test_repeated_hour_without_a_match_ahead_in_its_first_pass() -> None:
    """A match earlier in the hour comes again before the next hour's."""
    assert following("10 * * * *", "2026-11-01T01:10-04:00", 2) == [
        "2026-11-01T01:10-05:00",
        "2026-11-01T02:10-05:00",
    ]


def test_repeated_hour_without_any_match_in_it() -> None:
    """Nothing is due in the hour: the next match is another day's."""
    assert following("0 * 5 * *", "2026-11-01T01:10-04:00", 1) == [
        "2026-11-05T00:00-05:00",
    ]


@pytest.mark.parametrize("offset", ["-04:00", "-05:00"])
def test_repeated_hour_at_the_end_of_all_matches(offset: str) -> None:
    """A schedule may end in the repeated hour."""
    cron = Cron(parse_fields("0 * 31 10 * 2026"), NEW_YORK)

    assert cron.next_after(nanoseconds(f"2026-11-01T01:10{offset}")) == NEVER


def test_zone_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a zone an expression is read in that of the process."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        match = parse("0 9 * * *", now_ns=NOW).next_after(NOW)
    finally:
        monkeypatch.undo()
        time.tzset()

    assert match == nanoseconds("2026-11-23T00:00")


def test_zone_given() -> None:
    """Every match is taken in the zone given, not the first alone."""
    assert following("0 9 * * *", "2026-11-22T12:00", 2) == [
        "2026-11-23T09:00-05:00",
        "2026-11-24T09:00-05:00",
    ]


def test_collapse_counts_the_matches_passed() -> None:
    """The last match up to now stands for those before it."""
    cron = Cron(parse_fields("* * * * * * *"), UTC)

    assert cron.collapse(NOW, NOW + 3_500_000_000) == (NOW + 3_000_000_000, 3)


def test_cron_is_its_own_ticks() -> None:
    """A time of day is not spread."""
    cron = Cron(parse_fields("* * * * *"), UTC)

    assert (cron.interval, cron.ticks(5)) == (None, cron)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
        ("0 0 * JAN-mar Mon,sunday", "0 0 * 1-3 1,0"),
        ("00 08 01 09 05", "0 8 1 9 5"),
        ("0 0 * * 07", "0 0 * * 0"),
        ("0 0 * * fri-mon", "0 0 * * 5,6,0,1"),
        ("0 0 * * 7-2", "0 0 * * 0-2"),
        ("0 0 * * 7/2", "0 0 * * 0,2,4,6"),
        ("0 0 * * FriL", "0 0 * * 5L"),
        ("0 0 * * tue#2", "0 0 * * 2#2"),
        ("0 0 l * *", "0 0 L * *"),
        (" 0  0\t* * * ", "0 0 * * *"),
        ("0,,30 * * * *", "0,30 * * * *"),
        ("0 1 2 3 4 5 2030 ignored", "0 1 2 3 4 5 2030"),
        ("59 23 * * * 1970-2099", "59 23 * * *"),
    ],
)
def test_spellings(text: str, same: str) -> None:
    """Two ways to write the same are the same."""
    assert parse_fields(text) == parse_fields(same)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "missing field(s)"),
        ("* * * *", "missing field(s)"),
        ("@reboot", "missing field(s)"),
        ("@midnight", "missing field(s)"),
        ("60 * * * *", "syntax error in minute field: '60'"),
        ("* 24 * * *", "syntax error in hour field: '24'"),
        ("* * 0 * *", "syntax error in day-of-month field: '0'"),
        ("* * 32 * *", "syntax error in day-of-month field: '32'"),
        ("* * XW * *", "syntax error in day-of-month field: 'xw'"),
        ("* * * 13 *", "syntax error in month field: '13'"),
        ("* * * foo *", "syntax error in month field: 'foo'"),
        ("* * * * 8", "syntax error in day-of-week field: '8'"),
        ("* * * * 5#6", "syntax error in day-of-week field: '5#6'"),
        ("* * * * 9#1", "syntax error in day-of-week field: '9#1'"),
        ("* * * * xL", "syntax error in day-of-week field: 'xl'"),
        ("* * * * * 1969", "syntax error in year field: '1969'"),
        ("* * * * * 2030-2020", "syntax error in year field: '2030-2020'"),
        ("60 * * * * * *", "syntax error in second field: '60'"),
        ("1- * * * *", "syntax error in minute field: '1-'"),
        ("-1 * * * *", "syntax error in minute field: '-1'"),
        ("1-2-3 * * * *", "syntax error in minute field: '1-2-3'"),
        ("?/5 * * * *", "syntax error in minute field: '?/5'"),
        ("*/x * * * *", "syntax error in minute field: '*/x'"),
        ("*/ * * * *", "syntax error in minute field: '*/'"),
        ("*/0 * * * *", "invalid interval */0"),
        ("*/60 * * * *", "invalid interval */60"),
        (", * * * *", "minute field: missing directive"),
    ],
)
def test_faults(text: str, message: str) -> None:
    """What cannot be read is refused, with the reference's words."""
    with pytest.raises(ConfigError) as caught:
        parse(text)

    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["0 0 31 2 *", "0 0 30 2 *", "* * * * * 2020"])
def test_never_due(text: str) -> None:
    """A schedule without any moment ahead is refused instead of running hot."""
    with pytest.raises(ConfigError) as caught:
        parse(text, UTC, now_ns=NOW)

    assert str(caught.value) == f"the schedule '{text}' is never due again"


@given(st.text("0123456789*/-,?LW#@ abcjn", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text leads to anything but a schedule or a `ConfigError`."""
    with suppress(ConfigError):
        parse(text, UTC, now_ns=NOW)


ZONES = {
    "America/New_York": ("2026-03-08T07:00Z", "2026-11-01T06:00Z"),
    "Europe/Berlin": ("2026-03-29T01:00Z", "2026-10-25T01:00Z"),
    "Australia/Lord_Howe": ("2026-04-04T15:00Z", "2026-10-03T15:30Z"),
    "Antarctica/Troll": ("2026-03-29T01:00Z", "2026-10-25T01:00Z"),
    "America/Santiago": ("2026-04-05T03:00Z", "2026-09-06T04:00Z"),
    "Asia/Kolkata": ("2026-03-29T01:00Z", "2026-10-25T01:00Z"),
}
"""Zones and the moments at which their clocks change: by an hour, by half of one, by
two, at midnight, and never."""


def naive(minutes: str, hours: str, zone: ZoneInfo, second: int) -> int:
    """Return the next match by looking at all there are on the walls of some days."""
    fields = parse_fields(f"{minutes} {hours} * * *")
    today = datetime.fromtimestamp(second, zone).replace(hour=0, minute=0, second=0)
    due: set[float] = set()
    for day in range(-1, 3):
        for hour, minute in product(fields.hours, fields.minutes):
            wall = (today + timedelta(day)).replace(hour=hour, minute=minute, fold=0)
            due.add(wall.timestamp())
            again = wall.replace(fold=1).timestamp()
            if hours == "*" and again > wall.timestamp():
                due.add(again)
    return int(min(moment for moment in due if moment > second))


@pytest.mark.slow
@given(
    st.sampled_from([(name, at) for name, both in ZONES.items() for at in both]),
    st.sampled_from(["0", "15", "30", "59", "15,40", "*/20", "0,45", "*"]),
    st.sampled_from(["*", "2", "0", "1,3", "23", "*/2", "1-4", "0-22"]),
    st.integers(-5 * 3600, 5 * 3600),
)
@settings(max_examples=200, deadline=None)
def test_changes_of_the_clock_as_if_walked_through(
    change: tuple[str, str], minutes: str, hours: str, offset: int
) -> None:
    """Around a change the next match is the one found by looking at them all.

    A missing time counts as moved behind the gap; of a time that comes twice only the
    first counts, unless every hour does.
    """
    name, at = change
    zone, second = ZoneInfo(name), int(datetime.fromisoformat(at).timestamp()) + offset
    cron = Cron(parse_fields(f"{minutes} {hours} * * *"), zone)

    assert (
        cron.next_after(second * 10**9) == naive(minutes, hours, zone, second) * 10**9
    )

"""What every monitor is like, as the endpoint tells it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from heartbeat.errors import BadQuery
from heartbeat.event import Result
from heartbeat.overview import in_portions, inputs, overview, summary
from tests.support.stage import DOWN, UP, Stage, Wrote, spec_of

if TYPE_CHECKING:
    from heartbeat.reload import Roster
    from tests.support.clock import FakeClock

CERTIFIED: dict[str, Any] = {
    "tls": {
        "certificate_not_valid_after": "2027-01-01T00:00:00.000Z",
        "rtt": {"handshake": {"us": 2_000}},
    },
    "http": {"response": {"status_code": 200}},
}


async def roster_of(clock: FakeClock, *attempts: list[Any]) -> Roster:
    """Return a roster of monitors, each of which made one attempt like that."""
    found: list[Any] = []
    for number, steps in enumerate(attempts, 1):
        stage = Stage(clock)
        name = f"monitor-{number}"
        runner = stage.runner(steps, id=name)
        if steps:
            await stage.run(runner)
        found.append((spec_of(id=name, name=name.title()), runner))
    return cast("Roster", SimpleNamespace(endpoints_by_spec=found))


class TestMonitors:
    """`/monitors`."""

    async def test_tells_what_the_last_attempt_found(self, clock: FakeClock) -> None:
        """Who it is, how it is and since when, and what was measured."""
        roster = await roster_of(clock, [Result("127.0.0.1", None, [Wrote(CERTIFIED)])])

        assert await overview(roster, clock, {}) == {
            "total": 1,
            "levels": {"up": 1},
            "matched": 1,
            "offset": 0,
            "limit": 100,
            "monitors": [
                {
                    "id": "monitor-1",
                    "key": "monitor-1",
                    "name": "Monitor-1",
                    "type": "tcp",
                    "url": "tcp://localhost:9200",
                    "status": "up",
                    "level": "up",
                    "since": "2026-09-21T14:13:20.000Z",
                    "last_check": "2026-09-21T14:13:20.000Z",
                    "duration": 0.0,
                    "phases": {"total": 0.0, "tls": 0.002},
                    "error": None,
                    "status_code": 200,
                    "certificate": {"not_after": "2027-01-01T00:00:00.000Z"},
                }
            ],
        }

    async def test_one_that_never_ran(self, clock: FakeClock) -> None:
        """Nothing is known, and nothing is made up."""
        roster = await roster_of(clock, [])
        (told,) = (await overview(roster, clock, {}))["monitors"]

        assert {name: told[name] for name in ("status", "level", "since")} == {
            "status": "unknown",
            "level": "unknown",
            "since": None,
        }
        assert (told["duration"], told["last_check"], told["phases"]) == (
            None,
            None,
            {},
        )

    async def test_one_that_is_down_says_why(self, clock: FakeClock) -> None:
        """The words are those of its documents."""
        roster = await roster_of(clock, [DOWN])
        (told,) = (await overview(roster, clock, {}))["monitors"]

        assert told["error"].endswith("connect: connection refused")

    async def test_pages(self, clock: FakeClock) -> None:
        """`offset` and `limit` cut out a page of all that match."""
        roster = await roster_of(clock, [UP], [DOWN], [UP], [UP])
        query = {"status": "up", "offset": "1", "limit": "1"}
        page = await overview(roster, clock, query)

        assert [one["id"] for one in page["monitors"]] == ["monitor-3"]
        assert (page["total"], page["matched"]) == (4, 3)

    @pytest.mark.parametrize(
        ("status", "ids"),
        [
            ("down", ["monitor-2"]),
            ("up,down", ["monitor-1", "monitor-2"]),
            ("unknown", ["monitor-3"]),
            ("degraded", []),
            ("", ["monitor-1", "monitor-2", "monitor-3"]),
        ],
    )
    async def test_by_status(
        self, clock: FakeClock, status: str, ids: list[str]
    ) -> None:
        """Any of the words leaves the monitors it fits."""
        roster = await roster_of(clock, [UP], [DOWN], [])
        page = await overview(roster, clock, {"status": status})

        assert [one["id"] for one in page["monitors"]] == ids

    @pytest.mark.parametrize(
        ("query", "words"),
        [
            ({"limit": "-1"}, "limit: '-1' is no whole number from 0 on"),
            ({"offset": "many"}, "offset: 'many' is no whole number from 0 on"),
            ({"status": "red"}, "status: unknown 'red', use any of degraded, down, "),
        ],
    )
    async def test_a_query_that_makes_no_sense(
        self, clock: FakeClock, query: dict[str, str], words: str
    ) -> None:
        """The fault is named."""
        with pytest.raises(BadQuery, match=words):
            await overview(await roster_of(clock), clock, query)

    async def test_a_page_has_an_end(self, clock: FakeClock) -> None:
        """However many are asked for."""
        page = await overview(await roster_of(clock), clock, {"limit": "1000000"})

        assert page["limit"] == 1000

    async def test_checks_get_their_turn(
        self, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is asked for while monitors are many does not hold up the loop."""
        roster = await roster_of(clock, [], [], [], [], [])
        waited: list[float] = []

        async def sleep_until(when: float) -> None:
            waited.append(when)

        monkeypatch.setattr(clock, "sleep_until", sleep_until)
        async for _ in in_portions(roster, clock, 2):
            pass

        assert waited == [0.0, 0.0]


class TestInputs:
    """`/inputs`."""

    async def test_lists_what_runs(self, clock: FakeClock) -> None:
        """In the form of other Beats; `type` leaves those of one type."""
        roster = await roster_of(clock, [])
        listed = {
            "id": "monitor-1",
            "input": "tcp",
            "name": "Monitor-1",
            "url": "tcp://localhost:9200",
        }

        assert await inputs(roster, clock, {}) == [listed]
        assert await inputs(roster, clock, {"type": "http"}) == []


class TestSummary:
    """The status for a service manager."""

    async def test_in_a_few_words(self, clock: FakeClock) -> None:
        """How many are how well, the most first."""
        roster = await roster_of(clock, [DOWN], [UP], [UP])

        assert await summary(roster, clock) == "3 endpoints: 2 up, 1 down"

"""How well a target is said to be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config.judgement import DegradedOptions
from heartbeat.event import Result
from heartbeat.monitors.base import BrokenCheck
from heartbeat.runner import Level
from heartbeat.runner.level import slow_phases
from heartbeat.schedule import Window
from tests.support.stage import DOWN, UP, Stage, Wrote

if TYPE_CHECKING:
    from heartbeat.event import Fields

SLOW_CONNECT: dict[str, Any] = {"tcp": {"rtt": {"connect": {"us": 600_000}}}}
LIMITS = {"total": 2.0, "connect": 0.5}


def slow(ip: str = "127.0.0.1") -> Result:
    """Return a result that is up, but took its time."""
    return Result(ip, None, [Wrote(SLOW_CONNECT)])


class TestPhases:
    """Which phases took too long."""

    @pytest.mark.parametrize(
        ("phase", "fields"),
        [
            ("total", {"monitor": {"duration": {"us": 1_000_001}}}),
            ("resolve", {"resolve": {"rtt": {"us": 1_000_001}}}),
            ("connect", {"tcp": {"rtt": {"connect": {"us": 1_000_001}}}}),
            ("tls", {"tls": {"rtt": {"handshake": {"us": 1_000_001}}}}),
            ("response", {"http": {"rtt": {"response_header": {"us": 1_000_001}}}}),
            ("ping", {"icmp": {"rtt": {"us": 1_000_001}}}),
        ],
    )
    def test_each_has_its_place(self, phase: str, fields: Fields) -> None:
        """The time is read from the field the contract has for it."""
        every = dict.fromkeys(DegradedOptions.model_fields, 1.0)

        assert list(slow_phases(fields, every)) == [phase]

    @pytest.mark.parametrize(
        "fields", [{}, {"tcp": "odd"}, {"tcp": {"rtt": {"connect": {"us": 1_000_000}}}}]
    )
    def test_no_phase_and_no_excess_are_well(self, fields: Fields) -> None:
        """A phase that did not take place was not slow."""
        assert not list(slow_phases(fields, {"connect": 1.0}))


class TestDocument:
    """What the last document of an attempt says."""

    @pytest.mark.parametrize(
        ("steps", "expected"),
        [
            ([UP], {"level": "up"}),
            ([slow()], {"level": "degraded", "slow": ["connect"]}),
            ([3.0, slow()], {"level": "degraded", "slow": ["connect", "total"]}),
            ([DOWN], {"level": "down"}),
            ([3.0, DOWN], {"level": "down"}),
        ],
    )
    async def test_level(
        self, stage: Stage, steps: list[Any], expected: Fields
    ) -> None:
        """Degraded says why; what is down is not degraded as well."""
        (document,) = await stage.run(stage.runner(steps, degraded=LIMITS))

        assert document["heartbeat"] == expected

    async def test_status_stays_what_it_is(self, stage: Stage) -> None:
        """Readers that know up and down only see a target that is up."""
        (document,) = await stage.run(stage.runner([slow()], degraded=LIMITS))

        assert document["monitor"]["status"] == document["state"]["status"] == "up"

    async def test_the_worst_address_counts(self, stage: Stage) -> None:
        """One slow address makes the target degraded; only the last document tells."""
        runner = stage.runner([slow("1.1.1.1"), Result("1.1.1.2")], degraded=LIMITS)
        first, last = await stage.run(runner)

        assert "heartbeat" not in first
        assert last["heartbeat"] == {"level": "degraded", "slow": ["connect"]}

    async def test_a_monitor_that_cannot_look(self, stage: Stage) -> None:
        """Its target may be well or not."""
        (runner,) = stage.runners([BrokenCheck("no hosts")], degraded=LIMITS)
        (document,) = await stage.run(runner)

        assert document["heartbeat"] == {"level": "unknown"}

    async def test_without_the_option(self, stage: Stage) -> None:
        """Documents are those of the reference."""
        (document,) = await stage.run(stage.runner([slow()]))

        assert "heartbeat" not in document


class TestNow:
    """What a runner says of its target between two runs."""

    async def test_nobody_looked_yet(self, stage: Stage) -> None:
        """Nothing is known."""
        assert stage.runner().level is Level.UNKNOWN

    @pytest.mark.parametrize(
        ("result", "expected"),
        [(UP, Level.UP), (slow(), Level.DEGRADED), (DOWN, Level.DOWN)],
    )
    async def test_after_a_run(
        self, stage: Stage, result: Result, expected: Level
    ) -> None:
        """It is that of the run."""
        runner = stage.runner([result], degraded=LIMITS)
        await stage.run(runner)

        assert runner.level is expected

    async def test_degraded_passes(self, stage: Stage) -> None:
        """The next run that is quick ends it."""
        runner = stage.runner([slow()], [UP], degraded=LIMITS)
        await stage.run(runner)
        await stage.run(runner)

        assert runner.level is Level.UP

    async def test_in_maintenance(self, stage: Stage) -> None:
        """Nobody looks, whatever was seen before."""
        window = Window([datetime(1970, 1, 1, tzinfo=UTC)], 1e9 * 9)
        runner = stage.runner([UP], maintenance=(window,))

        assert runner.level is Level.MAINTENANCE

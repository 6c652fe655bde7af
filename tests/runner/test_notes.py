"""What documents say about the run itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.schedule import Tick, parse
from tests.support.clock import START_NS
from tests.support.stage import DOWN, UP, Stage

if TYPE_CHECKING:
    from heartbeat.event import Fields


class TestGap:
    """How long nobody looked at the target."""

    @staticmethod
    async def after(stage: Stage, seconds: float, every: str = "10s") -> Fields:
        """Return the first document of a process that begins so long after another."""
        schedule = parse(f"@every {every}")
        await stage.run(stage.runner([UP], schedule=schedule))
        stage.clock.jump(seconds)
        (document,) = await stage.run(stage.runner([UP], schedule=schedule))
        return document

    async def test_missed_intervals_are_told(self, stage: Stage) -> None:
        """A reader need not take silence for health."""
        document = await self.after(stage, 3600.0)

        assert document["heartbeat"] == {"gap": {"us": 3_600_000_000}}

    @pytest.mark.parametrize("seconds", [1.0, 10.0, 20.0])
    async def test_a_quick_restart_is_no_gap(
        self, stage: Stage, seconds: float
    ) -> None:
        """Up to one missed interval nobody had to look in between."""
        assert "heartbeat" not in await self.after(stage, seconds)

    async def test_a_new_monitor_has_no_gap(self, stage: Stage) -> None:
        """Nobody was to look at it before."""
        (document,) = await stage.run(stage.runner([UP]))

        assert "heartbeat" not in document

    async def test_only_the_first_document_tells(self, stage: Stage) -> None:
        """Attempts and runs after it are not late any more."""
        await stage.run(stage.runner([UP]))
        stage.clock.jump(60)
        runner = stage.runner([DOWN], [DOWN], [UP], max_attempts=2)
        first, second = await stage.run(runner)
        (third,) = await stage.run(runner)

        assert first["heartbeat"] == {"gap": {"us": 60_000_000}}
        assert "heartbeat" not in second | third

    async def test_beside_a_step_of_the_clock(self, stage: Stage) -> None:
        """Both are told."""
        await stage.run(stage.runner([UP]))
        stage.clock.jump(60)
        tick = Tick(START_NS, step=2.0)
        (document,) = await stage.run(stage.runner([UP]), tick)

        assert document["heartbeat"] == {
            "clock": {"step": {"us": 2_000_000}},
            "gap": {"us": 60_000_000},
        }

"""Real checks on the real clock, one at a time or many.

Owns the way from options to a result and how long it took. Must not know what is
checked.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heartbeat import monitors
from heartbeat.clock import Deadline
from heartbeat.config import MonitorSpec, Section
from heartbeat.schedule import parse
from tests.hostile.gauge import Holdings

if TYPE_CHECKING:
    from heartbeat.event import Fields, Result
    from heartbeat.monitors.base import Check
    from heartbeat.net import Network


@dataclass(frozen=True, slots=True)
class Prober:
    """Builds real checks and runs them on the real clock."""

    network: Network

    def check(self, kind: str, **options: Any) -> Check:
        """Return the only check of a monitor."""
        spec = MonitorSpec(
            id=kind,
            name="",
            type=kind,
            plugin=kind,
            schedule=parse("@every 10s", None),
            options=Section({"type": kind, **options}),
        )
        (check,) = monitors.build(spec, self.network)
        return check

    async def run(self, check: Check, delay: float = 0.0) -> tuple[Result, float]:
        """Run a check once, after a delay; return its result and how long it took."""
        clock = self.network.clock
        await clock.sleep_until(clock.monotonic() + delay)
        begun = time.perf_counter()
        (result,) = [each async for each in check.run(Deadline(clock, check.timeout))]
        return result, time.perf_counter() - begun

    async def holdings(self) -> Holdings:
        """Return what the process holds once the loop has tidied up behind checks."""
        await self.network.clock.sleep_until(self.network.clock.monotonic() + 0.05)
        return Holdings.now()


def fields(result: Result) -> Fields:
    """Return the members that the facts of a result make up."""
    members: Fields = {}
    for facts in result.facts:
        facts.put(members)
    return members

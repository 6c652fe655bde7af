"""A monitor type for tests that are about anything but checking.

Owns a check that is up, or down, at once or after a while. Must not know what a test
expects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from heartbeat.config import Duration, Flag, Options, Text
from heartbeat.errors import CheckError, ConfigError, ErrorType
from heartbeat.event import Result

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from heartbeat.clock import Clock, Deadline
    from heartbeat.config import MonitorSpec
    from heartbeat.monitors.base import Url
    from heartbeat.net import Network

DOWN = CheckError(ErrorType.IO, "it is down")


class FakeOptions(Options):
    """What a test says the check does."""

    up: Flag = True
    lasts: Duration = 0.0
    note: Text = ""
    fault: Text = ""


@dataclass(frozen=True, slots=True)
class FakeCheck:
    """Comes to its verdict without asking anybody."""

    clock: Clock
    options: FakeOptions
    url: Url | None = None
    timeout: float = 16.0

    async def run(self, deadline: Deadline) -> AsyncIterator[Result]:
        """Take the time, then say it."""
        deadline.start()
        if self.options.lasts:
            await self.clock.sleep_until(self.clock.monotonic() + self.options.lasts)
        yield Result(error=None if self.options.up else DOWN)


def build(spec: MonitorSpec, network: Network) -> Sequence[FakeCheck]:
    """Return the check, unless the test wants a fault."""
    options = spec.options.unpack(FakeOptions)
    if options.fault:
        raise ConfigError([spec.options.problem(options.fault, "fault")])
    return [FakeCheck(network.clock, options)]

"""Records to Redis.

Owns the links of the output and its self-test. Must not know commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.errors import OutputUnavailable
from heartbeat.outputs.balance import Balancer
from heartbeat.outputs.base import Finding
from heartbeat.outputs.reach import STEP
from heartbeat.outputs.redis.link import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from heartbeat.clock import Clock
    from heartbeat.outputs.base import Batch, Delivery, Limits
    from heartbeat.outputs.reach import Reach
    from heartbeat.outputs.redis.link import Link, Login
    from heartbeat.outputs.redis.options import Server
    from heartbeat.outputs.streams import Opener


class RedisOutput:
    """Sends each batch over one of the links."""

    name = "redis"

    def __init__(
        self,
        links: Sequence[Link],
        probes: Sequence[Probe],
        limits: Limits,
        clock: Clock,
    ) -> None:
        """Connect to nothing yet."""
        self.limits = limits
        self._links = Balancer(links, clock)
        self._probes = probes

    async def publish(self, batch: Batch) -> Delivery:
        """Send the batch and wait for the answers."""
        return await self._links.publish(batch)

    async def test(self) -> AsyncIterator[Finding]:
        """Connect to every host on its own and log in."""
        for probe in self._probes:
            async for finding in probe.examine():
                yield finding

    async def close(self) -> None:
        """Hang up."""
        await self._links.close()


class Probe:
    """The self-test of one host."""

    def __init__(
        self, server: Server, reach: Reach, opener: Opener, login: Login
    ) -> None:
        """Keep what a delivery would use."""
        self._server = server
        self._reach = reach
        self._opener = opener
        self._login = login

    async def examine(self) -> AsyncIterator[Finding]:
        """Try everything up to the first error."""
        yield Finding(str(self._server.host), "")
        has_failed = False
        async for finding in self._reach.examine(self._server.host):
            has_failed = has_failed or finding.verdict == "ERROR"
            yield finding
        if not has_failed:
            async for finding in self._talk():
                yield finding

    async def _talk(self) -> AsyncIterator[Finding]:
        try:
            wire = await connect(self._opener, self._server, self._login)
        except OutputUnavailable as error:
            yield Finding("talk to server", "ERROR", str(error), STEP)
            return
        try:
            await wire.ask("PING")
        except OutputUnavailable as error:
            yield Finding("talk to server", "ERROR", str(error), STEP)
        else:
            yield Finding("talk to server", depth=STEP)
        finally:
            await wire.close()

"""Records to Logstash.

Owns the links of the output and its self-test. Must not know the protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.outputs.balance import Balancer
from heartbeat.outputs.base import Finding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from heartbeat.outputs.base import Batch, Delivery, Limits
    from heartbeat.outputs.logstash.link import Link
    from heartbeat.outputs.reach import Host, Reach


class LogstashOutput:
    """Sends each batch over one of the links."""

    name = "logstash"

    def __init__(
        self, hosts: Sequence[Host], reach: Reach, links: Sequence[Link], limits: Limits
    ) -> None:
        """Connect to nothing yet."""
        self.limits = limits
        self._hosts = hosts
        self._reach = reach
        self._links = Balancer(links, reach.network.clock)

    async def publish(self, batch: Batch) -> Delivery:
        """Send the batch and wait until it is acknowledged."""
        return await self._links.publish(batch)

    async def test(self) -> AsyncIterator[Finding]:
        """Connect to every host on its own; the protocol has no other question."""
        for host in self._hosts:
            yield Finding(str(host), "")
            async for finding in self._reach.examine(host):
                yield finding

    async def close(self) -> None:
        """Hang up."""
        await self._links.close()

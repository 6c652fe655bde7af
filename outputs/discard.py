"""`output.discard`: documents to nowhere, for trying out what comes before.

Owns nothing. Must not know anything either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.config import Options
from heartbeat.outputs.base import Delivery, Finding, Limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from heartbeat.config import Section
    from heartbeat.outputs.base import Batch, OutputContext


class DiscardOptions(Options):
    """`output.discard` has no options."""


def build(section: Section, _context: OutputContext) -> DiscardOutput:
    """Return the output that takes everything."""
    section.unpack(DiscardOptions)
    return DiscardOutput()


class DiscardOutput:
    """Takes everything and keeps nothing."""

    name = "discard"
    limits = Limits()

    async def publish(self, batch: Batch) -> Delivery:
        """Take the batch."""
        return Delivery(len(batch))

    async def test(self) -> AsyncIterator[Finding]:
        """Say that nothing can go wrong."""
        yield Finding("discards everything", "WARN", "no event is kept")

    async def close(self) -> None:
        """Do nothing."""

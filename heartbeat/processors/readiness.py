"""Waiting for the first facts of a source, if an operator wants that.

Owns the options for it and the processor around the one that needs the facts. Must not
know which facts.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from pydantic import Field

from heartbeat.config import Duration, Flag
from heartbeat.processors.options import ProcessorOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.clock import Clock, Timer
    from heartbeat.event import Event
    from heartbeat.processors.base import Source


class WaitOptions(ProcessorOptions):
    """Whether events wait for the first facts."""

    wait_for_metadata: Flag = Field(
        default=False, description="Have the first events wait for facts."
    )
    wait_for_metadata_timeout: Duration = Field(
        default=30.0, gt=0, description="The longest that they wait."
    )
    wait_for_metadata_retry_period: Duration = Field(
        default=10.0, gt=0, description="How long after a failure it is tried again."
    )


class Readiness:
    """Whether a source has facts, or whoever waited for them has given up."""

    def __init__(self, clock: Clock) -> None:
        """Have none yet."""
        self._clock = clock
        self._event = asyncio.Event()
        self._timer: Timer | None = None

    def reach(self) -> None:
        """Have facts."""
        self._event.set()
        if self._timer is not None:
            self._timer.cancel()

    async def wait(self, seconds: float) -> None:
        """Return when there are facts, or so long after the first call."""
        if self._event.is_set():
            return
        if self._timer is None:
            due = self._clock.monotonic() + seconds
            self._timer = self._clock.call_at(due, self._event.set)
        await self._event.wait()


class _Sourced(Protocol):
    sources: Sequence[Source]

    def __call__(self, event: Event) -> Event: ...


class Waiting:
    """A processor whose first events wait for facts."""

    def __init__(self, inner: _Sourced, readiness: Readiness, seconds: float) -> None:
        """Wait so long at most."""
        self.sources = inner.sources
        self._inner = inner
        self._readiness = readiness
        self._seconds = seconds

    async def process(self, event: Event) -> Event:
        """Do what the processor does, when there are facts."""
        await self._readiness.wait(self._seconds)
        return self._inner(event)

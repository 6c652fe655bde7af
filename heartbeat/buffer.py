"""The figures of the last minutes, for `/buffer`.

Owns how many sets are kept and when one is taken. Must not know what they mean.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from heartbeat.event import milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from heartbeat.clock import Clock


class Buffer:
    """The last sets of figures, the oldest first."""

    def __init__(
        self,
        figures: Callable[[], Mapping[str, Any]],
        clock: Clock,
        *,
        period: float,
        size: int,
    ) -> None:
        """Take a set every `period` seconds and keep `size` of them."""
        self._figures = figures
        self._clock = clock
        self._period = period
        self._kept: deque[dict[str, Any]] = deque(maxlen=size)

    async def run(self) -> None:
        """Take figures until cancelled."""
        due = self._clock.monotonic()
        while True:
            taken = {"timestamp": milliseconds(self._clock.now())}
            self._kept.append({**taken, "stats": self._figures()})
            due += self._period
            await self._clock.sleep_until(due)

    def kept(self) -> list[dict[str, Any]]:
        """Return the sets."""
        return list(self._kept)

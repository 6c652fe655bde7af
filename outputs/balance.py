"""Several connections for the batches of one output.

Owns which connection a batch takes: one that works, has little to do and had its turn
longest ago. Must not know what is said on a connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from heartbeat.errors import OutputUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.clock import Clock
    from heartbeat.outputs.base import Batch, Delivery

COOLING = 10.0
"""Seconds for which a connection that failed is the last choice."""


class Lane(Protocol):
    """One connection, or the hosts that stand in for each other on one."""

    async def open(self) -> None:
        """Connect unless connected; raises `OutputUnavailable`."""

    async def send(self, batch: Batch) -> Delivery:
        """Offer the batch once; raises `OutputUnavailable`."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""


@dataclass(slots=True)
class _Slot:
    lane: Lane
    active: int = 0
    turns: int = 0
    cools_until: float = 0.0


class Balancer:
    """Spreads batches over lanes; one that is down does not hold up the others."""

    def __init__(self, lanes: Sequence[Lane], clock: Clock) -> None:
        """Open nothing yet."""
        self._clock = clock
        self._slots = [_Slot(lane) for lane in lanes]

    async def publish(self, batch: Batch) -> Delivery:
        """Offer the batch to the first lane that can be opened.

        Raises `OutputUnavailable` if none can, or what the lane raises.
        """
        failures: list[str] = []
        for slot in self._by_preference():
            slot.active += 1
            slot.turns += 1
            try:
                await slot.lane.open()
            except OutputUnavailable as error:
                self._cool(slot)
                failures.append(str(error))
            else:
                return await self._send(slot, batch)
            finally:
                slot.active -= 1
        raise OutputUnavailable("; ".join(dict.fromkeys(failures)))

    async def close(self) -> None:
        """Close all lanes."""
        for slot in self._slots:
            await slot.lane.close()

    async def _send(self, slot: _Slot, batch: Batch) -> Delivery:
        try:
            return await slot.lane.send(batch)
        except OutputUnavailable:
            self._cool(slot)
            raise

    def _by_preference(self) -> list[_Slot]:
        now = self._clock.monotonic()
        return sorted(
            self._slots,
            key=lambda slot: (slot.cools_until > now, slot.active, slot.turns),
        )

    def _cool(self, slot: _Slot) -> None:
        slot.cools_until = self._clock.monotonic() + COOLING

"""How far one output is through the sequence of records.

Owns the arithmetic of handing out, settling and losing records. Pure: must not know the
event loop, the disk or any output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable

    from heartbeat.event import Record


class Cursor:
    """The place of one output.

    Everything up to `watermark` is settled, and so are the few in `settled` beyond it;
    `position` is the next record that was never handed out.
    """

    __slots__ = (
        "_behind",
        "_in_flight",
        "_returned",
        "position",
        "settled",
        "watermark",
    )

    def __init__(self, watermark: int, settled: Iterable[int] = ()) -> None:
        """Begin behind `watermark`."""
        self.watermark = watermark
        self.settled = set(settled)
        self.position = watermark + 1
        self._in_flight: dict[int, Record] = {}
        self._returned: list[Record] = []
        self._behind = 0
        """Records lent out or returned whose sequence the watermark has passed."""

    def unsettled(self, end: int) -> int:
        """Return how many records up to `end` are neither delivered nor given up."""
        return end - self.watermark - len(self.settled) + self._behind

    def hand_out(self, record: Record) -> bool:
        """Note the next record as in flight; return whether it is to be delivered.

        It is not if it was settled out of order before the last start.
        """
        self.position = record.sequence + 1
        if record.sequence in self.settled:
            return False
        self._in_flight[record.sequence] = record
        return True

    def take_returned(self, limit: int) -> list[Record]:
        """Hand out again what was given back, oldest first."""
        taken, self._returned = self._returned[:limit], self._returned[limit:]
        self._in_flight.update((record.sequence, record) for record in taken)
        return taken

    def give_back(self, sequences: Iterable[int]) -> None:
        """Take records in flight back, to be handed out again."""
        back = [self._in_flight.pop(s) for s in sequences if s in self._in_flight]
        self._returned = sorted(self._returned + back, key=lambda r: r.sequence)

    def settle(self, sequences: Iterable[int]) -> None:
        """Note records in flight as done with, in any order."""
        for sequence in sequences:
            if self._in_flight.pop(sequence, None) is None:
                continue
            if sequence > self.watermark:
                self.settled.add(sequence)
            else:
                self._behind -= 1
        self._advance()

    def lose_through(self, last: int) -> int:
        """Give up what was never handed out, up to `last`; return how many that were.

        Records in flight or returned are in memory and can still be delivered.
        """
        if last <= self.watermark:
            return 0
        held = sum(self.watermark < s <= last for s in self._in_flight)
        held += sum(self.watermark < r.sequence <= last for r in self._returned)
        done = {sequence for sequence in self.settled if sequence <= last}
        lost = last - self.watermark - held - len(done)
        self.settled -= done
        self.watermark = last
        self.position = max(self.position, last + 1)
        self._behind += held
        self._advance()
        return lost

    def encoded(self) -> tuple[int, str]:
        """Return the watermark, and what is settled beyond it as JSON text."""
        return self.watermark, orjson.dumps(sorted(self.settled)).decode()

    def _advance(self) -> None:
        while self.watermark + 1 in self.settled:
            self.watermark += 1
            self.settled.discard(self.watermark)

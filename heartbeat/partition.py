"""Which of several workers a monitor belongs to.

Owns the rule, and nothing else: pure. Must not know what a worker is; they may be
processes of one host, or hosts of a fleet.

The rule is rendezvous hashing: a monitor belongs to the worker whose weight for it is
the highest. All who know the number of workers agree without talking, and one worker
more takes its share from all others while no monitor moves between those.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final


def owner_of(monitor_id: str, count: int) -> int:
    """Return which of `count` workers, numbered from 0, a monitor belongs to."""
    if count == 1:
        return 0
    name = monitor_id.encode("utf-8", "surrogatepass")
    return max(range(count), key=lambda worker: _weight(worker, name))


def _weight(worker: int, name: bytes) -> bytes:
    person = worker.to_bytes(8, "big")
    return blake2b(name, digest_size=8, person=person).digest()


@dataclass(frozen=True, slots=True)
class Share:
    """The part of worker `index` of `count`; of no workers it is none at all."""

    index: int
    count: int

    def owns(self, monitor_id: str) -> bool:
        """Return whether a monitor belongs to this part."""
        return self.count > 0 and owner_of(monitor_id, self.count) == self.index

    def of(self, limit: int) -> int:
        """Return this part of a limit of all together.

        It is 1 at least, for 0 would mean no limit.
        """
        if not limit or not self.count:
            return limit
        whole, rest = divmod(limit, self.count)
        return max(whole + (self.index < rest), 1)


WHOLE: Final = Share(0, 1)
NOTHING: Final = Share(0, 0)

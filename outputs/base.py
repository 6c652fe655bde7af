"""What an output is, to the delivery worker and to whoever writes a new one.

Owns the contract between both: `Batch` in, `Delivery` out. Must not know any particular
output, the store or the retry policy: an output tries once and says what became of
every record; the worker decides what happens next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from heartbeat.event import Record

Batch: TypeAlias = "Sequence[Record]"
"""Records in the order of their sequence; never empty."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record the receiver will never take, and its words for it."""

    record: Record
    reason: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """The verdict on a batch; every record of it is in exactly one of the three.

    `accepted` counts records the receiver has, duplicates included; `retry` holds those
    to be offered again; `rejected` those that are to go to the dead-letter file.
    """

    accepted: int
    retry: Sequence[Record] = ()
    rejected: Sequence[Rejection] = ()
    duplicates: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """How an output wants its batches and its retries.

    `max_events` a batch; `backoff_init` and `backoff_max` in seconds. `max_retries` is
    how often a record is offered again, negative for without end.
    """

    max_events: int = 2048
    backoff_init: float = 1.0
    backoff_max: float = 60.0
    max_retries: int = -1


class Output(Protocol):
    """Where documents go."""

    name: str
    limits: Limits

    async def publish(self, batch: Batch) -> Delivery:
        """Offer the batch once.

        Raises `OutputUnavailable` if nothing of it was taken, as far as one can know.
        Cancelling it may leave the batch half taken: it will be offered again.
        """
        ...


@runtime_checkable
class Connectable(Protocol):
    """An output that prepares itself before the first batch and after a failure."""

    async def connect(self) -> None:
        """Get ready; raises `OutputUnavailable` if that is not possible now."""


@runtime_checkable
class Closeable(Protocol):
    """An output that holds something to let go of."""

    async def close(self) -> None:
        """Finish what is under way and let go; called once, last."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `test output`: `OK`, `WARN` or `ERROR`, or `INFO` for a value.

    `depth` counts how far the line is indented below the output's title.
    """

    name: str
    verdict: str = "OK"
    text: str = ""
    depth: int = field(default=1)


@runtime_checkable
class SelfTest(Protocol):
    """An output that can say whether it would work, for `heartbeat test output`."""

    def test(self) -> AsyncIterator[Finding]:
        """Try everything a delivery needs, step by step, writing nothing."""
        ...

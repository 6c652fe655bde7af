"""What an output is, to the delivery worker and to whoever writes a new one.

Owns the contract between both: `Batch` in, `Delivery` out. Must not know any particular
output, the store or the retry policy: an output tries once and says what became of
every record; the worker decides what happens next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

import orjson

from heartbeat import COMPATIBLE_VERSION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from heartbeat.clock import Clock
    from heartbeat.config import Section
    from heartbeat.event import Record, Routing
    from heartbeat.net import Network

BEAT = "heartbeat"
"""Name of the program in documents and requests."""

Batch: TypeAlias = "Sequence[Record]"
"""Records in the order of their sequence; never empty."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record the receiver will never take, and its words for it.

    `kind` is what such rejections have in common: they are announced together.
    """

    record: Record
    reason: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The verdict on a batch; every record of it is in exactly one of the three.

    `accepted` counts records the receiver has, duplicates included; `retry` holds those
    to be offered again, because of `cause` and not before `retry_after` seconds if the
    receiver said so; `rejected` those that are to go to the dead-letter file.
    """

    accepted: int
    retry: Sequence[Record] = ()
    rejected: Sequence[Rejection] = ()
    duplicates: int = 0
    cause: str = ""
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How an output wants its batches and its retries.

    `max_events` a batch, `concurrency` batches at a time; `backoff_init` and
    `backoff_max` in seconds. `max_retries` is how often a record is offered again,
    negative for without end. `gather` is how many seconds follow a batch that was not
    full before the next leaves.
    """

    max_events: int = 2048
    concurrency: int = 1
    backoff_init: float = 1.0
    backoff_max: float = 60.0
    max_retries: int = -1
    gather: float = 0.0


@dataclass(frozen=True, slots=True)
class OutputContext:
    """What outputs are built with, beside their own section.

    Where several workers write: `suffix` makes the name of a file this worker's own,
    and who holds the lock on the file `guard` may write to what all of them share.
    """

    network: Network
    suffix: str = ""
    guard: Path | None = None

    @property
    def clock(self) -> Clock:
        """Return the clock of the process."""
        return self.network.clock

    def metadata(self, routing: Routing, beat: str = BEAT) -> bytes:
        """Return `@metadata` of a document, encoded.

        `beat` is what receivers name their indices after.
        """
        members = {"beat": beat, "type": "_doc", "version": COMPATIBLE_VERSION}
        return orjson.dumps({**members, **routing.metadata()})


class Output(Protocol):
    """Where documents go."""

    @property
    def name(self) -> str:
        """Return the name it has in the configuration."""
        ...

    @property
    def limits(self) -> Limits:
        """Return how it wants its batches and retries."""
        ...

    async def publish(self, batch: Batch) -> Delivery:
        """Offer the batch once.

        Raises `OutputUnavailable` if nothing of it was taken, as far as one can know.
        Raises `OutputClosed` if there will never be a point in trying again.
        Cancelling it may leave the batch half taken: it will be offered again.
        """
        ...


class Build(Protocol):
    """The `build` function of an output's module."""

    def __call__(self, section: Section, context: OutputContext) -> Output:
        """Return the output; does no I/O beyond reading certificates.

        Raises `ConfigError` for options that cannot work.
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

"""How much at a time and how often: options that outputs with servers share.

Owns those options and what they mean for the delivery worker. Must not know any
particular output.
"""

from __future__ import annotations

from pydantic import Field

from heartbeat.config import Duration, Integer, Options
from heartbeat.outputs.base import Limits

BATCH = 2048
"""Events of a batch where `bulk_max_size` leaves it to us."""

GATHER = 1.0
"""Seconds between batches that are not full. A request costs as much as dozens of
events; an event that comes after a quiet second still leaves at once."""


def some_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the hosts; raises `ValueError` if there are none."""
    if not hosts:
        raise ValueError("at least one host is needed")
    return hosts


class BackoffOptions(Options):
    """`backoff`."""

    init: Duration = Field(default=1.0, gt=0, description="First wait after a failure.")
    max: Duration = Field(default=60.0, gt=0, description="Longest wait.")


class BatchOptions(Options):
    """What every output with servers has; a base of its model."""

    bulk_max_size: Integer = Field(
        default=BATCH, description="Most events of a batch; 0 leaves it to heartbeat."
    )
    max_retries: Integer = Field(
        default=-1, description="Attempts after the first; negative for no end."
    )
    backoff: BackoffOptions = Field(
        default=BackoffOptions(), description="Waits between attempts."
    )

    @property
    def batch(self) -> int:
        """Return the most events of a batch."""
        return self.bulk_max_size if self.bulk_max_size > 0 else BATCH

    def limits(self, concurrency: int) -> Limits:
        """Return how the worker is to batch and to retry."""
        return Limits(
            max_events=self.batch,
            concurrency=concurrency,
            backoff_init=self.backoff.init,
            backoff_max=max(self.backoff.max, self.backoff.init),
            max_retries=self.max_retries,
            gather=GATHER,
        )


class PaceOptions(BatchOptions):
    """The same for an output that makes its connections itself."""

    worker: Integer | None = Field(
        default=None, description="Connections at a time to each host."
    )
    workers: Integer | None = Field(default=None, description="The same as worker.")

    @property
    def lanes(self) -> int:
        """Return how many connections each host may have at a time."""
        chosen = self.worker if self.worker is not None else self.workers
        return max(chosen or 1, 1)

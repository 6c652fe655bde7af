"""`rate_limit`: not more than so many events in a time.

Owns that processor and its token buckets. Must not know any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, Field

from heartbeat.config import Count, Listed, Text
from heartbeat.config import Options as Plain
from heartbeat.processors.access import get
from heartbeat.processors.options import Path, ProcessorOptions, unpacked

if TYPE_CHECKING:
    from heartbeat.clock import Clock
    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}
_LIMIT: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*/\s*([smh])\s*")


def _limit(text: str) -> str:
    if _LIMIT.fullmatch(text) is None:
        raise ValueError(f"'{text}' is no limit such as 5/s, 100/m or 2000/h")
    return text


class CollectionOptions(Plain):
    """`gc`: when buckets that are full again are forgotten."""

    num_calls: Count = Field(default=10_000, ge=1, description="Every so many events.")


class BucketOptions(Plain):
    """`token_bucket`: how many events may come at once."""

    burst_multiplier: Annotated[float, Field(ge=0)] = Field(
        default=1.0, description="Times the limit that may come at once."
    )
    gc: CollectionOptions = Field(
        default=CollectionOptions(), description="Forgetting what is not needed."
    )


class AlgorithmOptions(Plain):
    """`algorithm`."""

    token_bucket: BucketOptions = Field(
        default=BucketOptions(), description="The only one there is."
    )


class Options(ProcessorOptions):
    """`rate_limit`: drops events above a limit."""

    limit: Annotated[Text, AfterValidator(_limit)] = Field(
        description="Events and unit of time: 5/s, 100/m, 2000/h."
    )
    fields: Listed[Path] = Field(
        default=(), description="Fields whose values have a limit of their own each."
    )
    algorithm: AlgorithmOptions = Field(
        default=AlgorithmOptions(), description="How it is counted."
    )


def build(section: Section, context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    found = _LIMIT.fullmatch(options.limit)
    count, unit = found.groups() if found else ("0", "s")
    bucket = options.algorithm.token_bucket
    buckets = Buckets(
        context.clock,
        rate=float(count) / _UNITS[unit],
        depth=float(count) * bucket.burst_multiplier,
        sweep_after=bucket.gc.num_calls,
    )
    fields = sorted(options.fields)

    def process(event: Event) -> Event | None:
        key = tuple(_key(get(event, path)) for path in fields)
        return event if buckets.take(key) else None

    return process


def _key(value: Any) -> str:
    return f"{type(value).__name__}:{value}"


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Buckets:
    """Token buckets by key; a new one is full."""

    def __init__(
        self, clock: Clock, *, rate: float, depth: float, sweep_after: int
    ) -> None:
        """Refill by `rate` tokens a second up to `depth`."""
        self._clock = clock
        self._rate = rate
        self._depth = depth
        self._sweep_after = sweep_after
        self._calls = 0
        self._buckets: dict[tuple[str, ...], _Bucket] = {}

    def take(self, key: tuple[str, ...]) -> bool:
        """Take a token of the key's bucket; return whether there was one."""
        now = self._clock.monotonic()
        self._sweep(now)
        bucket = self._buckets.setdefault(key, _Bucket(self._depth, now))
        self._refill(bucket, now)
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

    def _refill(self, bucket: _Bucket, now: float) -> None:
        gained = (now - bucket.at) * self._rate
        bucket.tokens = min(bucket.tokens + gained, self._depth)
        bucket.at = now

    def _sweep(self, now: float) -> None:
        """Forget full buckets now and then: a new one is just like them."""
        self._calls += 1
        if self._calls < self._sweep_after:
            return
        self._calls = 0
        for bucket in self._buckets.values():
            self._refill(bucket, now)
        self._buckets = {
            key: bucket
            for key, bucket in self._buckets.items()
            if bucket.tokens < self._depth
        }

"""What a ping measured: facts for the document and the limits they are held to.

Owns the figures, how they are computed and the verdict on them. Must not know how
requests are sent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from heartbeat.event import Fields, microseconds
from heartbeat.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence


@frozen
class Echoes:
    """What came of the requests of one ping.

    `round_trips` has those that were answered, in seconds and in the order in which the
    requests were sent.
    """

    sent: int
    round_trips: Sequence[float]
    duplicates: int = 0

    @property
    def average(self) -> float:
        """The mean round trip of at least one, in seconds."""
        return sum(self.round_trips) / len(self.round_trips)

    @property
    def loss(self) -> float:
        """The percentage of at least one request that stayed unanswered."""
        return 100.0 * (self.sent - len(self.round_trips)) / self.sent

    def put(self, fields: Fields) -> None:
        """Write `icmp.requests` and, if anything was answered, `icmp.rtt.us`."""
        icmp = fields.setdefault("icmp", {})
        icmp["requests"] = self.sent
        if self.round_trips:
            icmp["rtt"] = microseconds(self.average)


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of a fixed number of requests, of which at least one was sent."""

    echoes: Echoes

    def put(self, fields: Fields) -> None:
        """Write `heartbeat.icmp.*`; times only for what was answered.

        `loss` is a percentage and always a fraction, so that an index does not take it
        for a whole number.
        """
        echoes = self.echoes
        figures: Fields = {
            "sent": echoes.sent,
            "received": len(echoes.round_trips),
            "duplicates": echoes.duplicates,
            "loss": round(echoes.loss, 3),
        }
        if echoes.round_trips:
            figures["rtt"] = _spread(echoes)
        if len(echoes.round_trips) > 1:
            figures["jitter"] = microseconds(jitter(echoes.round_trips))
        fields.setdefault("heartbeat", {})["icmp"] = figures


def _spread(echoes: Echoes) -> Fields:
    times = echoes.round_trips
    return {
        "min": microseconds(min(times)),
        "avg": microseconds(echoes.average),
        "max": microseconds(max(times)),
        "mdev": microseconds(mean_deviation(times)),
    }


def mean_deviation(times: Sequence[float]) -> float:
    """Return the standard deviation, which ping calls mdev."""
    mean = sum(times) / len(times)
    return math.sqrt(sum((time - mean) ** 2 for time in times) / len(times))


def jitter(times: Sequence[float]) -> float:
    """Return the mean difference between neighbours of two times or more."""
    steps = [abs(after - before) for before, after in pairwise(times)]
    return sum(steps) / len(steps)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the figures may be at most, None for no limit: percent and seconds."""

    loss: float | None = None
    rtt: float | None = None

    def fault(self, echoes: Echoes) -> str:
        """Return which limits were exceeded and by what, "" if none was."""
        faults: list[str] = []
        if self.loss is not None and echoes.loss > self.loss:
            lost = echoes.sent - len(echoes.round_trips)
            faults.append(
                f"packet loss of {echoes.loss:.4g}% ({lost} of {echoes.sent}) "
                f"exceeds max_loss of {self.loss:g}%"
            )
        if self.rtt is not None and echoes.average > self.rtt:
            faults.append(
                f"average round trip of {milliseconds(echoes.average)} "
                f"exceeds max_rtt of {milliseconds(self.rtt)}"
            )
        return "; also: ".join(faults)


def milliseconds(seconds: float) -> str:
    """Return a duration as `12.345ms`."""
    return f"{round(seconds * 1000, 3):g}ms"

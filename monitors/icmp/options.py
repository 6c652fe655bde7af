"""The options of an ICMP monitor.

Owns their names, defaults, what each may be and what they mean together. Must not know
how requests are sent.
"""

from __future__ import annotations

from typing import Annotated, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from heartbeat.config import Count, Duration, Flag  # noqa: TC001 - pydantic reads them
from heartbeat.monitors.addresses import AddressOptions, Hosts
from heartbeat.monitors.icmp.figures import Limits
from heartbeat.monitors.icmp.packet import CUSTOMARY_SIZE, MAX_SIZE
from heartbeat.monitors.icmp.system import Manner

MAX_COUNT = 1000
"""Requests of one check at most: the figures need every answer kept."""

MAX_TTL = 255
FULL = 100.0


def _positive(name: str) -> AfterValidator:
    """Return what refuses a duration that is none."""

    def check(seconds: float) -> float:
        if seconds <= 0:
            raise ValueError(f"{name} must be positive, but this is {seconds:g}s")
        return seconds

    return AfterValidator(check)


def _percent(value: object) -> object:
    """Return the number in `20`, `0.5` or `20%`."""
    text = value.strip().removesuffix("%") if isinstance(value, str) else value
    if isinstance(text, (str, int, float)) and not isinstance(text, bool):
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if 0 <= number <= FULL:
            return number
    raise ValueError(f"expecting a percentage from 0 to 100, not '{value}'")


Percent: TypeAlias = Annotated[float, BeforeValidator(_percent)]
"""A percentage, with or without its sign."""


class IcmpOptions(AddressOptions):
    """Every option of `type: icmp` beyond those of all monitors.

    Without `count` the first answer ends the check; with it, that many requests are
    sent and their loss and times are reported.
    """

    hosts: Hosts = Field(description="Names or addresses to ping.")
    wait: Annotated[Duration, _positive("wait")] = Field(
        default=1.0,
        description="How long an answer may take before another request is sent; with "
        "count, how long the last request is waited for.",
    )
    count: Annotated[Count, Field(le=MAX_COUNT)] = Field(
        default=0, description="Requests to send; 0 sends until the first answer."
    )
    interval: Annotated[Duration, _positive("interval")] | None = Field(
        default=None, description="Time between requests of a count; 1s if not set."
    )
    size: Annotated[Count, Field(le=MAX_SIZE)] = Field(
        default=CUSTOMARY_SIZE, description="Bytes of payload in a request."
    )
    ttl: Annotated[Count, Field(le=MAX_TTL)] = Field(
        default=0,
        description="Hops a request may take at most; 0 for the system's default.",
    )
    df: Flag = Field(
        default=False, description="Forbid routers to break requests into fragments."
    )
    max_loss: Percent | None = Field(
        default=None, description="Down when more percent of a count stay unanswered."
    )
    max_rtt: Annotated[Duration, _positive("max_rtt")] | None = Field(
        default=None, description="Down when the average round trip takes longer."
    )

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        takes = (self.count - 1) * self.gap
        if self.count and takes >= self.timeout:
            raise ValueError(
                f"{self.count} requests every {self.gap:g}s take {takes:g}s, "
                f"which the timeout of {self.timeout:g}s does not allow"
            )
        for name in ("interval", "max_loss"):
            if not self.count and getattr(self, name) is not None:
                raise ValueError(f"{name} needs count")
        return self

    @property
    def gap(self) -> float:
        """Seconds from one request to the next."""
        if not self.count:
            return self.wait
        return 1.0 if self.interval is None else self.interval

    @property
    def manner(self) -> Manner:
        """How requests are sent."""
        return Manner(self.ttl, self.df)

    @property
    def limits(self) -> Limits:
        """What the figures may be at most."""
        return Limits(self.max_loss, self.max_rtt)

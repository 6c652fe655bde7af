"""The options on what the outcomes of a monitor's runs amount to.

Owns when a change is believed, when a target counts as flapping and when as degraded.
Must not know the
other options of monitors.
"""

from __future__ import annotations

from typing import Annotated, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from heartbeat.config.spec import Confirm, Flapping
from heartbeat.config.types import Count, Duration, Options, SwitchOptions

LONGEST = 100
"""Most runs that a change of status may take to be believed."""


class ConfirmOptions(Options):
    """`confirm`: what it takes until a change of status is believed."""

    down: Count = Field(
        default=1, ge=1, le=LONGEST, description="Failed runs in a row before down."
    )
    up: Count = Field(
        default=1, ge=1, le=LONGEST, description="Good runs in a row before up again."
    )
    interval: Duration = Field(
        default=0.0, ge=0, description="Time between such runs; 0 for the schedule's."
    )
    failures: Count = Field(
        default=0, description="Instead of down: failed runs among the last of."
    )
    of: Count = Field(default=0, le=LONGEST, description="Runs that failures looks at.")

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if self.failures > self.of or (self.of and not self.failures):
            raise ValueError("write failures and of, with failures not above of")
        if self.of and self.down > 1:
            raise ValueError("write either down, or failures and of")
        return self


class FlappingOptions(SwitchOptions):
    """`flapping`: when a target that goes up and down is in a state of its own."""

    low: Count = Field(
        default=25, le=100, description="Percent of changes below which it ends."
    )
    high: Count = Field(
        default=50, ge=1, le=100, description="Percent of changes at which it begins."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError("low must not be above high")
        return self


def _positive(seconds: float) -> float:
    if seconds <= 0:
        raise ValueError("the time must be positive")
    return seconds


Threshold: TypeAlias = Annotated[Duration, AfterValidator(_positive)]
"""A time that is too long when it is exceeded."""


class DegradedOptions(Options):
    """`degraded`: from which times on a target is up, but not well."""

    total: Threshold | None = Field(
        default=None, description="Longest time of the whole attempt."
    )
    resolve: Threshold | None = Field(
        default=None, description="Longest time of the name lookup."
    )
    connect: Threshold | None = Field(
        default=None, description="Longest time until the connection stands."
    )
    tls: Threshold | None = Field(
        default=None, description="Longest time of the TLS handshake."
    )
    response: Threshold | None = Field(
        default=None, description="With http: longest time until the answer begins."
    )
    ping: Threshold | None = Field(
        default=None, description="With icmp: longest round trip."
    )


def confirm_of(options: ConfirmOptions | None) -> Confirm | None:
    """Return the rule the options stand for, None if there is none."""
    return None if options is None else Confirm(**options.model_dump())


def flapping_of(options: FlappingOptions | None) -> Flapping | None:
    """Return the rule the options stand for, None if there is none."""
    if options is None or not options.enabled:
        return None
    return Flapping(options.low, options.high)


def degraded_of(options: DegradedOptions | None) -> dict[str, float] | None:
    """Return the thresholds by phase, None if there is no such option."""
    if options is None:
        return None
    written: dict[str, float | None] = options.model_dump()
    return {phase: time for phase, time in written.items() if time is not None}

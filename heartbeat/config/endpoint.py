"""`http`: the endpoint that tells about the process.

Owns the names, defaults and descriptions of its options. Must not know what is served.
"""

from __future__ import annotations

from pydantic import Field

from heartbeat.config.types import Count, Duration, Flag, Options, Text, Uint16

MAX_KEPT = 10_000


class EndpointMetricsOptions(Options):
    """`http.metrics`: the page for Prometheus."""

    max_monitors: Count = Field(
        default=10_000,
        description=(
            "Most endpoints with series of their own on /metrics; sums have all."
        ),
    )


class EndpointBufferOptions(Options):
    """`http.buffer`: /buffer, the figures of the last minutes."""

    enabled: Flag = Field(default=False, description="Keep figures and serve them.")
    period: Duration = Field(
        default=10.0, ge=1, description="Time between two sets of figures."
    )
    size: Count = Field(
        default=60, ge=1, le=MAX_KEPT, description="How many sets are kept."
    )


class EndpointOptions(Options):
    """`http`: the endpoint that tells about the process."""

    enabled: Flag = Field(default=False, description="Serve the endpoint.")
    host: Text = Field(
        default="localhost", description="Name, address or unix:///path."
    )
    port: Uint16 = Field(default=5066, description="TCP port.")
    metrics: EndpointMetricsOptions = Field(
        default=EndpointMetricsOptions(), description="The page for Prometheus."
    )
    buffer: EndpointBufferOptions = Field(
        default=EndpointBufferOptions(),
        description="/buffer, the figures of the last minutes.",
    )

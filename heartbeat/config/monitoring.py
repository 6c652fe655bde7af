"""`monitoring`: documents about this process for Elasticsearch.

Owns the names, defaults and descriptions of its own options. Must not know how to reach
a cluster: those options are the ones of the Elasticsearch output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from heartbeat.config.types import Count, Duration, Fields, Flag, Listed, Options, Text

if TYPE_CHECKING:
    from heartbeat.config.section import Section

MOST_EVENTS = 10_000


class PeriodOptions(Options):
    """`monitoring.elasticsearch.metrics` and `.state`."""

    period: Duration = Field(ge=1, description="Time between two documents.")


class MonitoringBackoffOptions(Options):
    """`monitoring.elasticsearch.backoff`."""

    init: Duration = Field(default=1.0, ge=0, description="First wait after a failure.")
    max: Duration = Field(default=60.0, ge=0, description="Longest wait.")


class ReporterOptions(Options):
    """`monitoring.elasticsearch`, apart from how to reach the cluster."""

    metrics: PeriodOptions = Field(
        default=PeriodOptions(period=10.0), description="Documents with figures."
    )
    state: PeriodOptions = Field(
        default=PeriodOptions(period=60.0), description="Documents with the state."
    )
    bulk_max_size: Annotated[Count, AfterValidator(lambda count: max(count, 1))] = (
        Field(default=50, description="Most documents of a request.")
    )
    buffer_size: Count = Field(
        default=50, ge=1, le=MOST_EVENTS, description="Most documents that wait."
    )
    max_retries: Count = Field(
        default=3, description="Attempts after the first before one is given up."
    )
    compression_level: Count = Field(
        default=0, le=9, description="gzip level of requests, 0 for none."
    )
    backoff: MonitoringBackoffOptions = Field(
        default=MonitoringBackoffOptions(), description="Waits after failures."
    )
    tags: Listed[Text] = Field(default=(), description="Tags of these documents.")


class MonitoringCloudOptions(Options):
    """`monitoring.cloud`."""

    id: Text = Field(default="", description="Id of the deployment: its addresses.")
    auth: Text = Field(default="", description="user:password for the deployment.")


class MonitoringOptions(Options):
    """`monitoring`: documents about this process for Elasticsearch."""

    enabled: Flag | None = Field(
        default=None,
        description="Send them; by default if anything but cluster_uuid is written.",
    )
    cluster_uuid: Text = Field(
        default="", description="The cluster they are shown with in Kibana."
    )
    cloud: MonitoringCloudOptions = Field(
        default=MonitoringCloudOptions(), description="A hosted deployment."
    )
    elasticsearch: Fields = Field(
        default={},
        description=(
            "Where to: options of output.elasticsearch, which count unless hosts are"
            " given here; and metrics.period (10s), state.period (60s), bulk_max_size"
            " (50), buffer_size (50), max_retries (3), tags."
        ),
    )


def names_monitoring(root: Section, options: MonitoringOptions) -> bool:
    """Tell whether documents about the process are wanted.

    As in the reference, whatever is written below `monitoring` asks for them.
    """
    written = root.get("monitoring")
    if written is None:
        return False
    if options.enabled is not None:
        return options.enabled
    return bool(written.members().keys() - {"cluster_uuid"})

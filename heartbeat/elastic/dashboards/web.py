"""HTTP monitors: where the time goes, what servers answer, what fails.

Every address of a monitor counts here, and every attempt.
"""

from __future__ import annotations

from typing import Final

from heartbeat.elastic.dashboards.board import Board, row
from heartbeat.elastic.dashboards.charts import Donut, Graph, Table
from heartbeat.elastic.dashboards.columns import Over, Terms
from heartbeat.elastic.dashboards.measures import (
    average,
    count,
    highest,
    last,
    percentile,
    unique,
)
from heartbeat.elastic.dashboards.queries import DOWN

_PHASES: Final = Graph(
    name="phases",
    title="Where the time goes",
    over=Over(),
    form="area_stacked",
    measures=(
        average("lookup", "resolve.rtt.us"),
        average("connect", "tcp.rtt.connect.us"),
        average("TLS", "tls.rtt.handshake.us"),
        average("send", "http.rtt.write_request.us"),
        average("wait", "http.rtt.response_header.us"),
        average("read", "http.rtt.content.us"),
    ),
)

_TOTALS: Final = Graph(
    name="totals",
    title="Whole request",
    over=Over(),
    measures=tuple(percentile(rank, "http.rtt.total.us") for rank in (50, 95, 99)),
)

_STATUSES: Final = Graph(
    name="statuses",
    title="Statuses over time",
    over=Over(),
    split=Terms("Status", "http.response.status_code", size=20),
    form="bar_stacked",
    measures=(count("Responses"),),
)

_URLS: Final = Table(
    name="urls",
    title="By URL, slowest first",
    rows=(Terms("URL", "url.full", size=500, by=1),),
    measures=(
        last("Status", "http.response.status_code"),
        percentile(95, "http.rtt.total.us", "Request, p95"),
        average("Size", "http.response.body.bytes"),
        unique("Contents", "http.response.body.hash"),
        last("Media type", "http.response.mime_type"),
        count("Down", DOWN),
        last("Last error", "error.code", "error.code: *"),
        highest("Last seen", "@timestamp"),
    ),
)

WEB: Final = Board(
    name="http",
    title="[Heartbeat] HTTP",
    about="Where the time of HTTP requests goes, what servers answer, what fails.",
    where="monitor.type: http",
    rows=(
        row(14, _PHASES, _TOTALS),
        row(
            14,
            (28, _STATUSES),
            (
                20,
                Donut(
                    name="errors",
                    title="Errors",
                    where=DOWN,
                    slices=(Terms("Error", "error.code", missing=True),),
                    measures=(count("Failures"),),
                ),
            ),
        ),
        row(18, _URLS),
        row(
            12,
            Graph(
                name="failing",
                title="Hosts with most failures",
                where=DOWN,
                over=Terms("Host", "url.domain", size=20),
                form="bar_horizontal",
                measures=(count("Failures"),),
            ),
            Graph(
                name="redirects",
                title="Requests of redirect chains",
                over=Over(),
                split=Terms("URL", "heartbeat.hops.url", size=10),
                form="bar_stacked",
                measures=(count("Requests"),),
            ),
        ),
    ),
)

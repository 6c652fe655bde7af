"""ICMP and TCP monitors: round trips, loss, connections.

Every address of a monitor counts here, and every attempt.
"""

from __future__ import annotations

from typing import Final

from heartbeat.elastic.dashboards.board import Board, row
from heartbeat.elastic.dashboards.charts import Graph, Table
from heartbeat.elastic.dashboards.columns import Over, Terms
from heartbeat.elastic.dashboards.measures import (
    ONE_DECIMAL,
    Measure,
    average,
    count,
    highest,
    last,
    percentile,
)
from heartbeat.elastic.dashboards.queries import DOWN

_RANKS: Final = (50, 95, 99)


def _by_monitor(name: str, title: str, measure: Measure) -> Graph:
    by = Terms("Monitor", "hb.name", size=10)
    return Graph(name=name, title=title, over=Over(), split=by, measures=(measure,))


def _ranks(name: str, title: str, field: str) -> Graph:
    measures = tuple(percentile(rank, field) for rank in _RANKS)
    return Graph(name=name, title=title, over=Over(), measures=measures)


_ADDRESSES: Final = Table(
    name="addresses",
    title="By address",
    rows=(
        Terms("Address", "monitor.ip", size=200),
        Terms("Location", "observer.geo.name", missing=True),
    ),
    measures=(
        count("Checks"),
        last("Monitor", "hb.name"),
        percentile(50, "monitor.duration.us"),
        percentile(95, "monitor.duration.us"),
        highest("longest", "monitor.duration.us"),
        count("Down", DOWN),
        last("Last error", "error.code", "error.code: *"),
        highest("Last seen", "@timestamp"),
    ),
)

LATENCY: Final = Board(
    name="latency",
    title="[Heartbeat] ICMP and TCP latency",
    about="Round trips, loss and connection times of ICMP and TCP monitors.",
    where="(monitor.type: icmp or monitor.type: tcp)",
    rows=(
        row(
            12,
            _ranks("echo", "Echo, round trip", "icmp.rtt.us"),
            _ranks("connect", "TCP, connecting", "tcp.rtt.connect.us"),
        ),
        row(
            12,
            _by_monitor(
                "echo-slowest",
                "Echo, slowest monitors",
                highest("longest", "icmp.rtt.us"),
            ),
            _by_monitor(
                "connect-slowest",
                "TCP, slowest monitors",
                highest("longest", "tcp.rtt.connect.us"),
            ),
        ),
        row(
            12,
            _by_monitor(
                "requests",
                "Echo requests sent for one answer: more than 1 hints at loss",
                Measure("requests", "average", "icmp.requests", form=ONE_DECIMAL),
            ),
            _by_monitor(
                "loss",
                "Loss in percent, of monitors with a fixed count of requests",
                Measure("loss", "average", "heartbeat.icmp.loss", form=ONE_DECIMAL),
            ),
        ),
        row(
            12,
            _by_monitor(
                "jitter", "Jitter", average("jitter", "heartbeat.icmp.jitter.us")
            ),
            _ranks("lookup", "Name lookup", "resolve.rtt.us"),
        ),
        row(16, _ADDRESSES),
    ),
)

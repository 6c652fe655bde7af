"""The first dashboard to look at: what is up, down or silent now, and since when."""

from __future__ import annotations

from typing import Final

from heartbeat.elastic.dashboards.board import Board, Documents, row
from heartbeat.elastic.dashboards.charts import Donut, Graph, Heatmap, Table, Tile
from heartbeat.elastic.dashboards.colours import (
    AVAILABLE,
    GREEN,
    NONE_IS_BAD,
    NONE_IS_GOOD,
    NONE_IS_USUAL,
    RED,
)
from heartbeat.elastic.dashboards.columns import Over, Terms
from heartbeat.elastic.dashboards.measures import (
    count,
    highest,
    last,
    mean_up,
    missing,
    percentile,
    share_up,
    times_down,
    unique,
)
from heartbeat.elastic.dashboards.queries import CURRENT, DOWN, UP, both

_TILES: Final = row(
    6,
    Tile(
        name="up",
        title="Up now",
        measures=(
            missing("Up now", "monitor.id", of=CURRENT, among=both(CURRENT, DOWN)),
        ),
        scale=NONE_IS_BAD,
    ),
    Tile(
        name="down",
        title="Down now",
        about="Monitors that are down at one location at least.",
        measures=(unique("Down now", "monitor.id", both(CURRENT, DOWN)),),
        scale=NONE_IS_GOOD,
    ),
    Tile(
        name="stale",
        title="Stale",
        about="Monitors that were seen in the time shown, but have no current result.",
        measures=(missing("Stale", "monitor.id", of="", among=CURRENT),),
        scale=NONE_IS_USUAL,
    ),
    Tile(
        name="degraded",
        title="Degraded now",
        about="Monitors that are up, but slower than they may be.",
        measures=(
            unique(
                "Degraded now", "monitor.id", both(CURRENT, "heartbeat.level: degraded")
            ),
        ),
        scale=NONE_IS_USUAL,
    ),
    Tile(
        name="availability",
        title="Availability",
        measures=(share_up(),),
        scale=AVAILABLE,
    ),
    Tile(
        name="duration",
        title="Duration, p95",
        measures=(percentile(95, "monitor.duration.us", "Duration, p95"),),
    ),
)

_HISTORY: Final = row(
    14,
    Graph(
        name="results",
        title="Results over time",
        over=Over(),
        form="bar_stacked",
        measures=(count("up", UP), count("down", DOWN)),
        colours=(GREEN, RED),
    ),
    Heatmap(
        name="heatmap",
        title="Availability over time, worst first",
        about="Where nothing is drawn, nothing was checked.",
        row=Terms("Monitor", "hb.name", size=50, is_ascending=True),
        over=Over(),
        measures=(mean_up(),),
        scale=AVAILABLE,
    ),
)

_MONITORS: Final = Table(
    name="monitors",
    title="Monitors",
    about="Down comes first, then stale: the last result is older than it may be.",
    rows=(Terms("Id", "monitor.id", size=1000, by=4),),
    hidden=(0,),
    measures=(
        last("Now", "hb.state"),
        last("Monitor", "hb.name"),
        last("URL", "url.full"),
        share_up(),
        times_down(),
        percentile(95, "monitor.duration.us", "Duration, p95"),
        last("Last error", "error.type", "error.type: *"),
        unique("Locations", "observer.geo.name"),
        highest("Last seen", "@timestamp"),
    ),
    sorted_by=0,
    is_ascending=True,
    scales={3: AVAILABLE},
)

OVERVIEW: Final = Board(
    name="overview",
    title="[Heartbeat] Overview",
    about="What is up, down or silent now, and how the last day was.",
    rows=(
        _TILES,
        _HISTORY,
        row(18, _MONITORS),
        row(
            12,
            Donut(
                name="types",
                title="Monitors by type",
                slices=(Terms("Type", "monitor.type"),),
                measures=(unique("Monitors", "monitor.id"),),
            ),
            Graph(
                name="locations",
                title="Availability by location",
                over=Terms("Location", "observer.geo.name", size=20, by=None),
                form="bar_horizontal",
                measures=(share_up(),),
            ),
        ),
        row(
            12,
            Documents(
                "failures",
                "Latest failures",
                ("monitor.name", "url.full", "monitor.ip", "error.message", "state.id"),
                DOWN,
            ),
        ),
    ),
)

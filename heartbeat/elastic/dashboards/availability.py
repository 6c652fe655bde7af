"""Availability over weeks, against a target of 99.9 percent.

So many documents are read here that no script is run for them.
"""

from __future__ import annotations

from typing import Final

from heartbeat.elastic.dashboards.board import Board, row
from heartbeat.elastic.dashboards.charts import Graph, Heatmap, Table, Tile
from heartbeat.elastic.dashboards.colours import AVAILABLE, SELDOM_IS_USUAL
from heartbeat.elastic.dashboards.columns import Over, Terms
from heartbeat.elastic.dashboards.measures import (
    PERCENT,
    Constant,
    count,
    highest,
    last,
    share_up,
    times_down,
    unique,
)
from heartbeat.elastic.dashboards.queries import DOWN

_TARGET: Final = Constant("Target 99.9 %", 0.999, form=PERCENT)
_DAILY: Final = Over("1d")

_TILES: Final = row(
    6,
    Tile(
        name="whole",
        title="Availability",
        measures=(share_up(),),
        scale=AVAILABLE,
    ),
    Tile(name="results", title="Results", measures=(count("Results"),)),
    Tile(name="down", title="Results that were down", measures=(count("Down", DOWN),)),
    Tile(
        name="incidents",
        title="Incidents",
        measures=(unique("Incidents", "state.id", DOWN),),
    ),
)

_TABLE: Final = Table(
    name="table",
    title="By monitor and location, worst first",
    about=(
        "Of 1,000 results, one may be down to stay within the target. A monitor that"
        " was not checked has no results for that time: see Results."
    ),
    rows=(
        Terms("Id", "monitor.id", size=1000, by=3),
        Terms("Location", "observer.geo.name", by=3, missing=True),
    ),
    hidden=(0,),
    measures=(
        last("Monitor", "hb.name"),
        share_up(),
        count("Results"),
        times_down(),
        unique("Incidents", "state.id", DOWN),
        highest("Longest incident", "state.duration_ms", DOWN),
        last("Now", "hb.state"),
        highest("Last seen", "@timestamp"),
    ),
    sorted_by=1,
    is_ascending=True,
    scales={1: AVAILABLE},
)

AVAILABILITY: Final = Board(
    name="availability",
    title="[Heartbeat] Availability",
    about="Availability of the last 30 days, by monitor, location and day.",
    since="now-30d",
    rows=(
        _TILES,
        row(
            14,
            Graph(
                name="daily",
                title="By day",
                over=_DAILY,
                measures=(share_up(),),
                line=_TARGET,
            ),
            Heatmap(
                name="heatmap",
                title="Times down by monitor and day, worst first",
                about="Where nothing is drawn, nothing was checked.",
                row=Terms("Monitor", "monitor.id", size=50),
                over=_DAILY,
                measures=(times_down(),),
                scale=SELDOM_IS_USUAL,
            ),
        ),
        row(20, _TABLE),
        row(
            12,
            Graph(
                name="places",
                title="By location and day",
                over=_DAILY,
                split=Terms("Location", "observer.geo.name", size=20, by=None),
                measures=(share_up(),),
                line=_TARGET,
            ),
        ),
    ),
)

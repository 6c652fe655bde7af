"""Incidents: from the first result that was down to the last."""

from __future__ import annotations

from typing import Final

from heartbeat.elastic.dashboards.board import FINAL, Board, Documents, row
from heartbeat.elastic.dashboards.charts import Donut, Graph, Table, Tile
from heartbeat.elastic.dashboards.colours import NONE_IS_GOOD, NONE_IS_USUAL
from heartbeat.elastic.dashboards.columns import Over, Terms
from heartbeat.elastic.dashboards.measures import (
    average,
    count,
    highest,
    last,
    lowest,
    unique,
)
from heartbeat.elastic.dashboards.queries import CURRENT, DOWN, both

_FIRST: Final = both(DOWN, "state.checks: 1")
_ENDED: Final = "state.ends.status: down"
_FLAPPING: Final = "state.status: flap"

_TILES: Final = row(
    6,
    Tile(
        name="open",
        title="Open now",
        measures=(unique("Open", "state.id", both(CURRENT, DOWN)),),
        scale=NONE_IS_GOOD,
    ),
    Tile(
        name="all",
        title="Incidents",
        measures=(unique("Incidents", "state.id", DOWN),),
    ),
    Tile(
        name="recovery",
        title="Mean time to recover",
        about="Of incidents that have ended.",
        measures=(average("Mean time to recover", "state.ends.duration_ms", _ENDED),),
    ),
    Tile(
        name="flapping",
        title="Flapping now",
        measures=(unique("Flapping", "monitor.id", both(CURRENT, _FLAPPING)),),
        scale=NONE_IS_USUAL,
    ),
)

_TABLE: Final = Table(
    name="table",
    title="Incidents, latest first",
    where=DOWN,
    rows=(Terms("Incident", "state.id", size=500, by=0),),
    measures=(
        lowest("Began", "state.started_at"),
        highest("Last seen down", "@timestamp"),
        highest("Lasted", "state.duration_ms"),
        unique("Open", "state.id", CURRENT),
        last("Monitor", "hb.name"),
        last("URL", "url.full"),
        last("Location", "observer.geo.name"),
        highest("Checks", "state.checks"),
        last("Error", "error.code"),
    ),
    hidden=(0,),
    sorted_by=0,
    scales={3: NONE_IS_GOOD},
)

_FLAPS: Final = Table(
    name="flaps",
    title="Monitors that went up and down too often",
    where=_FLAPPING,
    rows=(Terms("Monitor", "hb.name", size=50),),
    measures=(
        highest("Last seen", "@timestamp"),
        unique("Times", "state.id"),
        highest("Checks", "state.checks"),
        highest("Up", "state.up"),
        highest("Down", "state.down"),
    ),
)

INCIDENTS: Final = Board(
    name="incidents",
    title="[Heartbeat] Incidents",
    about="What was down, since when, for how long and why.",
    where=FINAL,
    since="now-7d",
    rows=(
        _TILES,
        row(
            12,
            (
                32,
                Graph(
                    name="starts",
                    title="Incidents that began",
                    where=_FIRST,
                    over=Over(),
                    split=Terms("Monitor", "hb.name", size=20),
                    form="bar_stacked",
                    measures=(count("Incidents"),),
                ),
            ),
            (
                16,
                Donut(
                    name="errors",
                    title="Errors",
                    where=DOWN,
                    slices=(
                        Terms("Type", "error.type", missing=True),
                        Terms("Code", "error.code"),
                    ),
                    measures=(count("Results"),),
                ),
            ),
        ),
        row(18, _TABLE),
        row(
            14,
            _FLAPS,
            Graph(
                name="recoveries",
                title="Time to recover",
                where=_ENDED,
                over=Over(),
                form="bar",
                measures=(average("mean", "state.ends.duration_ms"),),
            ),
        ),
        row(
            14,
            Documents(
                "failures",
                "Results that were down",
                (
                    "monitor.name",
                    "url.full",
                    "monitor.ip",
                    "error.message",
                    "state.id",
                    "summary.attempt",
                ),
                DOWN,
            ),
        ),
    ),
)

"""heartbeat itself: who checks, who has fallen silent, when nobody looked.

Every document counts here, those of attempts that were followed by another one too.
"""

from __future__ import annotations

from typing import Final

from heartbeat.elastic.dashboards.board import Board, row
from heartbeat.elastic.dashboards.charts import Graph, Table, Tile
from heartbeat.elastic.dashboards.colours import (
    NONE_IS_BAD,
    NONE_IS_GOOD,
    NONE_IS_USUAL,
)
from heartbeat.elastic.dashboards.columns import Over, Terms
from heartbeat.elastic.dashboards.measures import (
    count,
    highest,
    last,
    missing,
    unique,
)
from heartbeat.elastic.dashboards.queries import CURRENT

_GAP: Final = "heartbeat.gap.us: *"
_STEP: Final = "heartbeat.clock.step.us: *"
_STALE_LOOKUP: Final = "heartbeat.resolve.stale: true"
_AGENTS: Final = Terms("Heartbeat", "agent.name", size=20)

_TILES: Final = row(
    6,
    Tile(
        name="alive",
        title="Heartbeats with current results",
        measures=(unique("Alive", "agent.id", CURRENT),),
        scale=NONE_IS_BAD,
    ),
    Tile(
        name="silent",
        title="Silent heartbeats",
        about="Seen in the time shown, but without any current result.",
        measures=(missing("Silent", "agent.id", of="", among=CURRENT),),
        scale=NONE_IS_GOOD,
    ),
    Tile(
        name="stale",
        title="Stale monitors",
        measures=(missing("Stale", "monitor.id", of="", among=CURRENT),),
        scale=NONE_IS_USUAL,
    ),
    Tile(
        name="starts",
        title="Processes seen",
        about="More than there are heartbeats: some were restarted.",
        measures=(unique("Processes", "agent.ephemeral_id"),),
    ),
    Tile(
        name="gaps",
        title="Gaps",
        about="Times that a monitor was not looked at for longer than its schedule.",
        measures=(count("Gaps", _GAP),),
        scale=NONE_IS_USUAL,
    ),
    Tile(
        name="steps",
        title="Clock steps",
        about="Times that the wall clock was set between two looks.",
        measures=(count("Clock steps", _STEP),),
        scale=NONE_IS_USUAL,
    ),
)

_TABLE: Final = Table(
    name="agents",
    title="Heartbeats, longest silent first",
    rows=(Terms("Id", "agent.id", size=500, by=4, is_ascending=True),),
    hidden=(0,),
    measures=(
        last("Heartbeat", "agent.name"),
        last("Location", "observer.name"),
        unique("Current monitors", "monitor.id", CURRENT),
        unique("Monitors", "monitor.id"),
        highest("Last seen", "@timestamp"),
        count("Documents"),
        unique("Processes", "agent.ephemeral_id"),
        highest("Longest gap", "heartbeat.gap.us"),
        last("Compatible with", "agent.version"),
    ),
    sorted_by=4,
    is_ascending=True,
    scales={2: NONE_IS_BAD},
)

_SILENT: Final = Table(
    name="monitors",
    title="Monitors, longest silent first",
    rows=(
        Terms("Id", "monitor.id", size=200, by=0, is_ascending=True),
        Terms("Location", "observer.name", by=0, is_ascending=True, missing=True),
    ),
    hidden=(0,),
    measures=(
        highest("Last seen", "@timestamp"),
        last("Now", "hb.state"),
        last("Monitor", "hb.name"),
        last("Heartbeat", "agent.name"),
        highest("Longest gap", "heartbeat.gap.us"),
    ),
    sorted_by=0,
    is_ascending=True,
)


HEALTH: Final = Board(
    name="health",
    title="[Heartbeat] Health of heartbeat",
    about="Who checks, who has fallen silent, and when nobody looked.",
    where="agent.type: heartbeat",
    rows=(
        _TILES,
        row(14, _TABLE),
        row(
            12,
            Graph(
                name="documents",
                title="Documents by heartbeat",
                over=Over(),
                split=_AGENTS,
                form="bar_stacked",
                measures=(count("Documents"),),
            ),
            Graph(
                name="checked",
                title="Monitors by heartbeat",
                over=Over(),
                split=_AGENTS,
                measures=(unique("Monitors", "monitor.id"),),
            ),
        ),
        row(16, _SILENT),
        row(
            12,
            Graph(
                name="longest-gap",
                title="Longest gap",
                over=Over(),
                split=_AGENTS,
                form="bar",
                measures=(highest("Gap", "heartbeat.gap.us"),),
            ),
            Graph(
                name="clock",
                title="Steps of the clock",
                over=Over(),
                split=_AGENTS,
                form="bar",
                measures=(highest("Step", "heartbeat.clock.step.us"),),
            ),
            Graph(
                name="lookups",
                title="Documents with an address of an older lookup",
                where=_STALE_LOOKUP,
                over=Over(),
                split=_AGENTS,
                form="bar_stacked",
                measures=(count("Documents"),),
            ),
        ),
    ),
)

"""All dashboards, in the order in which they are put into Kibana."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from heartbeat.elastic.dashboards.availability import AVAILABILITY
from heartbeat.elastic.dashboards.certificates import CERTIFICATES
from heartbeat.elastic.dashboards.dataview import TITLE, data_view
from heartbeat.elastic.dashboards.health import HEALTH
from heartbeat.elastic.dashboards.incidents import INCIDENTS
from heartbeat.elastic.dashboards.latency import LATENCY
from heartbeat.elastic.dashboards.overview import OVERVIEW
from heartbeat.elastic.dashboards.web import WEB

if TYPE_CHECKING:
    from heartbeat.elastic.dashboards.board import Board

BOARDS: Final[tuple[Board, ...]] = (
    OVERVIEW,
    WEB,
    CERTIFICATES,
    LATENCY,
    AVAILABILITY,
    INCIDENTS,
    HEALTH,
)


def all_objects(title: str = TITLE) -> list[dict[str, Any]]:
    """Return everything: the data view, then each dashboard after its panels."""
    objects = [data_view(title)]
    for board in BOARDS:
        objects += board.objects()
    return objects

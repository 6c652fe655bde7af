"""Dashboards: the layout, and how their parts refer to each other."""

from __future__ import annotations

import json

from heartbeat.elastic.dashboards.board import Board, Documents, row
from heartbeat.elastic.dashboards.charts import Tile
from heartbeat.elastic.dashboards.measures import count


def tile(name: str) -> Tile:
    """Return a panel."""
    return Tile(name=name, title=name.title(), measures=(count("n"),))


BOARD = Board(
    "x",
    "X",
    "What it is.",
    (
        row(6, tile("a"), tile("b"), tile("c")),
        row(10, (40, tile("d")), (8, Documents("e", "E", ("url.full",), "f: g"))),
    ),
    where="a: b",
    since="now-7d",
)


def test_layout() -> None:
    """Rows stand below each other; widths are given, or the same for all."""
    places = [(p.x, p.y, p.w, p.h) for _, p in BOARD.placed()]

    assert places == [
        (0, 0, 16, 6),
        (16, 0, 16, 6),
        (32, 0, 16, 6),
        (0, 6, 40, 10),
        (40, 6, 8, 10),
    ]


def test_objects() -> None:
    """The panels come before what refers to them."""
    assert [(one["type"], one["id"]) for one in BOARD.objects()] == [
        ("lens", "heartbeat-x-a"),
        ("lens", "heartbeat-x-b"),
        ("lens", "heartbeat-x-c"),
        ("lens", "heartbeat-x-d"),
        ("search", "heartbeat-x-e"),
        ("dashboard", "heartbeat-x"),
    ]


def test_references() -> None:
    """A panel is referred to under its own name, a control under that of its field."""
    *_, board = BOARD.objects()

    assert board["references"][3:6] == [
        {"type": "lens", "id": "heartbeat-x-d", "name": "d:panel_d"},
        {"type": "search", "id": "heartbeat-x-e", "name": "e:panel_e"},
        {
            "type": "index-pattern",
            "id": "heartbeat-data-view",
            "name": "controlGroup_monitor-name:optionsListDataView",
        },
    ]


def test_time() -> None:
    """It opens with its own span of time and follows what comes."""
    *_, board = BOARD.objects()
    attributes = board["attributes"]

    assert (attributes["timeFrom"], attributes["timeTo"]) == ("now-7d", "now")
    assert attributes["timeRestore"] is True
    assert attributes["refreshInterval"] == {"pause": False, "value": 60_000}


def test_panels_are_limited() -> None:
    """What limits the dashboard limits every panel, documents too."""
    documents = BOARD.objects()[4]
    meta = documents["attributes"]["kibanaSavedObjectMeta"]
    source = json.loads(meta["searchSourceJSON"])

    assert source["query"]["query"] == "a: b and (f: g)"
    assert source["indexRefName"] == documents["references"][0]["name"]

"""A dashboard: its panels in rows, its controls, its span of time.

Owns the layout and how the parts refer to each other. Must not know what any panel
shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from heartbeat.elastic.dashboards.charts import Chart
from heartbeat.elastic.dashboards.objects import (
    SOURCE,
    kql,
    packed,
    reference,
    saved,
    to_data_view,
)
from heartbeat.outputs.base import BEAT

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH: Final = 48
"""Columns of Kibana's grid."""

FINAL: Final = "summary.final_attempt: true"
"""Results that count: attempts that were followed by another one do not."""

VERSION: Final = "8.9.0"
"""Version of Kibana that panels are written for."""

CONTROLS: Final = (
    ("monitor.name", "Monitor"),
    ("monitor.type", "Type"),
    ("tags", "Tags"),
    ("observer.geo.name", "Location"),
)
"""Fields that every dashboard can be narrowed by."""


@dataclass(frozen=True, slots=True)
class Documents:
    """A panel of documents as they are, the latest first."""

    name: str
    title: str
    fields: tuple[str, ...]
    where: str = ""
    about: str = ""

    def saved(self, name: str) -> dict[str, Any]:
        """Return it as an object to import under an id."""
        source: dict[str, Any] = {
            "query": kql(self.where),
            "filter": [],
            "indexRefName": SOURCE,
        }
        attributes = {
            "title": self.title,
            "description": self.about,
            "columns": list(self.fields),
            "sort": [["@timestamp", "desc"]],
            "hideChart": True,
            "kibanaSavedObjectMeta": {"searchSourceJSON": packed(source)},
        }
        return saved("search", name, attributes, [to_data_view(SOURCE)])

    def limited_to(self, where: str) -> Documents:
        """Return the same panel of these documents only."""
        both = f"{where} and ({self.where})" if self.where else where
        return Documents(self.name, self.title, self.fields, both, self.about)


Panel: TypeAlias = Chart | Documents


@dataclass(frozen=True, slots=True)
class Row:
    """Panels side by side; the widths of all together are those of the grid."""

    height: int
    panels: tuple[tuple[int, Panel], ...]


def row(height: int, *panels: tuple[int, Panel] | Panel) -> Row:
    """Return a row of panels with the widths given, or of the same width each."""
    share = WIDTH // len(panels)
    sized = (one if isinstance(one, tuple) else (share, one) for one in panels)
    return Row(height, tuple(sized))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a panel stands on the grid."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard.

    `where` limits every panel, in KQL; `since` is where its span of time begins when it
    is opened.
    """

    name: str
    title: str
    about: str
    rows: tuple[Row, ...]
    where: str = FINAL
    since: str = "now-24h"

    @property
    def id(self) -> str:
        """Return its id in Kibana, the same from release to release."""
        return f"{BEAT}-{self.name}"

    def placed(self) -> Iterator[tuple[Panel, Place]]:
        """Yield every panel and where it stands."""
        y = 0
        for line in self.rows:
            x = 0
            for width, panel in line.panels:
                yield panel, Place(x, y, width, line.height)
                x += width
            y += line.height

    def objects(self) -> list[dict[str, Any]]:
        """Return the panels, then the dashboard, as objects to import."""
        panels = [
            panel.limited_to(self.where).saved(f"{self.id}-{panel.name}")
            for panel, _ in self.placed()
        ]
        return [*panels, self._saved(panels)]

    def _saved(self, panels: list[dict[str, Any]]) -> dict[str, Any]:
        drawn = [
            _panel(one["type"], panel.name, place)
            for one, (panel, place) in zip(panels, self.placed(), strict=True)
        ]
        shown = [
            reference(one["type"], one["id"], f"{panel.name}:{_link(panel.name)}")
            for one, (panel, _) in zip(panels, self.placed(), strict=True)
        ]
        narrowed = [
            to_data_view(f"controlGroup_{_control(field)}:optionsListDataView")
            for field, _ in CONTROLS
        ]
        attributes = {
            "title": self.title,
            "description": self.about,
            "panelsJSON": packed(drawn),
            "optionsJSON": packed(_OPTIONS),
            "timeRestore": True,
            "timeFrom": self.since,
            "timeTo": "now",
            "refreshInterval": {"pause": False, "value": 60_000},
            "controlGroupInput": _controls(),
            "kibanaSavedObjectMeta": {
                "searchSourceJSON": packed({"query": kql(""), "filter": []})
            },
        }
        return saved("dashboard", self.id, attributes, [*shown, *narrowed])


_OPTIONS: Final = {
    "useMargins": True,
    "syncColors": False,
    "syncCursor": True,
    "syncTooltips": False,
    "hidePanelTitles": False,
}


def _panel(kind: str, name: str, place: Place) -> dict[str, Any]:
    return {
        "type": kind,
        "version": VERSION,
        "panelIndex": name,
        "gridData": {"x": place.x, "y": place.y, "w": place.w, "h": place.h, "i": name},
        "panelRefName": _link(name),
        "embeddableConfig": {"enhancements": {}},
    }


def _link(name: str) -> str:
    return f"panel_{name}"


def _control(field: str) -> str:
    return field.replace(".", "-")


def _controls() -> dict[str, Any]:
    panels: dict[str, Any] = {
        _control(field): {
            "type": "optionsListControl",
            "order": order,
            "grow": True,
            "width": "medium",
            "explicitInput": {
                "id": _control(field),
                "fieldName": field,
                "title": title,
                "enhancements": {},
            },
        }
        for order, (field, title) in enumerate(CONTROLS)
    }
    ignored = ("ignoreFilters", "ignoreQuery", "ignoreTimerange", "ignoreValidations")
    return {
        "controlStyle": "oneLine",
        "chainingSystem": "HIERARCHICAL",
        "panelsJSON": packed(panels),
        "ignoreParentSettingsJSON": packed(dict.fromkeys(ignored, False)),
    }

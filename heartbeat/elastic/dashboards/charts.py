"""What is drawn from measures and buckets: the charts of Kibana's Lens.

Owns the form of each kind of chart. Must not know where on a dashboard
it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from heartbeat.elastic.dashboards.colours import RED, Scale
from heartbeat.elastic.dashboards.columns import bucket_id, layer, measure_id
from heartbeat.elastic.dashboards.objects import kql, saved, to_data_view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.elastic.dashboards.columns import Bucket
    from heartbeat.elastic.dashboards.measures import Constant, Number

_AXES: Final = ("x", "yLeft", "yRight")

DATA: Final = "data"
LINE: Final = "line"
"""Names of the layers: what is drawn, and what it is compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What all charts have: a name for its id, a title, and whose documents it shows.

    `where` is KQL.
    """

    kind: ClassVar[str]

    name: str
    title: str
    where: str = ""
    about: str = ""
    measures: tuple[Number, ...]

    @property
    def buckets(self) -> tuple[Bucket, ...]:
        """Return by what the documents are divided."""
        return ()

    def layers(self) -> dict[str, dict[str, Any]]:
        """Return the columns of each layer, by its name."""
        return {DATA: layer(self.buckets, self.measures)}

    def drawing(self) -> dict[str, Any]:
        """Return how it is drawn."""
        raise NotImplementedError

    def saved(self, name: str) -> dict[str, Any]:
        """Return it as an object to import under an id."""
        layers = self.layers()
        state: dict[str, Any] = {
            "datasourceStates": {"formBased": {"layers": layers}},
            "visualization": self.drawing(),
            "query": kql(self.where),
            "filters": [],
            "internalReferences": [],
            "adHocDataViews": {},
        }
        attributes: dict[str, Any] = {
            "title": self.title,
            "description": self.about,
            "visualizationType": self.kind,
            "state": state,
        }
        references = [
            to_data_view(f"indexpattern-datasource-layer-{n}") for n in layers
        ]
        return saved("lens", name, attributes, references)

    def limited_to(self, where: str) -> Chart:
        """Return the same chart of these documents only."""
        both = f"{where} and ({self.where})" if self.where else where
        return replace(self, where=both)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile(Chart):
    """One number, large."""

    kind: ClassVar[str] = "lnsMetric"

    scale: Scale | None = None

    def drawing(self) -> dict[str, Any]:
        """Return how it is drawn."""
        drawn: dict[str, Any] = {
            "layerId": DATA,
            "layerType": "data",
            "metricAccessor": measure_id(0),
        }
        if self.scale is not None:
            drawn["palette"] = self.scale.palette()
        return drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph(Chart):
    """Measures over time or by value: lines, areas, bars.

    `form` is what Lens calls it; `split` gives each value a series of its own;
    `colours` are those of the measures; `line` is a constant to compare with.
    """

    kind: ClassVar[str] = "lnsXY"

    over: Bucket
    form: str = "line"
    split: Bucket | None = None
    colours: tuple[str, ...] = ()
    line: Constant | None = None

    @property
    def buckets(self) -> tuple[Bucket, ...]:
        """Return what is on the axis, and the series."""
        return (self.over,) if self.split is None else (self.split, self.over)

    def layers(self) -> dict[str, dict[str, Any]]:
        """Return the columns of each layer, by its name."""
        layers = {DATA: layer(self.buckets, self.measures)}
        if self.line is not None:
            layers[LINE] = layer((), (self.line,))
        return layers

    def drawing(self) -> dict[str, Any]:
        """Return how it is drawn; where there are no documents, nothing is."""
        accessors = [measure_id(number) for number, _ in enumerate(self.measures)]
        data: dict[str, Any] = {
            "layerId": DATA,
            "layerType": "data",
            "seriesType": self.form,
            "xAccessor": bucket_id(len(self.buckets) - 1),
            "accessors": accessors,
            "position": "top",
            "showGridlines": False,
            "yConfig": [
                {"forAccessor": one, "color": colour}
                for one, colour in zip(accessors, self.colours, strict=False)
            ],
        }
        if self.split is not None:
            data["splitAccessor"] = bucket_id(0)
        layers = [data]
        if self.line is not None:
            layers.append(_compared())
        return {
            "preferredSeriesType": self.form,
            "legend": {"isVisible": True, "position": "right"},
            "valueLabels": "hide",
            "fittingFunction": "None",
            "axisTitlesVisibilitySettings": dict.fromkeys(_AXES, False),
            "layers": layers,
        }


def _compared() -> dict[str, Any]:
    accessor = measure_id(0)
    config = {
        "forAccessor": accessor,
        "axisMode": "left",
        "color": RED,
        "lineStyle": "dashed",
        "lineWidth": 2,
        "textVisibility": True,
        "fill": "none",
    }
    return {
        "layerId": LINE,
        "layerType": "referenceLine",
        "accessors": [accessor],
        "yConfig": [config],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Chart):
    """A row for each bucket.

    `hidden` are numbers of buckets that make rows without being shown; `sorted_by` is
    the number of a measure; `scales` colour measures by their number.
    """

    kind: ClassVar[str] = "lnsDatatable"

    rows: tuple[Bucket, ...]
    hidden: tuple[int, ...] = ()
    sorted_by: int | None = None
    is_ascending: bool = False
    scales: Mapping[int, Scale] = field(default_factory=dict[int, Scale])
    page: int = 20

    @property
    def buckets(self) -> tuple[Bucket, ...]:
        """Return what makes the rows."""
        return self.rows

    def drawing(self) -> dict[str, Any]:
        """Return how it is drawn."""
        drawn: dict[str, Any] = {
            "layerId": DATA,
            "layerType": "data",
            "columns": [*self._bucket_columns(), *self._measure_columns()],
            "paging": {"size": self.page, "enabled": True},
            "rowHeight": "single",
            "headerRowHeight": "auto",
        }
        if self.sorted_by is not None:
            order = "asc" if self.is_ascending else "desc"
            by = measure_id(self.sorted_by)
            drawn["sorting"] = {"columnId": by, "direction": order}
        return drawn

    def _bucket_columns(self) -> list[dict[str, Any]]:
        return [
            {
                "columnId": bucket_id(n),
                "isTransposed": False,
                "hidden": n in self.hidden,
            }
            for n, _ in enumerate(self.rows)
        ]

    def _measure_columns(self) -> list[dict[str, Any]]:
        columns: list[dict[str, Any]] = []
        for number, _ in enumerate(self.measures):
            column: dict[str, Any] = {"columnId": measure_id(number)}
            column["isTransposed"] = False
            if number in self.scales:
                column["colorMode"] = "cell"
                column["palette"] = self.scales[number].palette()
            columns.append(column)
        return columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Donut(Chart):
    """Shares of a whole."""

    kind: ClassVar[str] = "lnsPie"

    slices: tuple[Bucket, ...]

    @property
    def buckets(self) -> tuple[Bucket, ...]:
        """Return what makes the slices, from the inside out."""
        return self.slices

    def drawing(self) -> dict[str, Any]:
        """Return how it is drawn."""
        drawn = {
            "layerId": DATA,
            "layerType": "data",
            "primaryGroups": [bucket_id(n) for n, _ in enumerate(self.slices)],
            "metrics": [measure_id(0)],
            "numberDisplay": "value",
            "categoryDisplay": "default",
            "legendDisplay": "default",
            "nestedLegend": False,
        }
        return {"shape": "donut", "layers": [drawn]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap(Chart):
    """A row for each value and a column for each time; no documents leave a hole."""

    kind: ClassVar[str] = "lnsHeatmap"

    row: Bucket
    over: Bucket
    scale: Scale

    @property
    def buckets(self) -> tuple[Bucket, ...]:
        """Return what makes rows, and columns."""
        return (self.row, self.over)

    def drawing(self) -> dict[str, Any]:
        """Return how it is drawn."""
        shown = ("isYAxisLabelVisible", "isXAxisLabelVisible")
        not_shown = (
            "isCellLabelVisible",
            "isYAxisTitleVisible",
            "isXAxisTitleVisible",
        )
        grid = {name: name in shown for name in (*shown, *not_shown)}
        return {
            "shape": "heatmap",
            "layerId": DATA,
            "layerType": "data",
            "yAccessor": bucket_id(0),
            "xAccessor": bucket_id(1),
            "valueAccessor": measure_id(0),
            "palette": self.scale.palette(accessor=measure_id(0)),
            "legend": {
                "isVisible": True,
                "position": "right",
                "type": "heatmap_legend",
            },
            "gridConfig": {"type": "heatmap_grid", **grid},
        }

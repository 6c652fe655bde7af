"""Charts, made of measures and buckets."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.elastic.dashboards.charts import (
    Chart,
    Donut,
    Graph,
    Heatmap,
    Table,
    Tile,
)
from heartbeat.elastic.dashboards.colours import NONE_IS_GOOD, Scale
from heartbeat.elastic.dashboards.columns import Filters, Over, Terms
from heartbeat.elastic.dashboards.measures import Constant, count, last

COUNT = count("n")
BY_TYPE = Terms("Type", "monitor.type")


def drawn(chart: Chart) -> dict[str, Any]:
    """Return how a chart is drawn."""
    visualization: dict[str, Any] = chart.saved("x")["attributes"]["state"][
        "visualization"
    ]
    return visualization


def order(chart: Chart, layer: str = "data") -> list[str]:
    """Return the names of a layer's columns."""
    return list(chart.layers()[layer]["columnOrder"])


def test_tile() -> None:
    """One number, in the colour that its scale gives it."""
    tile = Tile(name="x", title="X", measures=(COUNT,), scale=NONE_IS_GOOD)

    assert drawn(tile)["metricAccessor"] == "measure0"
    assert drawn(tile)["palette"]["params"]["colorStops"] == [
        {"color": "#209280", "stop": None},
        {"color": "#cc5642", "stop": 1},
    ]


def test_tile_without_colour() -> None:
    """A number that is neither good nor bad has none."""
    assert "palette" not in drawn(Tile(name="x", title="X", measures=(COUNT,)))


def test_scale() -> None:
    """Each colour reaches from its own bound to the next one's, the last to the end."""
    palette = Scale("a", ((0.5, "b"), (0.9, "c"))).palette(accessor="m")["params"]

    assert [stop["stop"] for stop in palette["colorStops"]] == [None, 0.5, 0.9]
    assert [stop["stop"] for stop in palette["stops"]] == [0.5, 0.9, 1.9]
    assert palette["steps"] == 3


def test_graph() -> None:
    """What splits it comes first, so that each series is one of the top ones."""
    graph = Graph(name="x", title="X", over=Over(), split=BY_TYPE, measures=(COUNT,))
    (layer,) = drawn(graph)["layers"]

    assert order(graph) == ["bucket0", "bucket1", "measure0"]
    assert (layer["splitAccessor"], layer["xAccessor"]) == ("bucket0", "bucket1")


def test_graph_with_a_line() -> None:
    """The line to compare with is a layer of its own, with its own data view."""
    line = Constant("Target", 1)
    graph = Graph(name="x", title="X", over=Over(), measures=(COUNT,), line=line)

    assert [layer["layerType"] for layer in drawn(graph)["layers"]] == [
        "data",
        "referenceLine",
    ]
    assert order(graph, "line") == ["measure0"]
    assert len(graph.saved("x")["references"]) == 2


def test_graph_shows_gaps() -> None:
    """Where there are no documents nothing is drawn, and no line across."""
    graph = Graph(name="x", title="X", over=Over(), measures=(COUNT,))

    assert drawn(graph)["fittingFunction"] == "None"
    assert graph.layers()["data"]["columns"]["bucket0"]["params"]["includeEmptyRows"]


def test_colours() -> None:
    """Measures have the colours that are given, in their order."""
    graph = Graph(
        name="x",
        title="X",
        over=Over(),
        measures=(COUNT, COUNT),
        colours=("red", "blue"),
    )
    (layer,) = drawn(graph)["layers"]

    assert [one["color"] for one in layer["yConfig"]] == ["red", "blue"]


def test_table() -> None:
    """A row can be made by what is not shown; measures can have colours."""
    table = Table(
        name="x",
        title="X",
        rows=(Terms("Id", "monitor.id", by=1),),
        hidden=(0,),
        measures=(last("Name", "hb.name"), COUNT),
        sorted_by=1,
        scales={1: NONE_IS_GOOD},
    )
    first, second, third = drawn(table)["columns"]

    assert first == {"columnId": "bucket0", "isTransposed": False, "hidden": True}
    assert second == {"columnId": "measure0", "isTransposed": False}
    assert (third["columnId"], third["colorMode"]) == ("measure1", "cell")
    assert drawn(table)["sorting"] == {"columnId": "measure1", "direction": "desc"}


def test_donut() -> None:
    """Slices from the inside out."""
    donut = Donut(name="x", title="X", slices=(BY_TYPE, BY_TYPE), measures=(COUNT,))
    (layer,) = drawn(donut)["layers"]

    assert layer["primaryGroups"] == ["bucket0", "bucket1"]
    assert layer["metrics"] == ["measure0"]


def test_heatmap() -> None:
    """Rows by value, columns by time."""
    heatmap = Heatmap(
        name="x",
        title="X",
        row=BY_TYPE,
        over=Over("1d"),
        measures=(COUNT,),
        scale=NONE_IS_GOOD,
    )

    assert drawn(heatmap)["yAccessor"] == "bucket0"
    assert drawn(heatmap)["xAccessor"] == "bucket1"
    assert drawn(heatmap)["palette"]["accessor"] == "measure0"


@pytest.mark.parametrize(
    ("where", "expected"),
    [("", "a: b"), ("c: d or e: f", "a: b and (c: d or e: f)")],
)
def test_limits(where: str, expected: str) -> None:
    """A limit from outside holds for all that the chart would show."""
    chart = Tile(name="x", title="X", where=where, measures=(COUNT,))
    state = chart.limited_to("a: b").saved("x")["attributes"]["state"]

    assert state["query"] == {"query": expected, "language": "kuery"}


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (Terms("x", "tags"), ("column", "desc", False)),
        (Terms("x", "tags", is_ascending=True), ("column", "asc", False)),
        (Terms("x", "tags", by=None), ("alphabetical", "asc", False)),
        (Terms("x", "tags", missing=True), ("column", "desc", True)),
    ],
)
def test_terms(terms: Terms, expected: tuple[str, str, bool]) -> None:
    """The most first, the least or the alphabet; documents without, if wanted."""
    params = terms.column()["params"]

    assert (
        params["orderBy"]["type"],
        params["orderDirection"],
        params["missingBucket"],
    ) == expected


def test_filters() -> None:
    """A bucket for each query, with its name."""
    column = Filters("Expires", (("soon", "hb.cert_days < 7"),)).column()

    assert column["params"]["filters"] == [
        {
            "label": "soon",
            "input": {"query": "hb.cert_days < 7", "language": "kuery"},
        }
    ]

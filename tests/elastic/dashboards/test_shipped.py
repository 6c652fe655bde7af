"""Whether Kibana will take what is shipped, and show it: checked without a Kibana.

Import itself checks little: a panel that refers to nothing imports well, and is an
error only when somebody looks at it.
"""

from __future__ import annotations

import json
from itertools import combinations
from typing import TYPE_CHECKING, Any, cast

import pytest

from heartbeat.elastic.dashboards.board import WIDTH
from heartbeat.elastic.dashboards.dataview import RUNTIME_FIELDS
from heartbeat.elastic.dashboards.objects import DATA_VIEW, as_lines
from heartbeat.elastic.dashboards.shipped import BOARDS, all_objects
from heartbeat.elastic.fields import FIELDS
from tests.support.kql import parse
from tests.support.lens import fields_of, layers_of, queries_of

if TYPE_CHECKING:
    from collections.abc import Iterator

OBJECTS = all_objects()
BY_KEY = {(one["type"], one["id"]): one for one in OBJECTS}
VIEW = BY_KEY["index-pattern", DATA_VIEW]
CHARTS = [one for one in OBJECTS if one["type"] == "lens"]
DASHBOARDS = [one for one in OBJECTS if one["type"] == "dashboard"]
SEARCHES = [one for one in OBJECTS if one["type"] == "search"]

STAMPS = {
    "index-pattern": "8.0.0",
    "search": "8.0.0",
    "lens": "8.9.0",
    "dashboard": "8.9.0",
}
MEMBERS = {
    "index-pattern": {
        "title",
        "name",
        "timeFieldName",
        "fieldFormatMap",
        "runtimeFieldMap",
    },
    "search": {
        "title",
        "description",
        "columns",
        "sort",
        "hideChart",
        "kibanaSavedObjectMeta",
    },
    "lens": {"title", "description", "visualizationType", "state"},
    "dashboard": {
        "title",
        "description",
        "panelsJSON",
        "optionsJSON",
        "timeRestore",
        "timeFrom",
        "timeTo",
        "refreshInterval",
        "controlGroupInput",
        "kibanaSavedObjectMeta",
    },
}
STATE = {
    "datasourceStates",
    "visualization",
    "query",
    "filters",
    "internalReferences",
    "adHocDataViews",
}
KINDS = {"lnsMetric", "lnsXY", "lnsDatatable", "lnsPie", "lnsHeatmap"}
NUMBERS = {"long", "integer", "short", "float", "double"}
AGGREGATED = {"keyword", "date", "ip", "boolean", *NUMBERS}
TYPES = {
    **{field.path: field.type for field in FIELDS},
    **{name: kind for name, (kind, _) in RUNTIME_FIELDS.items()},
}


COUNTED = {"overview", "availability", "incidents"}
"""Dashboards that count results, not documents."""


def named(objects: list[dict[str, Any]]) -> pytest.MarkDecorator:
    """Return a parameter for each object, with its id as the test's."""
    return pytest.mark.parametrize("one", objects, ids=[one["id"] for one in objects])


def nested(members: dict[str, Any]) -> Iterator[Any]:
    """Yield every member, at any depth, that is said to be JSON within JSON."""
    for name, member in members.items():
        if name.endswith(("JSON", "Map")):
            yield member
        elif isinstance(member, dict):
            yield from nested(cast("dict[str, Any]", member))


def panels_of(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the panels of a dashboard."""
    panels: list[dict[str, Any]] = json.loads(dashboard["attributes"]["panelsJSON"])
    return panels


def accessors_of(chart: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each layer and column that a chart draws."""
    drawn = chart["attributes"]["state"]["visualization"]
    for layer in drawn.get("layers", [drawn]):
        name = layer["layerId"]
        for key in ("metricAccessor", "xAccessor", "yAccessor", "valueAccessor"):
            if key in layer:
                yield name, layer[key]
        if "splitAccessor" in layer:
            yield name, layer["splitAccessor"]
        for key in ("accessors", "primaryGroups", "metrics"):
            for column in layer.get(key, []):
                yield name, column
        for column in layer.get("columns", []):
            yield name, column["columnId"]
        for column in layer.get("yConfig", []):
            yield name, column["forAccessor"]
        if "sorting" in layer:
            yield name, layer["sorting"]["columnId"]


def test_every_line_is_an_object() -> None:
    """The file is what an import reads: a line of JSON for each object."""
    content = as_lines(OBJECTS)

    assert content.endswith(b"\n")
    assert [json.loads(line) for line in content.splitlines()] == OBJECTS
    assert len(BY_KEY) == len(OBJECTS)


def test_ids_stay() -> None:
    """What is imported again replaces what was: an id is never given anew."""
    assert [one["id"] for one in DASHBOARDS] == [
        "heartbeat-overview",
        "heartbeat-http",
        "heartbeat-certificates",
        "heartbeat-latency",
        "heartbeat-availability",
        "heartbeat-incidents",
        "heartbeat-health",
    ]
    assert all(one["id"].startswith("heartbeat-") for one in OBJECTS)


@named(OBJECTS)
def test_envelope(one: dict[str, Any]) -> None:
    """Each has the stamps of the oldest Kibana that reads it, and no odd member."""
    assert set(one) == {
        "type",
        "id",
        "coreMigrationVersion",
        "typeMigrationVersion",
        "attributes",
        "references",
    }
    assert one["coreMigrationVersion"] == "8.8.0"
    assert one["typeMigrationVersion"] == STAMPS[one["type"]]
    assert set(one["attributes"]) == MEMBERS[one["type"]]


@named(CHARTS)
def test_state(one: dict[str, Any]) -> None:
    """A chart has the state that the oldest version takes and the newest allows."""
    assert set(one["attributes"]["state"]) == STATE
    assert one["attributes"]["visualizationType"] in KINDS


@named(OBJECTS)
def test_json_within_json(one: dict[str, Any]) -> None:
    """Members that are JSON again are texts, and can be read."""
    for text in nested(one["attributes"]):
        assert isinstance(text, str)
        json.loads(text)


@named(DASHBOARDS)
def test_grid(one: dict[str, Any]) -> None:
    """Panels stand within the grid and not on each other; rows are filled."""
    places = [panel["gridData"] for panel in panels_of(one)]

    assert all(p["gridData"]["i"] == p["panelIndex"] for p in panels_of(one))
    assert all(p["x"] >= 0 and p["x"] + p["w"] <= WIDTH for p in places)
    assert sum(p["w"] * p["h"] for p in places) == WIDTH * max(
        p["y"] + p["h"] for p in places
    )
    for a, b in combinations(places, 2):
        assert (
            a["x"] + a["w"] <= b["x"]
            or b["x"] + b["w"] <= a["x"]
            or a["y"] + a["h"] <= b["y"]
            or b["y"] + b["h"] <= a["y"]
        )


@named(DASHBOARDS)
def test_panels_are_in_the_file(one: dict[str, Any]) -> None:
    """Every panel leads to an object of its type, and no reference to nowhere."""
    targets = {ref["name"]: (ref["type"], ref["id"]) for ref in one["references"]}
    for panel in panels_of(one):
        name = f"{panel['panelIndex']}:{panel['panelRefName']}"
        assert targets[name][0] == panel["type"]
        assert targets.pop(name) in BY_KEY
    for name in json.loads(one["attributes"]["controlGroupInput"]["panelsJSON"]):
        view = targets.pop(f"controlGroup_{name}:optionsListDataView")
        assert view == ("index-pattern", DATA_VIEW)
    assert not targets


@named(CHARTS)
def test_layers_have_their_data_view(one: dict[str, Any]) -> None:
    """Every layer refers to the data view once, which is in the file."""
    assert sorted(one["references"], key=lambda ref: ref["name"]) == [
        {
            "type": "index-pattern",
            "id": DATA_VIEW,
            "name": f"indexpattern-datasource-layer-{name}",
        }
        for name in sorted(layers_of(one))
    ]


@named(SEARCHES)
def test_searches_have_their_data_view(one: dict[str, Any]) -> None:
    """A search names the reference to the data view."""
    source = json.loads(one["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])

    assert [(ref["name"], ref["id"]) for ref in one["references"]] == [
        (source["indexRefName"], DATA_VIEW)
    ]


@named(CHARTS)
def test_columns(one: dict[str, Any]) -> None:
    """What is drawn is worked out; buckets come first; nothing refers to nowhere."""
    layers = layers_of(one)
    for name, column in accessors_of(one):
        assert column in layers[name]["columns"]
    for layer in layers.values():
        columns, order = layer["columns"], layer["columnOrder"]
        bucketed = [columns[name]["isBucketed"] for name in order]
        assert sorted(order) == sorted(columns)
        assert bucketed == sorted(bucketed, reverse=True)
        for column in columns.values():
            assert set(column.get("references", [])) <= set(columns)


@named(CHARTS)
def test_every_bucket_is_drawn(one: dict[str, Any]) -> None:
    """A bucket that no part of the chart shows would only multiply its rows."""
    drawn = set(accessors_of(one))
    for name, layer in layers_of(one).items():
        for column, content in layer["columns"].items():
            if content["isBucketed"]:
                assert (name, column) in drawn


@named(CHARTS)
def test_order(one: dict[str, Any]) -> None:
    """Terms are ordered by what Lens orders by: no latest value, formula or filter."""
    for layer in layers_of(one).values():
        for column in layer["columns"].values():
            by = column.get("params", {}).get("orderBy", {})
            if by.get("type") == "column":
                decisive = layer["columns"][by["columnId"]]
                assert decisive["operationType"] not in {"last_value", "formula"}
                assert "filter" not in decisive


@named(CHARTS)
def test_missing_values(one: dict[str, Any]) -> None:
    """Lens has a bucket for missing values only beside one for all others."""
    for layer in layers_of(one).values():
        for column in layer["columns"].values():
            params = column.get("params", {})
            assert params.get("otherBucket", False) >= params.get("missingBucket", 0)


@named(CHARTS)
def test_latest_values(one: dict[str, Any]) -> None:
    """Texts of runtime fields are read from hits, or Elasticsearch would refuse."""
    for layer in layers_of(one).values():
        for column in layer["columns"].values():
            if column["operationType"] == "last_value":
                is_runtime = column["sourceField"] in RUNTIME_FIELDS
                expected = is_runtime and column["dataType"] == "string"
                assert column["params"]["showArrayValues"] == expected


@named(CHARTS)
def test_fields_can_be_aggregated(one: dict[str, Any]) -> None:
    """Every field is in the index template, or a runtime field, and aggregatable."""
    for field in fields_of(one):
        assert TYPES[field] in AGGREGATED


@named(CHARTS)
def test_data_types(one: dict[str, Any]) -> None:
    """A column says of itself what its field is, or it would not be formatted."""
    words = {"keyword": "string", "date": "date", "ip": "ip", "boolean": "boolean"}
    for layer in layers_of(one).values():
        for column in layer["columns"].values():
            if column["operationType"] in {"last_value", "min", "max", "terms"}:
                kind = words.get(TYPES[column["sourceField"]], "number")
                assert column["dataType"] == kind


@named([*CHARTS, *SEARCHES])
def test_queries(one: dict[str, Any]) -> None:
    """Every query can be read, and names fields of the template or runtime fields."""
    if one["type"] == "lens":
        queries = queries_of(one)
    else:
        meta = one["attributes"]["kibanaSavedObjectMeta"]
        queries = [json.loads(meta["searchSourceJSON"])["query"]["query"]]
        assert set(one["attributes"]["columns"]) <= set(TYPES)
    for query in queries:
        assert set(parse(query).fields) <= set(TYPES)


@named(DASHBOARDS)
def test_controls(one: dict[str, Any]) -> None:
    """A dashboard can be narrowed by fields that have values to choose from."""
    controls = json.loads(one["attributes"]["controlGroupInput"]["panelsJSON"])
    for name, control in controls.items():
        assert control["explicitInput"]["id"] == name
        assert TYPES[control["explicitInput"]["fieldName"]] == "keyword"


def test_panels_without_attempts() -> None:
    """Where results are counted, attempts that were followed by others are not."""
    counted = [board for board in BOARDS if board.name in COUNTED]

    assert len(counted) == len(COUNTED)
    for board in counted:
        for one in board.objects():
            if one["type"] == "lens":
                query = one["attributes"]["state"]["query"]["query"]
                assert query.startswith("summary.final_attempt: true")


def test_no_scripts_over_weeks() -> None:
    """A dashboard of a month reads so many documents that scripts would take long."""
    (board,) = (one for one in BOARDS if one.since == "now-30d")
    for one in board.objects():
        if one["type"] == "lens":
            for layer in layers_of(one).values():
                for column in layer["columns"].values():
                    is_scripted = column.get("sourceField") in RUNTIME_FIELDS
                    assert not is_scripted or column["operationType"] == "last_value"


def test_titles_tell_whose_they_are() -> None:
    """In a list of many dashboards ours are found together, each with a description."""
    for one in DASHBOARDS:
        assert one["attributes"]["title"].startswith("[Heartbeat] ")
        assert one["attributes"]["description"]

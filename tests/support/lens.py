"""What Kibana's Lens asks Elasticsearch for a chart, and what it shows of the answer.

Owns the way from the columns of a chart to a search, and back to rows. Must not know
which charts there are.

Where Lens takes `top_metrics` for the value of the latest document, `top_hits` stands
here, which gives the same value and which every Elasticsearch has. Lens itself takes it
where arrays are shown, as they have to be for runtime fields.
"""

from __future__ import annotations

import json
from typing import Any

from tests.support.kql import parse

EMPTY = "___records___"
DAYS = "1d"


def layers_of(chart: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the columns of each layer of a chart."""
    layers: dict[str, dict[str, Any]] = chart["attributes"]["state"][
        "datasourceStates"
    ]["formBased"]["layers"]
    return layers


def queries_of(chart: dict[str, Any]) -> list[str]:
    """Return every query in a chart."""
    found = [chart["attributes"]["state"]["query"]["query"]]
    for layer in layers_of(chart).values():
        for column in layer["columns"].values():
            if "filter" in column:
                found.append(column["filter"]["query"])
            choices = column.get("params", {}).get("filters", [])
            found += [choice["input"]["query"] for choice in choices]
    return found


def fields_of(chart: dict[str, Any]) -> list[str]:
    """Return every field that a chart works with, apart from those of queries."""
    return [
        column["sourceField"]
        for layer in layers_of(chart).values()
        for column in layer["columns"].values()
        if column.get("sourceField", EMPTY) != EMPTY
    ]


def search_of(
    chart: dict[str, Any], view: dict[str, Any], since: str
) -> dict[str, Any]:
    """Return the search for the data of a chart."""
    layer = layers_of(chart)["data"]
    time = {"range": {"@timestamp": {"gte": since, "lte": "now"}}}
    query = parse(chart["attributes"]["state"]["query"]["query"]).dsl
    columns = [(name, layer["columns"][name]) for name in layer["columnOrder"]]
    return {
        "size": 0,
        "track_total_hits": True,
        "query": {"bool": {"filter": [time, query]}},
        "runtime_mappings": json.loads(view["attributes"]["runtimeFieldMap"]),
        "aggs": _divided(
            [one for one in columns if one[1]["isBucketed"]],
            {name: one for name, one in columns if not one["isBucketed"]},
        ),
    }


def _divided(
    buckets: list[tuple[str, dict[str, Any]]], measures: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    if not buckets:
        return _measured(measures)
    (name, column), *rest = buckets
    inner = _divided(rest, measures)
    params = column["params"]
    match column["operationType"]:
        case "date_histogram":
            own: dict[str, Any] = {
                "date_histogram": {
                    "field": column["sourceField"],
                    "min_doc_count": 0,
                    "calendar_interval"
                    if params["interval"] == DAYS
                    else ("fixed_interval"): "1h"
                    if params["interval"] == "auto"
                    else params["interval"],
                }
            }
        case "filters":
            filters = {
                f["label"]: parse(f["input"]["query"]).dsl for f in params["filters"]
            }
            own = {"filters": {"filters": filters}}
        case "terms":
            own, order = _terms(column, measures)
            inner = {**inner, **order}
        case other:
            raise AssertionError(other)
    return {name: {**own, "aggs": inner}}


def _terms(
    column: dict[str, Any], measures: dict[str, dict[str, Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    params = column["params"]
    terms: dict[str, Any] = {"field": column["sourceField"], "size": params["size"]}
    if params["missingBucket"]:
        is_text = column["dataType"] == "string"
        terms["missing"] = "__missing__" if is_text else -1
    by = params["orderBy"]
    key, needed = "_key", {}
    if by["type"] == "column":
        key = by["columnId"]
        needed = _measured({key: measures[key]})
        if measures[key]["operationType"] == "percentile":
            key = f"{key}.{measures[key]['params']['percentile']}"
        if measures[key.partition(".")[0]]["operationType"] == "count":
            key = "_count"
    terms["order"] = {key: params["orderDirection"]}
    return {"terms": terms}, needed


def _measured(measures: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, column in measures.items():
        if column["operationType"] in {"formula", "math", "static_value"}:
            continue
        own = _measure(column)
        if "filter" in column:
            dsl = parse(column["filter"]["query"]).dsl
            own = {"filter": dsl, "aggs": {"it": own} if own else {}}
        if own:
            found[name] = own
    return found


def _measure(column: dict[str, Any]) -> dict[str, Any] | None:
    field, operation = column["sourceField"], column["operationType"]
    match operation:
        case "count":
            return None
        case "unique_count":
            return {"cardinality": {"field": field}}
        case "average":
            return {"avg": {"field": field}}
        case "min" | "max" | "sum":
            return {operation: {"field": field}}
        case "percentile":
            percents = [column["params"]["percentile"]]
            return {"percentiles": {"field": field, "percents": percents}}
        case "last_value":
            order = [{column["params"]["sortField"]: "desc"}]
            read = {"docvalue_fields": [field], "_source": False}
            return {"top_hits": {"size": 1, "sort": order, **read}}
        case other:
            raise AssertionError(other)


def rows_of(chart: dict[str, Any], answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a chart shows of an answer: a row for each bucket, by the labels."""
    layer = layers_of(chart)["data"]
    columns = [(name, layer["columns"][name]) for name in layer["columnOrder"]]
    buckets = [one for one in columns if one[1]["isBucketed"]]
    measures = {name: one for name, one in columns if not one["isBucketed"]}
    whole = {
        **answer.get("aggregations", {}),
        "doc_count": answer["hits"]["total"]["value"],
    }
    return _rows(whole, buckets, measures)


def _rows(
    found: dict[str, Any],
    buckets: list[tuple[str, dict[str, Any]]],
    measures: dict[str, dict[str, Any]],
) -> list[dict[str, Any]]:
    if not buckets:
        return [_values(found, measures)]
    (name, column), *rest = buckets
    inside: Any = found[name]["buckets"]
    if column["operationType"] == "filters":
        inside = [{"key": key, **bucket} for key, bucket in inside.items()]
    pairs = [(one.get("key_as_string", one["key"]), one) for one in inside]
    return [
        {column["label"]: key, **row}
        for key, bucket in pairs
        for row in _rows(bucket, rest, measures)
    ]


def _values(
    found: dict[str, Any], measures: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    values = {
        name: _value(found, name, column)
        for name, column in measures.items()
        if column["operationType"] not in {"formula", "math", "static_value"}
    }
    shown: dict[str, Any] = {}
    for name, column in measures.items():
        if column["operationType"] == "formula":
            parts = measures[column["references"][0]]
            first, second = (values[part] for part in parts["references"])
            tree = parts["params"]["tinymathAst"]
            is_ratio = tree["name"] == "divide"
            shown[column["label"]] = first / second if is_ratio else first - second
        elif name in values and not column["label"].startswith("Part of"):
            shown[column["label"]] = values[name]
    return shown


def _value(found: dict[str, Any], name: str, column: dict[str, Any]) -> Any:
    place = found.get(name, found)
    if "filter" in column:
        if column["operationType"] == "count":
            return place["doc_count"]
        place = place["it"]
    match column["operationType"]:
        case "count":
            return place["doc_count"]
        case "percentile":
            (value,) = place["values"].values()
            return value
        case "last_value":
            hits: list[dict[str, Any]] = place["hits"]["hits"]
            found = hits[0].get("fields", {}) if hits else {}
            return found.get(column["sourceField"], [None])[0]
        case _:
            return place.get("value_as_string", place["value"])

"""The checks of what is shipped see what they are there for."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from tests.elastic.dashboards import test_shipped as checks
from tests.support.kql import parse
from tests.support.lens import layers_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Check: TypeAlias = Callable[[dict[str, Any]], None]
    Change: TypeAlias = Callable[[dict[str, Any]], object]

CHART = checks.BY_KEY["lens", "heartbeat-overview-monitors"]
GRAPH = checks.BY_KEY["lens", "heartbeat-availability-daily"]
BOARD = checks.BY_KEY["dashboard", "heartbeat-overview"]


def columns(one: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a chart."""
    found: dict[str, Any] = layers_of(one)["data"]["columns"]
    return found


def with_panels(
    one: dict[str, Any], change: Callable[[list[dict[str, Any]]], None]
) -> None:
    """Change the panels of a dashboard, which are a text within it."""
    panels = checks.panels_of(one)
    change(panels)
    one["attributes"]["panelsJSON"] = json.dumps(panels)


CASES: list[tuple[Check, dict[str, Any], Change]] = [
    (checks.test_envelope, CHART, lambda o: o.pop("typeMigrationVersion")),
    (checks.test_envelope, CHART, lambda o: o.update(typeMigrationVersion="9.0.0")),
    (checks.test_envelope, CHART, lambda o: o["attributes"].update(version=1)),
    (checks.test_state, CHART, lambda o: o["attributes"]["state"].pop("filters")),
    (
        checks.test_json_within_json,
        BOARD,
        lambda o: o["attributes"].update(panelsJSON="["),
    ),
    (
        checks.test_json_within_json,
        BOARD,
        lambda o: o["attributes"]["controlGroupInput"].update(panelsJSON={}),
    ),
    (
        checks.test_grid,
        BOARD,
        lambda o: with_panels(o, lambda p: p[0]["gridData"].update(x=8)),
    ),
    (
        checks.test_grid,
        BOARD,
        lambda o: with_panels(o, lambda p: p[0]["gridData"].update(i="other")),
    ),
    (
        checks.test_panels_are_in_the_file,
        BOARD,
        lambda o: o["references"][0].update(id="nowhere"),
    ),
    (checks.test_panels_are_in_the_file, BOARD, lambda o: o["references"].pop(0)),
    (
        checks.test_layers_have_their_data_view,
        GRAPH,
        lambda o: o["references"].pop(),
    ),
    (checks.test_columns, CHART, lambda o: columns(o).pop("measure0")),
    (
        checks.test_columns,
        CHART,
        lambda o: layers_of(o)["data"]["columnOrder"].reverse(),
    ),
    (
        checks.test_every_bucket_is_drawn,
        CHART,
        lambda o: o["attributes"]["state"]["visualization"]["columns"].pop(0),
    ),
    (
        checks.test_order,
        CHART,
        lambda o: columns(o)["bucket0"]["params"]["orderBy"].update(
            columnId="measure0"
        ),
    ),
    (
        checks.test_missing_values,
        CHART,
        lambda o: columns(o)["bucket0"]["params"].update(missingBucket=True),
    ),
    (
        checks.test_latest_values,
        CHART,
        lambda o: columns(o)["measure0"]["params"].update(showArrayValues=False),
    ),
    (
        checks.test_fields_can_be_aggregated,
        CHART,
        lambda o: columns(o)["measure6"].update(sourceField="error.message"),
    ),
    (
        checks.test_data_types,
        CHART,
        lambda o: columns(o)["measure8"].update(dataType="number"),
    ),
    (
        checks.test_queries,
        CHART,
        lambda o: columns(o)["measure6"]["filter"].update(query="no.such.field: x"),
    ),
]


@pytest.mark.parametrize(("check", "base", "change"), CASES)
def test_sees_the_fault(check: Check, base: dict[str, Any], change: Change) -> None:
    """What is as it should be passes; with the fault it does not."""
    check(deepcopy(base))
    broken = deepcopy(base)
    change(broken)

    with pytest.raises((AssertionError, KeyError, ValueError)):
        check(broken)


@pytest.mark.parametrize(
    "text",
    ["a", "a:", "a: b and", "(a: b", "a: b c", "a = b", "a: (b", "not", 'a: "b'],
)
def test_queries_that_cannot_be_read(text: str) -> None:
    """A query with a fault is none."""
    with pytest.raises(ValueError, match="'"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"match_all": {}}),
        ("a: b", {"match": {"a": "b"}}),
        ('a: "b c"', {"match": {"a": "b c"}}),
        ("a.b: *", {"exists": {"field": "a.b"}}),
        ("a >= now-2m", {"range": {"a": {"gte": "now-2m"}}}),
        ("not a < 1", {"bool": {"must_not": [{"range": {"a": {"lt": "1"}}}]}}),
        (
            "a: b and (c: d or e: f)",
            {
                "bool": {
                    "filter": [
                        {"match": {"a": "b"}},
                        {
                            "bool": {
                                "should": [
                                    {"match": {"c": "d"}},
                                    {"match": {"e": "f"}},
                                ],
                                "minimum_should_match": 1,
                            }
                        },
                    ]
                }
            },
        ),
    ],
)
def test_queries(text: str, expected: dict[str, Any]) -> None:
    """What is asked of Elasticsearch for a query."""
    assert parse(text).dsl == expected

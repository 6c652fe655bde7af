"""The dashboards' questions, put to a real Elasticsearch that holds a small fleet.

Kibana is not there: `tests.support.lens` asks in its stead.
"""

from __future__ import annotations

import json
import secrets
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.elastic.dashboards.shipped import BOARDS, all_objects
from heartbeat.elastic.fields import missing
from heartbeat.elastic.template import mappings
from tests.elastic.dashboards.fleet import documents
from tests.support.kql import parse
from tests.support.lens import fields_of, queries_of, rows_of, search_of

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.elasticsearch, pytest.mark.slow, pytest.mark.timeout(60)]

VIEW, *_ = OBJECTS = all_objects()
CHARTS = {one["id"]: one for one in OBJECTS if one["type"] == "lens"}
SINCE = {
    f"{board.id}-{panel.name}": board.since
    for board in BOARDS
    for panel, _ in board.placed()
}
NOTHING_TO_SHOW = {
    "heartbeat-http-errors",
    "heartbeat-http-failing",
    "heartbeat-http-redirects",
    "heartbeat-incidents-flaps",
    "heartbeat-latency-jitter",
    "heartbeat-latency-loss",
    "heartbeat-health-lookups",
}
"""Panels of what the fleet does not have, such as HTTP failures and fixed pings."""


def call(method: str, url: str, body: object = None) -> Any:
    """Return the JSON answer of a request to the cluster."""
    content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    request = urllib.request.Request(  # noqa: S310 - the server under test
        url,
        method=method,
        data=None if body is None else content,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.load(answer)


@dataclass(frozen=True, slots=True)
class Shown:
    """Where the fleet's documents are."""

    url: str

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return what a panel shows; fails if any part of the index did."""
        search = search_of(CHARTS[name], VIEW, SINCE[name])
        answer = call("POST", f"{self.url}/_search", search)
        assert answer["_shards"]["failed"] == 0
        return rows_of(CHARTS[name], answer)

    def number(self, name: str) -> Any:
        """Return what a tile shows."""
        (row,) = self.rows(name)
        (number,) = row.values()
        return number


@pytest.fixture(scope="module")
def shown(elasticsearch_url: str) -> Iterator[Shown]:
    """Return the fleet in an index with our mappings, and one beside it without any.

    The second is what a script meets when fields are missing.
    """
    server = elasticsearch_url
    name = f"dashboards-test-{secrets.token_hex(4)}"
    bare = {"properties": {"@timestamp": {"type": "date"}}, "dynamic": False}
    call("PUT", f"{server}/{name}", {"mappings": mappings()})
    call("PUT", f"{server}/{name}-bare", {"mappings": bare})
    fleet = documents(datetime.now(UTC))  # noqa: TID251 - the server's time counts
    lines = [line for one in fleet for line in ({"index": {"_index": name}}, one)]
    stray = {"@timestamp": fleet[0]["@timestamp"], "agent": {"type": "heartbeat"}}
    lines += [{"index": {"_index": f"{name}-bare"}}, stray]
    body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    answer = call("POST", f"{server}/_bulk?refresh=true", body)
    assert answer["errors"] is False
    yield Shown(f"{server}/{name}*")
    call("DELETE", f"{server}/{name},{name}-bare")


def test_the_fleet_is_as_heartbeat_writes() -> None:
    """No document of the fleet has a field that heartbeat would not write."""
    for one in documents(datetime.now(UTC)):  # noqa: TID251 - any time will do
        assert missing(one) == []


@pytest.mark.parametrize("name", sorted(CHARTS))
def test_every_panel_is_answered(shown: Shown, name: str) -> None:
    """The question is one that Elasticsearch takes, and there is something to show."""
    rows = shown.rows(name)
    values = [value for row in rows for value in row.values()]

    if name not in NOTHING_TO_SHOW:
        assert any(value is not None for value in values)


def test_every_field_can_be_aggregated(shown: Shown) -> None:
    """The index itself says so, of every field that a panel works with."""
    runtime = json.loads(VIEW["attributes"]["runtimeFieldMap"])
    fields = {field for one in CHARTS.values() for field in fields_of(one)}
    body = {"runtime_mappings": runtime}
    path = f"{shown.url}/_field_caps?fields={','.join(sorted(fields))}"
    told = call("POST", path, body)["fields"]

    assert fields <= set(told)
    for name in fields:
        for capabilities in told[name].values():
            assert capabilities["aggregatable"] or capabilities["type"] == "unmapped"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("heartbeat-overview-up", 2),
        ("heartbeat-overview-down", 1),
        ("heartbeat-overview-stale", 2),
        ("heartbeat-overview-degraded", 1),
        ("heartbeat-certificates-certificates", 1),
        ("heartbeat-certificates-expiring", 1),
        ("heartbeat-certificates-expired", 0),
        ("heartbeat-incidents-open", 1),
        ("heartbeat-incidents-all", 2),
        ("heartbeat-incidents-recovery", 600_000),
        ("heartbeat-incidents-flapping", 0),
        ("heartbeat-health-alive", 2),
        ("heartbeat-health-silent", 1),
        ("heartbeat-health-stale", 2),
        ("heartbeat-health-gaps", 1),
        ("heartbeat-health-steps", 0),
        ("heartbeat-availability-down", 41),
    ],
)
def test_tile(shown: Shown, name: str, expected: float) -> None:
    """A stale monitor is neither up nor down; a renewed attempt is no failure."""
    assert shown.number(name) == expected


def test_availability(shown: Shown) -> None:
    """It is the share of results that were up, attempts left out."""
    total = 4 * 60 + 2 * 60 + 1

    assert shown.number("heartbeat-overview-availability") == pytest.approx(
        (total - 41) / total
    )


def test_days_left(shown: Shown) -> None:
    """Counted from the latest check that saw the certificate."""
    assert shown.number("heartbeat-certificates-soonest") == pytest.approx(20, abs=0.1)


def test_monitors_are_shown_as_they_are_now(shown: Shown) -> None:
    """Of a monitor that nobody looks at any more the table says stale, not up."""
    rows = shown.rows("heartbeat-overview-monitors")

    assert {(row["Id"], row["Monitor"], row["Now"]) for row in rows} == {
        ("shop", "Shop", "up"),
        ("api", "Api", "down"),
        ("old", "Old", "stale"),
        ("far", "Far", "stale"),
        ("auto-1", "auto-1", "up"),
    }


def test_heartbeat_that_fell_silent(shown: Shown) -> None:
    """It comes first, without a current monitor."""
    first, *others = shown.rows("heartbeat-health-agents")

    assert (first["Heartbeat"], first["Current monitors"]) == ("probe-bergen", 0)
    assert [row["Current monitors"] for row in others] == [2, 2]


def test_incidents(shown: Shown) -> None:
    """Each with its time and cause, the latest first, and whether it is open."""
    rows = shown.rows("heartbeat-incidents-table")

    assert [
        (row["Monitor"], row["Open"], row["Lasted"], row["Error"]) for row in rows
    ] == [
        ("auto-1", 0, 540_000, "NET_COULD_NOT_CONNECT"),
        ("Api", 1, 1_800_000, "NET_COULD_NOT_CONNECT"),
    ]


def test_availability_by_location(shown: Shown) -> None:
    """A monitor with two locations has a row for each, the worst of all first."""
    rows = shown.rows("heartbeat-availability-table")

    assert [(row["Id"], row["Location"]) for row in rows][:2] == [
        ("api", "Frankfurt"),
        ("auto-1", "Oslo"),
    ]
    assert {row["Location"] for row in rows if row["Id"] == "shop"} == {
        "Frankfurt",
        "Oslo",
    }


def test_every_query_is_taken(shown: Shown) -> None:
    """Also those of single columns, with their dates relative to now."""
    runtime = json.loads(VIEW["attributes"]["runtimeFieldMap"])
    for query in {query for one in CHARTS.values() for query in queries_of(one)}:
        body = {"size": 0, "query": parse(query).dsl, "runtime_mappings": runtime}
        answer = call("POST", f"{shown.url}/_search", body)
        assert answer["_shards"]["failed"] == 0

"""Uptime's overview over the fleet: who is there, who is down, what can be searched.

The names of the tests are those of the queries in the contract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.clauses import (
    NO_TEST_RUN,
    SUMMARY,
    Kibana,
    call,
    count,
    term,
    terms,
    typed,
    within,
)
from tests.support.fleet import can_ping
from tests.support.pages import candidates, counted, refined

if TYPE_CHECKING:
    from tests.support.clauses import Clause

pytestmark = [pytest.mark.elasticsearch, pytest.mark.slow, pytest.mark.timeout(90)]

PING = {"ping"} if can_ping() else set[str]()
DOWN = {"checkout", "shop-db", "flappy", "half", "expired"} | ({"ping"} - PING)
UP = {
    "front-door",
    "pool",
    "recovered",
    "renamed",
    "expiring",
    "aged",
    "fresh",
} | PING
SHOWN = UP | DOWN
"""Whom the overview lists by default; the last 15 minutes know no others."""


def test_u1_index_status(uptime: Kibana) -> None:
    """There is something to show, now and at all; without an index it says so."""
    body = {"query": within("now-7d/d", "now/d")}
    url = f"{uptime.server}/{uptime.indices}"

    assert call("GET", f"{url}/_count?terminate_after=1")["count"] > 0
    assert call("POST", f"{url}/_count?terminate_after=1", body)["count"] > 0
    assert call("GET", f"{url}-none/_count")["status"] == 404


def test_u2_potential_matches(uptime: Kibana) -> None:
    """Every monitor of the last quarter of an hour, forwards and backwards."""
    assert uptime.has_spans()
    assert candidates(uptime) == sorted(SHOWN)
    assert candidates(uptime, order="desc") == sorted(SHOWN, reverse=True)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"match": {"monitor.status": "down"}}, DOWN | {"recovered"}),
        ({"match": {"monitor.status": "up"}}, UP | {"checkout", "flappy"}),
        (terms("tags", ["shop"]), {"front-door"}),
        (term("observer.geo.name", "London"), {"front-door", "checkout"}),
        (term("monitor.type", "tcp"), {"shop-db", "renamed"}),
    ],
    ids=["down", "up", "tag", "place", "type"],
)
def test_u2_filters(uptime: Kibana, filters: Clause, expected: set[str]) -> None:
    """Status and the filter bar leave what fitted at some time of the window."""
    assert set(candidates(uptime, filters)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("front", {"front-door"}),
        ("DATABASE", {"shop-db"}),
        ("db", {"shop-db"}),
        ("shop", {"shop-db", "front-door"}),
        ("pool.test", {"pool"}),
        ("nothing", set[str]()),
    ],
)
def test_u2_search(uptime: Kibana, text: str, expected: set[str]) -> None:
    """The search bar finds ids, names, URLs and tags, in any case."""
    assert set(candidates(uptime, typed(text))) == expected


def test_u2_search_for_a_port(uptime: Kibana) -> None:
    """A number is a port as well."""
    (document,) = uptime.documents(term("monitor.id", "shop-db"), SUMMARY, size=1)

    assert candidates(uptime, typed(str(document["url"]["port"]))) == ["shop-db"]


def test_u2_who_is_not_there(uptime: Kibana) -> None:
    """A dead heartbeat's monitor is gone even where its time is looked at.

    A slow one is there as soon as the window is wide enough for its last result.
    """
    assert {"gone", "hourly"}.isdisjoint(candidates(uptime))
    assert "hourly" in candidates(uptime, begin="now-1h")
    assert "gone" not in candidates(uptime, begin="now-1h")


def test_u3_refined_matches(uptime: Kibana) -> None:
    """One line for each monitor: its worst place counts, its newest name is shown."""
    lines = refined(uptime, *sorted(SHOWN))

    assert {name for name, line in lines.items() if line["status"] == "down"} == DOWN
    assert {name for name, line in lines.items() if line["status"] == "up"} == UP
    assert lines["renamed"]["name"] == "New Name"
    assert sorted(lines["checkout"]["places"]) == ["Frankfurt", "London"]
    assert (lines["checkout"]["up"], lines["checkout"]["down"]) == (1, 1)
    assert (lines["pool"]["up"], lines["pool"]["down"]) == (2, 0)
    assert (lines["half"]["up"], lines["half"]["down"]) == (1, 1)
    assert lines["ping"]["places"] == ["N/A"]
    assert lines["front-door"]["url"].startswith("http://127.0.0.1:")


def test_u3_with_a_filter(uptime: Kibana) -> None:
    """A monitor stays listed by the newest document that fits the filter."""
    place = term("observer.geo.name", "London")
    lines = refined(uptime, "checkout", "shop-db", matching=place)

    assert lines["checkout"]["status"] == "down"
    assert lines["shop-db"] == {}


def test_u3_of_older_kibana(uptime: Kibana) -> None:
    """Kibana 7 goes by check groups: one summary for each, shared by all documents."""
    groups = uptime.buckets(
        {
            "terms": {"field": "monitor.check_group", "size": 1000},
            "aggs": {"summaries": {"filter": SUMMARY}},
        },
        within("now-15m"),
    )
    sizes = {(one["doc_count"], one["summaries"]["doc_count"]) for one in groups}

    assert sizes == {(1, 1), (2, 1)}


def test_u4_snapshot_counts(uptime: Kibana) -> None:
    """The header counts every monitor once, as down if it is down anywhere."""
    assert counted(uptime) == {"total": len(SHOWN), "up": len(UP), "down": len(DOWN)}


def test_u4_without_a_script(uptime: Kibana) -> None:
    """The same by the newest document of each place.

    Where the node lacks top_metrics, top_hits reads the same values.
    """
    place = {"terms": {"field": "observer.geo.name", "missing_bucket": True}}
    sources = [{"id": {"terms": {"field": "monitor.id"}}}, {"place": place}]
    found = uptime.buckets(
        {
            "composite": {"size": 1000, "sources": sources},
            "aggs": {"newest": uptime.newest(["summary.down"])},
        },
        SUMMARY,
        NO_TEST_RUN,
        *uptime.date(),
    )
    down = {
        one["key"]["id"]
        for one in found
        if uptime.values(one["newest"])["summary.down"] > 0
    }

    assert down == DOWN


def test_u6_ping_histogram(uptime: Kibana) -> None:
    """Ups and downs over time, of all and of one monitor."""

    def bars(*filters: Clause) -> tuple[float, float, int]:
        histogram = {
            "date_histogram": {
                "field": "@timestamp",
                "fixed_interval": "60000ms",
                "missing": 0,
                "time_zone": "Europe/Berlin",
            },
            "aggs": {
                "down": {"sum": {"field": "summary.down"}},
                "up": {"sum": {"field": "summary.up"}},
            },
        }
        asked = (within("now-15m"), SUMMARY, NO_TEST_RUN, *filters)
        found = uptime.buckets(histogram, *asked)
        up, down = (sum(one[way]["value"] for one in found) for way in ("up", "down"))
        return up, down, sum(one["doc_count"] > 0 for one in found)

    assert bars({"match": {"monitor.id": "half"}}) == (11, 11, 11)
    assert bars({"match": {"monitor.id": "shop-db"}}) == (0, 12, 11)
    # Two places look one after the other, perhaps on both sides of a full minute.
    assert bars({"match": {"monitor.id": "checkout"}})[:2] == (11, 11)
    assert bars(typed("front"))[:2] == (22, 0)
    assert bars()[0] == sum(document_counts(uptime, "summary.up"))


def document_counts(app: Kibana, field: str) -> list[int]:
    """Return a number of each summary as it stands in the documents."""
    found = app.documents(within("now-15m"), SUMMARY)
    first, second = field.split(".")
    return [document[first][second] for document in found]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("observer.geo.name", {"Frankfurt": 12, "London": 2}),
        ("monitor.type", {"http": 10, "tcp": 2, "icmp": 1}),
        ("tags", {"shop": 1, "web": 1, "db": 1}),
    ],
)
def test_u12_filter_values(
    uptime: Kibana, field: str, expected: dict[str, int]
) -> None:
    """The filter bar offers what there is, with the number of monitors."""
    found = uptime.buckets(
        {
            "terms": {"field": field, "size": 50},
            "aggs": {"monitors": count("monitor.id")},
        },
        SUMMARY,
        NO_TEST_RUN,
        within("now-15m"),
    )

    assert {one["key"]: one["monitors"]["value"] for one in found} == expected


def test_u12_filter_values_while_typing(uptime: Kibana) -> None:
    """A begin of a word leaves the values that begin so; ports are numbers."""
    asked = (SUMMARY, NO_TEST_RUN, within("now-15m"))
    places = {"field": "observer.geo.name", "size": 50, "include": "Lon.*"}
    found = uptime.buckets({"terms": places}, *asked)
    ports = uptime.buckets({"terms": {"field": "url.port", "size": 50}}, *asked)

    assert [one["key"] for one in found] == ["London"]
    assert all(isinstance(one["key"], int) for one in ports)


def test_u12_suggestions(uptime: Kibana) -> None:
    """What the filter bar completes can be searched and added up."""
    names = ("monitor.id", "observer.geo.name", "tags", "url.port", "summary.down")
    query = f"_field_caps?fields={','.join(names)}"
    fields = call("GET", f"{uptime.server}/{uptime.indices}/{query}")["fields"]
    facts = [fact for name in names for fact in fields[name].values()]

    assert len(facts) == len(names)
    assert all(fact["searchable"] and fact["aggregatable"] for fact in facts)

"""Uptime's page of one monitor over the fleet.

The names of the tests are those of the queries in the contract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.clauses import (
    MISSING_PLACE,
    NO_TEST_RUN,
    SUMMARY,
    Kibana,
    exists,
    hit,
    newest_hit,
    term,
    terms,
    total,
    within,
)

if TYPE_CHECKING:
    from tests.support.clauses import Clause

pytestmark = [pytest.mark.elasticsearch, pytest.mark.slow, pytest.mark.timeout(90)]

ASKED = (SUMMARY, NO_TEST_RUN, within("now-15m"))


def of(monitor: str) -> Clause:
    """Ask for a monitor."""
    return term("monitor.id", monitor)


def test_u5_pings(uptime: Kibana) -> None:
    """The list of a monitor's results, newest first, one page after the other."""
    first = uptime.documents(*ASKED, of("front-door"), size=15)
    second = uptime.documents(*ASKED, of("front-door"), size=15, **{"from": 15})
    stamps = [one["@timestamp"] for one in first + second]

    assert (len(first), len(second)) == (15, 7)
    assert stamps == sorted(stamps, reverse=True)
    assert first[0]["monitor"]["name"] == "Front Door"


def test_u5_pings_of_a_place(uptime: Kibana) -> None:
    """One place is chosen, another is left out, a status is asked for."""
    london = {"post_filter": terms("observer.geo.name", ["London"])}
    elsewhere = {"bool": {"must_not": terms("observer.geo.name", ["London"])}}
    down = term("monitor.status", "down")
    checkout = (*ASKED, of("checkout"))

    chosen = uptime.documents(*checkout, **london)
    assert {one["observer"]["geo"]["name"] for one in chosen} == {"London"}
    assert uptime.documents(*checkout, elsewhere, down) == []
    assert len(uptime.documents(*checkout, down)) == 11


def test_u5_what_a_row_shows(uptime: Kibana) -> None:
    """Numbers are numbers and texts are texts, because Kibana does not convert them."""
    (row,) = uptime.documents(*ASKED, of("checkout"), size=1)

    assert isinstance(row["monitor"]["duration"]["us"], int)
    assert isinstance(row["http"]["response"]["status_code"], int)
    assert isinstance(row["http"]["response"]["body"]["bytes"], int)
    assert isinstance(row["monitor"]["timespan"]["lt"], str)
    assert isinstance(row["url"]["port"], int)
    assert row["monitor"]["ip"] == "127.0.0.1"
    assert row["agent"]["type"] == "heartbeat"


def test_u7_monitor_details(uptime: Kibana) -> None:
    """The last error, with its code and the moment."""
    must = {"bool": {"must": exists("error")}}
    asked = (within("now-15m"), of("shop-db"), must)
    (found,) = uptime.documents(*asked, size=1, _source=["error", "@timestamp"])

    assert found["error"]["type"] == "io"
    assert found["error"]["code"] == "NET_COULD_NOT_CONNECT"
    assert "connection refused" in found["error"]["message"]
    assert uptime.documents(within("now-15m"), of("front-door"), exists("error")) == []


@pytest.mark.parametrize(("tag", "is_covered"), [("web", True), ("db", False)])
def test_u7_rules_that_cover_a_monitor(
    uptime: Kibana, tag: str, *, is_covered: bool
) -> None:
    """A rule counts for a monitor if its query finds any document of it."""
    rule = {"bool": {"should": [term("tags", tag)], "minimum_should_match": 1}}
    found = uptime.documents(of("front-door"), rule, size=1)

    assert bool(found) is is_covered


def test_u7_of_a_dead_address(uptime: Kibana) -> None:
    """A check of several addresses tells which one failed."""
    (found, *_) = uptime.documents(within("now-15m"), of("half"), exists("error"))

    assert found["monitor"]["ip"] == "127.0.0.2"
    assert found["summary"]["down"] == 1


LATEST = ["url", "monitor", "observer", "@timestamp", "tls.*", "http", "error", "tags"]


def test_u8_latest_monitor(uptime: Kibana) -> None:
    """The head of the page: name, address, certificate, tags of the last result."""
    asked = {"size": 1, "_source": LATEST}
    (renamed,) = uptime.documents(*ASKED, of("renamed"), **asked)
    (front,) = uptime.documents(*ASKED, of("front-door"), **asked)
    (secure,) = uptime.documents(*ASKED, of("expiring"), **asked)

    assert renamed["monitor"]["name"] == "New Name"
    assert renamed["url"]["full"].startswith("tcp://127.0.0.1:")
    assert front["tags"] == ["shop", "web"]
    assert secure["tls"]["server"]["x509"]["subject"]["common_name"] == "expiring.test"
    assert secure["tls"]["established"] is True


def test_u8_at_a_place(uptime: Kibana) -> None:
    """The last result of one place tells that place's error."""
    place = term("observer.geo.name", "London")
    (found,) = uptime.documents(*ASKED, of("checkout"), place, size=1, _source=LATEST)

    assert found["observer"] == {
        "name": "lon",
        "geo": {"name": "London", "location": "51.5, -0.1"},
    }
    assert found["error"]["message"].startswith("Bad HTTP status Service Unavailable")


def places(app: Kibana, monitor: str) -> dict[str, Any]:
    """Return what the panel of places shows."""
    shown = ("monitor", "summary", "observer", "@timestamp")
    found = app.buckets(
        {
            "terms": {
                "field": "observer.geo.name",
                "missing": "__location_missing__",
            },
            "aggs": {
                "most_recent": newest_hit(*shown),
                "down_history": total("summary.down"),
                "up_history": total("summary.up"),
            },
        },
        *ASKED,
        of(monitor),
    )
    return {one["key"]: one for one in found}


def test_u9_monitor_locations(uptime: Kibana) -> None:
    """Each place has its history, its last status and a point on the map."""
    found = places(uptime, "checkout")
    ups = {name: one["up_history"]["value"] for name, one in found.items()}
    downs = {name: one["down_history"]["value"] for name, one in found.items()}
    london = hit(found["London"]["most_recent"])
    latitude, longitude = london["observer"]["geo"]["location"].split(",")

    assert ups == {"Frankfurt": 11, "London": 0}
    assert downs == {"Frankfurt": 0, "London": 11}
    assert (float(latitude), float(longitude)) == (51.5, -0.1)


def test_u9_without_a_place(uptime: Kibana) -> None:
    """A heartbeat that names no place has none, and no `observer.geo` either."""
    (found,) = places(uptime, "ping").values()

    assert found["key"] == "__location_missing__"
    assert "geo" not in hit(found["most_recent"]).get("observer", {})


def test_u10_duration_chart(uptime: Kibana) -> None:
    """A line for each place, through the mean of what was measured."""
    line = {
        "terms": {"field": "observer.geo.name", "missing": MISSING_PLACE},
        "aggs": {"duration": {"stats": {"field": "monitor.duration.us"}}},
    }
    found = uptime.buckets(
        {
            "auto_date_histogram": {"field": "@timestamp", "buckets": 25},
            "aggs": {"location": line},
        },
        *ASKED,
        of("front-door"),
        {"range": {"monitor.duration.us": {"gt": 0}}},
    )
    lines = [one for bucket in found for one in bucket["location"]["buckets"]]

    assert {one["key"] for one in lines} == {"Frankfurt", "London"}
    assert sum(one["duration"]["count"] for one in lines) == 22
    assert all(one["duration"]["avg"] > 0 for one in lines)


JOURNEY = (
    "cmd/status",
    "journey/browserconsole",
    "step/end",
    "step/screenshot",
    "step/screenshot_ref",
)


@pytest.mark.parametrize(
    "asked",
    [
        {"query": terms("synthetics.type", JOURNEY), "sort": "synthetics.step.index"},
        {"query": terms("synthetics.type", ["journey/start"])},
        {"query": terms("synthetics.type", ["journey/network_info"])},
        {
            "query": {
                "bool": {
                    "filter": [
                        term("synthetics.type", "step/end"),
                        exists("synthetics.error"),
                    ]
                }
            }
        },
        {
            "query": {
                "bool": {
                    "filter": [
                        term("synthetics.type", "heartbeat/summary"),
                        {"range": {"summary.down": {"lte": 0}}},
                    ]
                }
            }
        },
    ],
    ids=["steps", "details", "network", "failed steps", "last success"],
)
def test_u17_browser_only(uptime: Kibana, asked: dict[str, Any]) -> None:
    """No result passes for a step of a browser, and asking for one does not fail."""
    order = [{asked.get("sort", "@timestamp"): "asc"}, {"@timestamp": "asc"}]
    found = uptime.documents(within("now-15m"), asked["query"], sort=order, size=500)

    assert found == []
    assert uptime.documents(exists("synthetics")) == []

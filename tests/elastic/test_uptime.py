"""Kibana's Uptime over the documents of a small fleet in a real Elasticsearch.

The fleet is checked by the whole program, which puts the template in place itself; the
queries are those that the app sends.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.app import App, Mode
from tests.support import certificates
from tests.support.servers import echo, refused_port, serve, silence
from tests.support.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.elasticsearch, pytest.mark.slow, pytest.mark.timeout(90)]

SPAN = {"range": {"monitor.timespan": {"gte": "now-20m", "lte": "now"}}}
RECENT = [
    {"exists": {"field": "summary"}},
    {"bool": {"must_not": {"exists": {"field": "run_once"}}}},
    {"range": {"@timestamp": {"gte": "now-15m", "lte": "now"}}},
]
"""What nearly every query asks for: summaries, no test runs, a range of time."""

COUNTS = {
    "init_script": "state.locations = new HashMap()",
    "map_script": """
        def key = [doc['monitor.id'][0],
            doc['observer.geo.name'].size() == 0 ? '' : doc['observer.geo.name'][0]];
        def time = doc['@timestamp'][0].toInstant().toEpochMilli();
        def last = state.locations[key];
        if (last == null || last.time < time) {
          state.locations[key] = ['time': time, 'down': doc['summary.down'][0]];
        }""",
    "combine_script": "return state",
    "reduce_script": """
        def down = new HashMap();
        for (state in states) {
          for (entry in state.locations.entrySet()) {
            boolean before = down.getOrDefault(entry.getKey()[0], false);
            down[entry.getKey()[0]] = before || entry.getValue().down > 0;
          }
        }
        int count = 0;
        for (one in down.values()) { if (one) { count++; } }
        return ['total': down.size(), 'down': count, 'up': down.size() - count];""",
}


def call(method: str, url: str, body: object = None) -> Any:
    """Return the JSON answer of a request to the cluster."""
    request = urllib.request.Request(  # noqa: S310 - the server under test
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.load(answer)


@dataclass(frozen=True, slots=True)
class Fleet:
    """Where the documents of the fleet are; `delivered` if all of them are there."""

    url: str
    delivered: bool

    def search(self, *filters: Any, **more: Any) -> Any:
        """Return what is found; fails if a part of the index could not be asked."""
        body = {"query": {"bool": {"filter": [*RECENT, *filters]}}, **more}
        found = call("POST", f"{self.url}/_search", body)
        assert found["_shards"]["failed"] == 0
        return found

    def sources(self, *filters: Any, **more: Any) -> list[dict[str, Any]]:
        """Return the documents that are found, newest first."""
        order = {"sort": [{"@timestamp": "desc"}], "size": 100}
        hits = self.search(*filters, **(order | more))["hits"]["hits"]
        return [hit["_source"] for hit in hits]

    def buckets(self, aggregation: Any, *filters: Any) -> list[dict[str, Any]]:
        """Return the buckets of an aggregation."""
        found = self.search(*filters, size=0, aggs={"it": aggregation})
        buckets: list[dict[str, Any]] = found["aggregations"]["it"]["buckets"]
        return buckets


async def check(home: Path, server: str, name: str) -> bool:
    """Check the fleet once; return whether every document was taken."""
    context = certificates.server_context(certificates.expired())
    (home / "ca.pem").write_text(certificates.root().pem)
    async with serve(echo) as port, serve(silence, tls=context) as tls:
        config = f"""
output.elasticsearch: {{hosts: ["{server}"], index: {name}}}
setup.template: {{name: {name}, pattern: {name}}}
heartbeat.run_from: {{id: fra, geo: {{name: Frankfurt, location: "50.1, 8.7"}}}}
heartbeat.monitors:
- {{type: tcp, id: open, name: Front Door, hosts: ["127.0.0.1:{port}"],
   schedule: "@every 60s", tags: [shop]}}
- {{type: tcp, id: shut, hosts: ["127.0.0.1:{refused_port()}"],
   schedule: "@every 60s", fields: {{team: a}}}}
- {{type: http, id: expired, urls: ["https://localhost:{tls}/"],
   schedule: "@every 60s", ssl.certificate_authorities: ["{home}/ca.pem"]}}
- {{type: icmp, id: ping, hosts: ["127.0.0.1"], schedule: "@every 60s"}}
"""
        app = App(settings_of(home, config), hostname="probe-1", mode=Mode.ONCE)
        code = await app.run()
    return code == 0 and not any((home / "data" / "dead-letter").glob("*"))


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Return a fleet that was checked, gone in the end with its template."""
    server = os.environ.get("HEARTBEAT_TEST_ELASTICSEARCH", "").rstrip("/")
    if not server:
        pytest.skip("HEARTBEAT_TEST_ELASTICSEARCH names no Elasticsearch to test with")
    name = f"heartbeat-test-{secrets.token_hex(4)}"
    delivered = asyncio.run(check(tmp_path_factory.mktemp("fleet"), server, name))
    call("POST", f"{server}/{name}/_refresh")
    yield Fleet(f"{server}/{name}", delivered)
    call("DELETE", f"{server}/_data_stream/{name}")
    call("DELETE", f"{server}/_index_template/{name}")


def test_every_document_is_taken(fleet: Fleet) -> None:
    """The mapping refuses nothing, and what is there is a data stream with a policy."""
    server, _, name = fleet.url.rpartition("/")

    (stream,) = call("GET", f"{server}/_data_stream/{name}")["data_streams"]

    assert fleet.delivered
    assert call("GET", f"{fleet.url}/_count")["count"] == 4
    assert (stream["template"], stream["ilm_policy"]) == (name, "heartbeat")


def test_no_field_is_mapped_by_chance(fleet: Fleet) -> None:
    """What heartbeat writes is in the template; only the operator's own is dynamic."""
    server, _, name = fleet.url.rpartition("/")
    path = f"{server}/_index_template/{name}"
    (template,) = call("GET", path)["index_templates"]
    known = template["index_template"]["template"]["mappings"]["properties"]
    (index,) = call("GET", f"{fleet.url}/_mapping").values()
    present = index["mappings"]["properties"]

    assert present.pop("fields") != known.pop("fields")
    assert present == known


def test_u1_index_status(fleet: Fleet) -> None:
    """There is something to show."""
    found = call("GET", f"{fleet.url}/_count?terminate_after=1")

    assert found["count"] > 0


@pytest.mark.parametrize(
    ("status", "expected"), [("up", {"open"}), ("down", {"expired", "shut"})]
)
def test_u2_potential_matches(fleet: Fleet, status: str, expected: set[str]) -> None:
    """The overview finds the monitors of a status."""
    sources = [{"monitor_id": {"terms": {"field": "monitor.id", "order": "asc"}}}]
    found = fleet.buckets(
        {"composite": {"size": 1000, "sources": sources}},
        SPAN,
        {"match": {"monitor.status": status}},
    )

    assert {bucket["key"]["monitor_id"] for bucket in found} - {"ping"} == expected


def test_u3_refined_matches(fleet: Fleet) -> None:
    """The latest summary of each monitor and place is what is shown."""
    latest = {"top_hits": {"size": 1, "sort": [{"@timestamp": {"order": "desc"}}]}}
    summaries = {"filter": {"exists": {"field": "summary"}}, "aggs": {"latest": latest}}
    places = {
        "terms": {"field": "observer.geo.name", "missing": "N/A", "size": 100},
        "aggs": {"summaries": summaries},
    }
    monitors = {"terms": {"field": "monitor.id"}, "aggs": {"location": places}}
    (bucket,) = fleet.buckets(monitors, {"terms": {"monitor.id": ["shut"]}}, SPAN)

    (place,) = bucket["location"]["buckets"]
    (hit,) = place["summaries"]["latest"]["hits"]["hits"]
    assert place["key"] == "Frankfurt"
    assert (hit["_source"]["summary"]["down"], hit["_source"]["summary"]["up"]) == (
        1,
        0,
    )


def test_u4_snapshot_counts(fleet: Fleet) -> None:
    """The script of the counts reads its fields from the index."""
    no_ping = {"bool": {"must_not": {"term": {"monitor.id": "ping"}}}}
    found = fleet.search(
        SPAN, no_ping, size=0, aggs={"it": {"scripted_metric": COUNTS}}
    )

    assert found["aggregations"]["it"]["value"] == {"total": 3, "up": 1, "down": 2}


def test_u5_pings(fleet: Fleet) -> None:
    """The list of pings of a monitor at a place."""
    found = fleet.sources(
        {"term": {"monitor.id": "open"}},
        {"term": {"monitor.status": "up"}},
        post_filter={"terms": {"observer.geo.name": ["Frankfurt"]}},
    )

    assert [source["monitor"]["name"] for source in found] == ["Front Door"]


def test_u6_histogram(fleet: Fleet) -> None:
    """Ups and downs over time are sums of numbers."""
    histogram = {
        "date_histogram": {"field": "@timestamp", "fixed_interval": "1h", "missing": 0},
        "aggs": {
            "down": {"sum": {"field": "summary.down"}},
            "up": {"sum": {"field": "summary.up"}},
        },
    }
    found = fleet.buckets(histogram, {"terms": {"monitor.id": ["open", "shut"]}})

    up, down = (sum(one[way]["value"] for one in found) for way in ("up", "down"))
    assert (up, down) == (1, 1)


def test_u7_details(fleet: Fleet) -> None:
    """The last error of a monitor."""
    found = fleet.sources(
        {"term": {"monitor.id": "shut"}}, {"exists": {"field": "error"}}
    )

    assert found[0]["error"]["code"] == "NET_COULD_NOT_CONNECT"


def test_u9_locations(fleet: Fleet) -> None:
    """The place is a name and a text of two numbers."""
    place = {
        "terms": {"field": "observer.geo.name", "missing": "__location_missing__"},
        "aggs": {"up_history": {"sum": {"field": "summary.up", "missing": 0}}},
    }
    (bucket,) = fleet.buckets(place, {"term": {"monitor.id": "open"}})
    (source, *_) = fleet.sources({"term": {"monitor.id": "open"}})

    assert (bucket["key"], bucket["up_history"]["value"]) == ("Frankfurt", 1)
    assert source["observer"]["geo"]["location"] == "50.1, 8.7"


def test_u10_durations(fleet: Fleet) -> None:
    """The chart has an average for each place."""
    places = {
        "terms": {"field": "observer.geo.name", "missing": "Unnamed-location"},
        "aggs": {"duration": {"stats": {"field": "monitor.duration.us"}}},
    }
    series = {
        "auto_date_histogram": {"field": "@timestamp", "buckets": 25},
        "aggs": {"location": places},
    }
    above_zero = {"range": {"monitor.duration.us": {"gt": 0}}}
    (bucket,) = fleet.buckets(series, {"term": {"monitor.id": "open"}}, above_zero)

    (place,) = bucket["location"]["buckets"]
    assert place["duration"]["count"] == 1
    assert place["duration"]["avg"] > 0


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        ([], ["expired"]),
        ([{"tls.certificate_not_valid_after": {"lte": "now+30d"}}], ["expired"]),
        ([{"tls.certificate_not_valid_after": {"lte": "now-30y"}}], []),
    ],
)
def test_u11_u15_certificates(
    fleet: Fleet, thresholds: list[Any], expected: list[str]
) -> None:
    """The list of certificates and the alert before one expires."""
    should = {"should": [{"range": one} for one in thresholds]}
    found = fleet.sources(
        {"exists": {"field": "tls.server.hash.sha256"}},
        SPAN,
        {"bool": should},
        sort=[{"tls.server.x509.not_after": "asc"}],
        collapse={
            "field": "tls.server.hash.sha256",
            "inner_hits": {
                "name": "monitors",
                "collapse": {"field": "monitor.id"},
                "sort": [{"monitor.id": "asc"}],
            },
        },
        aggs={"total": {"cardinality": {"field": "tls.server.hash.sha256"}}},
    )

    assert [source["monitor"]["id"] for source in found] == expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("observer.geo.name", {"Frankfurt"}),
        ("monitor.type", {"tcp", "http", "icmp"}),
        ("tags", {"shop"}),
    ],
)
def test_u12_filters(fleet: Fleet, field: str, expected: set[str]) -> None:
    """The filter bar offers what there is."""
    aggs = {"monitors": {"cardinality": {"field": "monitor.id"}}}
    found = fleet.buckets({"terms": {"field": field, "size": 50}, "aggs": aggs})

    assert {bucket["key"] for bucket in found} == expected


def test_u13_status_rule(fleet: Fleet) -> None:
    """The alert finds who is down, and where."""
    sources = [
        {"monitor_id": {"terms": {"field": "monitor.id"}}},
        {"status": {"terms": {"field": "monitor.status"}}},
        {"location": {"terms": {"field": "observer.geo.name", "missing_bucket": True}}},
    ]
    found = fleet.buckets(
        {"composite": {"size": 2000, "sources": sources}},
        {"range": {"summary.down": {"gt": 0}}},
        {"range": {"monitor.timespan": {"gte": "now-15m", "lte": "now"}}},
        {"terms": {"monitor.id": ["open", "shut"]}},
    )

    assert [bucket["key"] for bucket in found] == [
        {"monitor_id": "shut", "status": "down", "location": "Frankfurt"}
    ]


def test_u14_availability_rule(fleet: Fleet) -> None:
    """The alert finds whose share of ups is too small."""
    share = {
        "up": {"sum": {"field": "summary.up", "missing": 0}},
        "down": {"sum": {"field": "summary.down", "missing": 0}},
        "ratio": {
            "bucket_script": {
                "buckets_path": {"up": "up", "down": "down"},
                "script": "params.up / (params.up + params.down)",
            }
        },
        "filtered": {
            "bucket_selector": {
                "buckets_path": {"ratio": "ratio.value"},
                "script": "params.ratio < 0.99",
            }
        },
    }
    sources = [{"monitor_id": {"terms": {"field": "monitor.id"}}}]
    found = fleet.buckets(
        {"composite": {"size": 2000, "sources": sources}, "aggs": share},
        {"terms": {"monitor.id": ["open", "shut"]}},
    )

    assert [bucket["key"]["monitor_id"] for bucket in found] == ["shut"]


@pytest.mark.parametrize(
    ("text", "expected"), [("*front*", ["open"]), ("*refused*", [])]
)
def test_search(fleet: Fleet, text: str, expected: list[str]) -> None:
    """The search bar finds words of names and URLs, in any case."""
    fields = ["monitor.id.text", "monitor.name.text", "url.full.text"]
    found = fleet.sources({"query_string": {"query": text, "fields": fields}})

    assert [source["monitor"]["id"] for source in found] == expected

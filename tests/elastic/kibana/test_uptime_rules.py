"""Uptime's certificates and the queries of its alerts over the fleet.

The names of the tests are those of the queries in the contract.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.clauses import (
    NO_TEST_RUN,
    SUMMARY,
    Kibana,
    newest_hit,
    span,
    term,
    terms,
    total,
    within,
)
from tests.support.pages import X509, certificates
from tests.support.watched import ROUNDS

if TYPE_CHECKING:
    from tests.support.clauses import Clause

pytestmark = [pytest.mark.elasticsearch, pytest.mark.slow, pytest.mark.timeout(90)]


def names(found: list[dict[str, Any]]) -> list[str]:
    """Return the common names of certificates in their order."""
    subjects = [one["_source"]["tls"]["server"]["x509"]["subject"] for one in found]
    return [subject["common_name"].removesuffix(".test") for subject in subjects]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("not_before", ["aged", "expired", "expiring", "fresh"]),
        ("not_after", ["expired", "expiring", "aged", "fresh"]),
        ("subject.common_name", ["aged", "expired", "expiring", "fresh"]),
    ],
)
def test_u11_certificates_list(uptime: Kibana, order: str, expected: list[str]) -> None:
    """Each certificate once, in every order that the page offers."""
    assert names(certificates(uptime, order=order)) == expected


def test_u11_by_issuer(uptime: Kibana) -> None:
    """The order by issuer, which is one here, loses none."""
    assert len(certificates(uptime, order="issuer.common_name")) == 4


def test_u11_what_a_row_shows(uptime: Kibana) -> None:
    """Issuer, names, fingerprints, and the monitors that have seen it."""
    (row,) = certificates(uptime, term("monitor.id", "expiring"))
    server = row["_source"]["tls"]["server"]
    seen = row["inner_hits"]["monitors"]["hits"]["hits"]

    assert server["x509"]["issuer"]["common_name"] == "Test Root"
    assert len(server["hash"]["sha256"]) == 64
    assert server["hash"]["sha256"] == server["hash"]["sha256"].lower()
    assert [one["_source"]["monitor"]["id"] for one in seen] == ["expiring"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("expir", {"expired", "expiring"}),
        ("fresh.tes", {"fresh"}),
        ("Test Ro", {"aged", "expired", "expiring", "fresh"}),
        ("https://localhost", {"aged", "expired", "expiring", "fresh"}),
        ("nothing", set[str]()),
    ],
)
def test_u11_search(uptime: Kibana, text: str, expected: set[str]) -> None:
    """The search bar of certificates finds begins of words."""
    asked = {
        "multi_match": {
            "query": text,
            "type": "phrase_prefix",
            "fields": [
                "monitor.id.text",
                "monitor.name.text",
                "url.full.text",
                f"{X509}.subject.common_name.text",
                f"{X509}.issuer.common_name.text",
            ],
        }
    }

    assert set(names(certificates(uptime, asked))) == expected


def test_u11_thresholds(uptime: Kibana) -> None:
    """Each threshold finds its own; they read the older names of the dates."""
    assert names(certificates(uptime, after="now+30d")) == ["expired", "expiring"]
    assert names(certificates(uptime, before="now-730d")) == ["aged"]
    assert names(certificates(uptime, after="now-10y")) == []


def due(app: Kibana, begin: str, *filters: Clause) -> dict[tuple[str, str | None], int]:
    """Return how often each monitor was down at each place, as the alert counts."""
    sources = [
        {"monitorId": {"terms": {"field": "monitor.id"}}},
        {"status": {"terms": {"field": "monitor.status"}}},
        {"location": {"terms": {"field": "observer.geo.name", "missing_bucket": True}}},
    ]
    found = app.buckets(
        {
            "composite": {"size": 2000, "sources": sources},
            "aggs": {"fields": newest_hit()},
        },
        SUMMARY,
        NO_TEST_RUN,
        {"range": {"summary.down": {"gt": 0}}},
        within("now-24h"),
        span(begin),
        *filters,
    )
    assert {one["key"]["status"] for one in found} <= {"down"}
    return {
        (one["key"]["monitorId"], one["key"]["location"]): one["doc_count"]
        for one in found
    }


def test_u13_monitor_status_rule(uptime: Kibana) -> None:
    """Whoever was down, where, and how often: a retry counts as another time."""
    found = due(uptime, "now-15m")

    assert found.pop(("flappy", "Frankfurt")) == 6
    assert found.pop(("recovered", "Frankfurt")) == 5
    assert found == {
        ("checkout", "London"): ROUNDS,
        ("half", "Frankfurt"): ROUNDS,
        ("expired", "Frankfurt"): ROUNDS,
        ("shop-db", "Frankfurt"): ROUNDS + 1,
    }


def test_u13_at_a_place(uptime: Kibana) -> None:
    """A rule for one place, and one for some monitors."""
    london = {"should": [term("observer.geo.name", "London")]}
    place = {"bool": london | {"minimum_should_match": 1}}

    assert set(due(uptime, "now-15m", place)) == {("checkout", "London")}
    assert set(due(uptime, "now-15m", terms("tags", ["db"]))) == {
        ("shop-db", "Frankfurt")
    }


def test_u13_what_an_alert_says(uptime: Kibana) -> None:
    """The name, the address and the reason come from the document itself."""
    asked = (SUMMARY, term("monitor.id", "shop-db"), span("now-5m"))
    (found,) = uptime.documents(*asked, size=1)

    assert found["monitor"]["name"] == "Shop Database"
    assert found["url"]["full"].startswith("tcp://127.0.0.1:")
    assert found["error"]["message"]
    assert found["agent"]["name"] == "probe-1"
    assert found["observer"]["name"] == "fra"
    assert found["tags"] == ["db"]


def test_u14_monitor_availability_rule(uptime: Kibana) -> None:
    """Whose share of ups is below the threshold, by place."""
    ratio = {
        "buckets_path": {"ups": "up_sum", "downs": "down_sum"},
        "script": "params.ups / (params.ups + params.downs)",
    }
    below = {
        "buckets_path": {"threshold": "ratio.value"},
        "script": "params.threshold < 0.99",
    }
    place = {"terms": {"field": "observer.geo.name", "missing_bucket": True}}
    sources = [{"monitorId": {"terms": {"field": "monitor.id"}}}, {"location": place}]
    found = uptime.buckets(
        {
            "composite": {"size": 2000, "sources": sources},
            "aggs": {
                "fields": newest_hit(),
                "up_sum": total("summary.up"),
                "down_sum": total("summary.down"),
                "ratio": {"bucket_script": ratio},
                "filtered": {"bucket_selector": below},
            },
        },
        SUMMARY,
        NO_TEST_RUN,
        within("now-15m"),
    )
    shares = {
        (one["key"]["monitorId"], one["key"]["location"]): one["ratio"]["value"]
        for one in found
    }

    assert shares.pop(("flappy", "Frankfurt")) == pytest.approx(5 / 11)
    assert shares.pop(("recovered", "Frankfurt")) == pytest.approx(6 / 11)
    assert shares.pop(("half", "Frankfurt")) == pytest.approx(0.5)
    assert shares == {
        ("checkout", "London"): 0,
        ("expired", "Frankfurt"): 0,
        ("shop-db", "Frankfurt"): 0,
    }


def test_u15_tls_rule(uptime: Kibana) -> None:
    """With the usual thresholds the alert names all three, and not the good one."""
    found = certificates(
        uptime, order="subject.common_name", after="now+30d", before="now-730d"
    )

    assert names(found) == ["aged", "expired", "expiring"]


def test_u16_duration_anomaly(uptime: Kibana) -> None:
    """The job of machine learning gets its durations, and Kibana offers the job.

    Without the licence the job cannot run; its data feed and what it splits by can be
    asked.
    """
    feed = (
        term("monitor.id", "front-door"),
        {"range": {"monitor.duration.us": {"gt": 0}}},
        within("now-15m"),
    )
    mean = {
        "terms": {"field": "observer.geo.name"},
        "aggs": {"mean": {"avg": {"field": "monitor.duration.us"}}},
    }
    series = {
        "date_histogram": {"field": "@timestamp", "fixed_interval": "15m"},
        "aggs": {"by": mean},
    }
    recognized = uptime.ask(term("agent.type", "heartbeat"), size=0)
    lines = [one for b in uptime.buckets(series, *feed) for one in b["by"]["buckets"]]
    influencers = {
        field: len(uptime.buckets({"terms": {"field": field}}, *feed))
        for field in ("monitor.id", "monitor.name", "observer.geo.name")
    }

    assert (
        recognized["hits"]["total"]["value"] == uptime.ask()["hits"]["total"]["value"]
    )
    assert {one["key"] for one in lines} == {"Frankfurt", "London"}
    assert all(one["mean"]["value"] > 0 for one in lines)
    assert influencers == {"monitor.id": 1, "monitor.name": 1, "observer.geo.name": 2}

"""Synthetics' charts, groups of errors and shares over the fleet.

The names of the tests are those of the queries in the contract. Charts of errors count
monitors by `config_id`, which only Kibana's own have; of ours `monitor.id` says it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.clauses import (
    FINAL,
    MISSING_PLACE,
    NO_TEST_RUN,
    SUMMARY,
    Kibana,
    count,
    exists,
    hit,
    newest_hit,
    term,
    within,
)
from tests.support.watched import ROUNDS

if TYPE_CHECKING:
    from tests.support.clauses import Clause

pytestmark = [pytest.mark.elasticsearch, pytest.mark.slow, pytest.mark.timeout(90)]

ASKED = (SUMMARY, NO_TEST_RUN, within("now-15m"))
FAILED = (*ASKED, term("monitor.status", "down"), exists("error"))
FAILING = {"checkout", "flappy", "recovered", "half", "shop-db", "expired"}


def phrases(app: Kibana) -> dict[str, Clause]:
    """Return a clause for each message, by its longest words without numbers."""
    messages = [one["error"]["message"] for one in app.documents(*FAILED)]
    parts = {max(re.split(r"\S*\d\S*", message), key=len) for message in messages}
    return {part.strip(): {"match_phrase": {"error.message": part}} for part in parts}


def groups(app: Kibana, within_each: Clause) -> list[dict[str, Any]]:
    """Return the messages that say the same, with what is asked of each.

    Where the node lacks categorize_text, filters ask for the phrases.
    """
    if app.has_categories:
        categories = {"categorize_text": {"field": "error.message", "size": 25}}
        return app.buckets(categories | {"aggs": within_each}, *FAILED)
    asked = {"filters": {"filters": phrases(app)}, "aggs": within_each}
    found = app.aggregate({"it": asked}, *FAILED)["it"]["buckets"]
    return [{"key": key, **one} for key, one in found.items()]


def test_s7_error_groups(synthetics: Kibana) -> None:
    """Failures that say the same make a group: whom it concerns, and since when."""
    found = groups(
        synthetics,
        {
            "monitors": {"terms": {"field": "monitor.id"}},
            "managed": count("config_id"),
            "places": count("observer.name"),
            "errors": count("state.id"),
            "first": {"min": {"field": "state.started_at"}},
            "states": {
                "terms": {"field": "state.id"},
                "aggs": {"latest": newest_hit()},
            },
            "over_time": {
                "auto_date_histogram": {"field": "@timestamp", "buckets": 24}
            },
        },
    )
    by_monitors = {
        frozenset(one["key"] for one in group["monitors"]["buckets"]): group
        for group in found
    }
    statuses = by_monitors[frozenset({"checkout", "flappy", "recovered"})]

    assert {name for group in by_monitors for name in group} - {"ping"} == FAILING
    assert statuses["places"]["value"] == 2
    assert statuses["first"]["value"] > 0
    assert statuses["managed"]["value"] == 0
    assert all(hit(one["latest"])["error"] for one in statuses["states"]["buckets"])
    assert all(one["over_time"]["buckets"] for one in found)


def test_s7_by_status_code(synthetics: Kibana) -> None:
    """The filter by the code of the response is one of numbers."""
    found = synthetics.documents(*FAILED, term("http.response.status_code", 503))

    assert {one["monitor"]["id"] for one in found} == {
        "checkout",
        "flappy",
        "recovered",
    }


@pytest.mark.parametrize("key", ["monitor.id", "config_id"])
def test_s8_error_stats(synthetics: Kibana, key: str) -> None:
    """Of two periods: who failed, how often and for how long, and by what."""
    lasted = {"max": {"field": "state.duration_ms"}}
    per_state = {
        "terms": {"field": "state.id", "size": 1000},
        "aggs": {"lasted": lasted},
    }
    facets = {
        field: {"terms": {"field": field}}
        for field in (
            "observer.geo.name",
            "url.domain",
            "http.response.status_code",
            "monitor.type",
            "tags",
        )
    }
    down = {
        "filter": term("monitor.status", "down"),
        "aggs": {
            "monitors": count(key),
            "errors": count("state.id"),
            "mean": {"avg": {"field": "state.duration_ms"}},
            "per_monitor": {
                "terms": {"field": key, "size": 1000},
                "aggs": {
                    "states": per_state,
                    "total": {"sum_bucket": {"buckets_path": "states>lasted"}},
                },
            },
            **facets,
        },
    }
    periods = {"current": within("now-15m"), "previous": within("now-30m", "now-15m")}
    asked = {"filters": {"filters": periods}, "aggs": {"down": down}}
    found = synthetics.aggregate({"periods": asked}, SUMMARY, NO_TEST_RUN)
    current = found["periods"]["buckets"]["current"]["down"]
    previous = found["periods"]["buckets"]["previous"]["down"]
    totals = {
        one["key"]: one["total"]["value"] for one in current["per_monitor"]["buckets"]
    }

    assert previous["doc_count"] == 0
    assert current["mean"]["value"] > 0
    assert {one["key"] for one in current["observer.geo.name"]["buckets"]} >= {
        "Frankfurt",
        "London",
    }
    assert [one["key"] for one in current["http.response.status_code"]["buckets"]] == [
        503
    ]
    if key == "config_id":
        assert totals == {}
    else:
        assert set(totals) - {"ping"} == FAILING
        assert totals["recovered"] >= 4 * 60_000 - 1000


def test_s9_heatmap(synthetics: Kibana) -> None:
    """Ups and downs of a monitor at a place, minute by minute."""
    sums = {name: {"sum": {"field": f"summary.{name}"}} for name in ("up", "down")}
    found = synthetics.buckets(
        {
            "date_histogram": {"field": "@timestamp", "fixed_interval": "1m"},
            "aggs": sums,
        },
        exists("summary"),
        within("now-15m"),
        term("monitor.id", "recovered"),
        term("observer.geo.name", "Frankfurt"),
    )
    # Rounds lie a minute and a moment apart, so that a minute may be left out.
    seen = [one for one in found if one["doc_count"]]
    cells = [(one["up"]["value"], one["down"]["value"]) for one in seen]

    assert cells == [(0, 1)] * 5 + [(1, 0)] * 6


def test_s10_summary_stats(synthetics: Kibana) -> None:
    """Runs, failures and the median duration at a place, and where there is none."""

    def stats(monitor: str, place: Clause) -> tuple[int, int, int, float]:
        found = synthetics.aggregate(
            {
                "checks": {"value_count": {"field": "summary.up"}},
                "up": {"filter": term("monitor.status", "up")},
                "down": {"filter": term("monitor.status", "down")},
                "duration": {
                    "percentiles": {"field": "monitor.duration.us", "percents": [50]}
                },
            },
            FINAL,
            NO_TEST_RUN,
            within("now-15m"),
            term("monitor.id", monitor),
            place,
        )
        median = found["duration"]["values"]["50.0"]
        ups, downs = found["up"]["doc_count"], found["down"]["doc_count"]
        return found["checks"]["value"], ups, downs, median

    nowhere = {"bool": {"must_not": exists("observer.geo.name")}}
    frankfurt = term("observer.geo.name", "Frankfurt")

    assert stats("recovered", frankfurt)[:3] == (ROUNDS, 6, 5)
    assert stats("shop-db", frankfurt)[:3] == (ROUNDS, 0, ROUNDS)
    assert stats("half", frankfurt)[:3] == (ROUNDS, 0, ROUNDS)
    assert stats("ping", nowhere)[0] == ROUNDS
    assert stats("front-door", frankfurt)[3] > 0


def test_s11_status_by_location(synthetics: Kibana) -> None:
    """The last run at each place, the missing one included."""
    places = {
        "terms": {"field": "observer.geo.name", "missing": MISSING_PLACE, "size": 1000},
        "aggs": {"status": newest_hit("monitor.status", "observer")},
    }

    def found(asked: Clause) -> dict[str, str]:
        buckets = synthetics.buckets(places, FINAL, NO_TEST_RUN, asked)
        return {one["key"]: hit(one["status"])["monitor"]["status"] for one in buckets}

    assert found(term("config_id", "any")) == {}
    assert found(term("monitor.id", "checkout")) == {
        "Frankfurt": "up",
        "London": "down",
    }
    assert set(found(term("monitor.id", "ping"))) == {MISSING_PLACE}


def test_s13_embedded_charts(synthetics: Kibana) -> None:
    """Availability, errors, failed and successful runs and durations add up."""
    found = synthetics.aggregate(
        {
            "failed": {"filter": {"range": {"summary.down": {"gt": 0}}}},
            "all": {"value_count": {"field": "summary.final_attempt"}},
            "errors": {
                "filter": term("monitor.status", "down"),
                "aggs": {"states": count("state.id")},
            },
            "successful": {"filter": term("summary.down", 0)},
            "marked": {"filter": term("summary.status", "down")},
            "timed": {
                "filter": exists("summary.up"),
                "aggs": {"mean": {"avg": {"field": "monitor.duration.us"}}},
            },
        },
        term("summary.final_attempt", value=True),
        within("now-15m"),
        term("monitor.id", "recovered"),
    )

    assert 1 - found["failed"]["doc_count"] / found["all"]["value"] == pytest.approx(
        6 / 11
    )
    assert found["errors"]["states"]["value"] == 1
    assert found["successful"]["doc_count"] == 6
    assert found["marked"]["doc_count"] == found["failed"]["doc_count"]
    assert found["timed"]["mean"]["value"] > 0


def shares(app: Kibana, *filters: Clause, managed: bool) -> dict[str, float]:
    """Return the share of good runs of each group that an objective looks at."""
    by = ["monitor.name", "observer.geo.name", "observer.name"]
    by += ["config_id"] if managed else []
    sources = [{field: {"terms": {"field": field}}} for field in by]
    good = {"filter": term("monitor.status", "up")}
    found = app.buckets(
        {"composite": {"size": 1000, "sources": sources}, "aggs": {"good": good}},
        term("summary.final_attempt", value=True),
        within("now-15m"),
        *filters,
    )
    return {
        f"{one['key']['monitor.name']} {one['key']['observer.name']}": one["good"][
            "doc_count"
        ]
        / one["doc_count"]
        for one in found
    }


def test_s14_slo(synthetics: Kibana) -> None:
    """Kibana's own objective never counts our monitors, one over a KQL query does."""
    space = term("meta.space_id", "default")

    assert shares(synthetics, space, managed=True) == {}
    assert shares(synthetics, managed=False)["Checkout lon"] == 0
    assert shares(synthetics, managed=False)["Front Door fra"] == 1

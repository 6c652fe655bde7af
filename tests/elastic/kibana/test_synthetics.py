"""Synthetics over the fleet: overview, certificates, runs and errors of a monitor.

The fleet's monitors write to data streams of their own (`data_stream`), which have
heartbeat's template because Fleet's package is absent. Kibana 9.6 shows such monitors
without a saved object of its own. The names of the tests are those of the queries in
the contract.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.clauses import (
    ALWAYS,
    FINAL,
    NEWEST,
    NO_TEST_RUN,
    SUMMARY,
    Kibana,
    call,
    count,
    exists,
    hit,
    span,
    term,
    terms,
    within,
)
from tests.support.fleet import can_ping
from tests.support.pages import RECENT, X509, overview, states
from tests.support.watched import ROUNDS

if TYPE_CHECKING:
    from tests.support.clauses import Clause

pytestmark = [pytest.mark.elasticsearch, pytest.mark.slow, pytest.mark.timeout(90)]

LEAST_PATIENCE = timedelta(minutes=15)
DOWN = {
    "checkout lon",
    "shop-db fra",
    "flappy fra",
    "half fra",
    "expired fra",
} | (set[str]() if can_ping() else {"ping None"})


def is_stale(card: dict[str, Any], now_ms: float) -> bool:
    """Say whether a card is shown as one that nobody looks after any more."""
    patience = max(2 * timedelta(seconds=card["monitor.interval"]), LEAST_PATIENCE)
    return bool(now_ms - card["time"] > patience.total_seconds() * 1000)


def test_s1_overview(synthetics: Kibana) -> None:
    """Every monitor at every place, up or down, and none of them as Kibana's own.

    Where the node lacks top_metrics, top_hits reads the same values.
    """
    cards = overview(synthetics, *RECENT)
    down = {name for name, card in cards.items() if card["monitor.status"] == "down"}

    assert down == DOWN
    assert {"front-door fra", "front-door lon", "ping None", "hourly None"} <= set(
        cards
    )
    assert not any(card["managed"] for card in cards.values())


def test_s1_what_a_card_shows(synthetics: Kibana) -> None:
    """Name, type, address, place and tags; of one that is down why, and since when."""
    cards = overview(synthetics, *RECENT)
    front, database = cards["front-door fra"], cards["shop-db fra"]
    why = hit(database["down"]["error"])

    assert front["monitor.name"] == "Front Door"
    assert front["monitor.type"] == "http"
    assert front["url.full.keyword"].startswith("http://127.0.0.1:")
    assert front["place"] == ["Frankfurt"]
    assert front["tags"] == "shop"
    assert "connection refused" in why["error"]["message"]
    assert datetime.fromisoformat(why["state"]["started_at"])
    assert int(why["state"]["duration_ms"]) >= (ROUNDS - 1) * 60_000 - 1000


def test_s1_a_chosen_time(synthetics: Kibana) -> None:
    """The dead are shown, but as stale; who is checked seldom is not stale."""
    cards = overview(synthetics, within("now-24h"))
    now_ms = max(card["time"] for card in cards.values())
    stale = {name for name, card in cards.items() if is_stale(card, now_ms)}

    assert stale == {"gone ams"}
    assert "gone ams" not in overview(synthetics, *RECENT)
    assert cards["hourly None"]["monitor.interval"] == 3600


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (terms("monitor.type", ["icmp"]), {"ping None"}),
        (terms("tags", ["shop"]), {"front-door fra", "front-door lon"}),
        (terms("observer.name", ["lon"]), {"front-door lon", "checkout lon"}),
        (terms("monitor.project.id", ["p"]), set[str]()),
        (
            {
                "simple_query_string": {
                    "query": "datab*",
                    "fields": [
                        "monitor.name.text",
                        "tags",
                        "url.full",
                        "monitor.project.id",
                    ],
                }
            },
            {"shop-db fra"},
        ),
    ],
    ids=["type", "tags", "place", "project", "search"],
)
def test_s1_filters(synthetics: Kibana, asked: Clause, expected: set[str]) -> None:
    """The filters of the overview and its search bar."""
    assert set(overview(synthetics, *RECENT, asked)) == expected


def test_s2_status_rule(synthetics: Kibana) -> None:
    """Alerts go by monitor and place; they are for monitors of Kibana's own."""
    down = {
        "filter": {"range": {"summary.down": {"gte": 1}}},
        "aggs": {"total": {"value_count": {"field": "summary.down"}}},
    }
    latest = {"top_hits": {"size": 2, "sort": NEWEST}}
    place = {
        "terms": {"field": "observer.name", "size": 100},
        "aggs": {"downChecks": down, "totalChecks": latest},
    }
    found = synthetics.buckets(
        {"terms": {"field": "monitor.id", "size": 1000}, "aggs": {"location": place}},
        SUMMARY,
        FINAL,
        within("now-15m"),
        terms("monitor.id", ["checkout", "front-door"]),
        terms("observer.name", ["fra", "lon"]),
    )
    downs = {
        (one["key"], place["key"]): place["downChecks"]["total"]["value"]
        for one in found
        for place in one["location"]["buckets"]
    }

    assert downs == {
        ("checkout", "fra"): 0,
        ("checkout", "lon"): ROUNDS,
        ("front-door", "fra"): 0,
        ("front-door", "lon"): 0,
    }


def certificates(app: Kibana, *filters: Clause) -> tuple[list[str], Any]:
    """Return the common names of the certificates page, and its facets."""
    windows = {
        name: {"range": {f"{X509}.not_after": {"gte": "now", "lte": f"now+{name}"}}}
        for name in ("7d", "30d", "90d", "1y")
    }
    found = app.ask(
        FINAL,
        NO_TEST_RUN,
        within(*ALWAYS),
        span(),
        exists("tls.server.hash.sha256"),
        *filters,
        size=1000,
        sort=[{f"{X509}.not_after": "asc"}],
        collapse={
            "field": f"{X509}.subject.common_name",
            "inner_hits": {
                "name": "monitors",
                "collapse": {"field": "monitor.id"},
                "sort": [{"monitor.id": "asc"}],
            },
        },
        aggs={
            "total": count(f"{X509}.subject.common_name"),
            "types": {"terms": {"field": "monitor.type"}},
            "tags": {"terms": {"field": "tags"}},
            "expiry": {"filters": {"filters": windows}},
        },
    )
    subjects = [
        one["_source"]["tls"]["server"]["x509"]["subject"]["common_name"]
        for one in found["hits"]["hits"]
    ]
    names = [subject.removesuffix(".test") for subject in subjects]
    return names, found["aggregations"]


def test_s3_certificates(synthetics: Kibana) -> None:
    """Each certificate once, the next to expire first, over streams of all types.

    Kibana adds a runtime field over request headers, which only browsers' documents
    have.
    """
    names, facets = certificates(synthetics)
    expiry = facets["expiry"]["buckets"]

    assert names == ["expired", "expiring", "aged", "fresh"]
    assert facets["total"]["value"] == 4
    assert [one["key"] for one in facets["types"]["buckets"]] == ["http"]
    assert {name: bool(one["doc_count"]) for name, one in expiry.items()} == {
        "7d": False,
        "30d": True,
        "90d": True,
        "1y": True,
    }


def test_s3_thresholds(synthetics: Kibana) -> None:
    """The alert reads the dates under their new names."""
    ends = {"range": {f"{X509}.not_after": {"lte": "now+30d"}}}
    begins = {"range": {f"{X509}.not_before": {"lte": "now-730d"}}}
    either = {"bool": {"should": [ends, begins], "minimum_should_match": 1}}

    assert certificates(synthetics, ends)[0] == ["expired", "expiring"]
    assert certificates(synthetics, either)[0] == ["expired", "expiring", "aged"]


def test_s4_tls_rule_resolved(synthetics: Kibana) -> None:
    """What Kibana asks of its own monitors finds none of ours, and does not fail."""
    other = {"bool": {"must_not": terms("tls.server.hash.sha256", ["00"])}}
    found = synthetics.ask(
        within("now-1d"),
        terms("config_id", ["a", "b"]),
        FINAL,
        other,
        sort=NEWEST,
        collapse={"field": "config_id"},
    )

    assert found["hits"]["hits"] == []


@pytest.mark.parametrize(
    "place", [term("observer.name", "lon"), term("observer.geo.name", "London")]
)
def test_s5_latest_run(synthetics: Kibana, place: Clause) -> None:
    """The runs of a monitor at a place, the newest first."""
    asked = (SUMMARY, within("now-15m"), term("monitor.id", "checkout"), place)
    runs = synthetics.documents(*asked)
    stamps = [run["@timestamp"] for run in runs]

    assert len(runs) == ROUNDS
    assert stamps == sorted(stamps, reverse=True)
    assert runs[0]["summary"]["final_attempt"] is True
    assert runs[0]["data_stream"]["dataset"] == runs[0]["event"]["dataset"] == "http"


def test_s6_errors_list(synthetics: Kibana) -> None:
    """An outage is one error, with begin and length; what follows is no error."""
    down, up = states(synthetics, "recovered", "Frankfurt")

    assert (down["status"], down["up"], down["down"]) == ("down", 0, 5)
    assert int(down["duration_ms"]) >= 4 * 60_000 - 1000
    assert (up["status"], up["up"] >= 1) == ("up", True)


def test_s6_what_ended_it(synthetics: Kibana) -> None:
    """The first result after an outage closes it, once."""
    ended = exists("state.ends.id")
    (closing,) = synthetics.documents(FINAL, term("monitor.id", "recovered"), ended)
    down, _ = states(synthetics, "recovered", "Frankfurt")

    assert closing["state"]["ends"]["id"] == down["id"]
    assert closing["state"]["ends"]["status"] == "down"


def test_s6_flapping(synthetics: Kibana) -> None:
    """A target that goes up and down ends in one state, which is no outage of its own.

    Its results stay up or down.
    """
    *_, last = states(synthetics, "flappy", "Frankfurt")
    statuses = synthetics.buckets(
        {"terms": {"field": "monitor.status"}}, term("state.status", "flap")
    )

    assert last["status"] == "flap"
    assert {one["key"] for one in statuses} == {"up", "down"}


def test_s6_retries(synthetics: Kibana) -> None:
    """Attempts of one run belong to one error, and only the last of them counts."""
    (state,) = states(synthetics, "shop-db", "Frankfurt")
    asked = (SUMMARY, term("monitor.id", "shop-db"), term("state.id", state["id"]))
    attempts = synthetics.documents(*asked)
    first_run = [one["summary"] for one in attempts[-2:]]

    assert [one["attempt"] for one in first_run] == [2, 1]
    assert [one["final_attempt"] for one in first_run] == [True, False]
    assert len({one["retry_group"] for one in first_run}) == 1
    assert state["checks"] == len(attempts) == ROUNDS + 1


def test_s12_external_monitor(synthetics: Kibana) -> None:
    """The page of a monitor without a saved object: its last run, and where it runs."""
    place = {
        "terms": {"field": "observer.name", "size": 100, "missing": "heartbeat"},
        "aggs": {"geo": {"terms": {"field": "observer.geo.name"}}},
    }

    def looked_up(monitor: str) -> tuple[str, dict[str, list[str]]]:
        aggs = {"locations": place}
        asked = {"size": 1, "sort": NEWEST, "aggs": aggs}
        found = synthetics.ask(term("monitor.id", monitor), **asked)
        (newest,) = found["hits"]["hits"]
        buckets = found["aggregations"]["locations"]["buckets"]
        places = {
            one["key"]: [g["key"] for g in one["geo"]["buckets"]] for one in buckets
        }
        return newest["_source"]["monitor"]["name"], places

    assert looked_up("front-door") == (
        "Front Door",
        {"fra": ["Frankfurt"], "lon": ["London"]},
    )
    assert looked_up("ping") == ("", {"heartbeat": []})


def test_the_state_loader_of_the_reference(synthetics: Kibana) -> None:
    """Another heartbeat that takes over finds the state, and only that monitor's."""
    asked = (
        {"match": {"monitor.id": "shop-db"}},
        {"match": {"monitor.type": "tcp"}},
        exists("state"),
        {"range": {"@timestamp": {"gt": "now-6h"}}},
        {"match": {"observer.name": "fra"}},
    )
    (found,) = synthetics.documents(*asked, size=1)

    assert found["monitor"]["id"] == "shop-db"
    assert found["state"]["status"] == "down"
    assert isinstance(found["state"]["duration_ms"], str)
    assert found["state"]["id"].startswith("fra-")


def test_every_stream_has_a_template(synthetics: Kibana) -> None:
    """One data stream for each type, each by heartbeat's template for it."""
    url = f"{synthetics.server}/_data_stream/{synthetics.indices}"
    kind = synthetics.indices.removesuffix("-*")
    found = call("GET", url)["data_streams"]

    assert {one["name"]: one["template"] for one in found} == {
        f"{kind}-{type_}-test": f"heartbeat-{kind}-{type_}"
        for type_ in ("http", "icmp", "tcp")
    }

"""The questions that pages of Kibana ask, and what they make of the answers.

Owns those that several tests need. Must not know any fleet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.clauses import (
    ANY_SPACE,
    FINAL,
    NO_TEST_RUN,
    SUMMARY,
    Kibana,
    count,
    exists,
    hit,
    newest_hit,
    span,
    term,
    terms,
    within,
)

if TYPE_CHECKING:
    from tests.support.clauses import Clause

X509 = "tls.server.x509"
_CERTIFICATE = [
    "monitor.id",
    "monitor.name",
    "monitor.type",
    "url.full",
    "observer.geo.name",
    f"{X509}.issuer.common_name",
    f"{X509}.subject.common_name",
    f"{X509}.not_after",
    f"{X509}.not_before",
    "tls.server.hash.sha1",
    "tls.server.hash.sha256",
]
_CARD = (
    "monitor.status",
    "url.full.keyword",
    "monitor.name",
    "monitor.type",
    "monitor.interval",
    "config_id",
    "tags",
)
RECENT = (within("now-4h-20m"), span("now-15m"))
"""What the overview asks for where nobody chose a time."""


COUNTS = {
    "init_script": "state.locStatus = new HashMap();",
    "map_script": """
        def loc = doc['observer.geo.name'].size() == 0
            ? '' : doc['observer.geo.name'][0];
        String idenLoc = Integer.toHexString(loc.hashCode()) + '_' + loc
            + '_' + doc['monitor.id'][0];
        Map entry = state.locStatus.get(idenLoc);
        long time = doc['@timestamp'][0].toInstant().toEpochMilli();
        if (entry == null || entry.get('timestamp') < time) {
          state.locStatus.put(idenLoc, ['timestamp': time,
              'id': doc['monitor.id'][0], 'down': doc['summary.down'][0] > 0]);
        }""",
    "combine_script": "return state;",
    "reduce_script": """
        Map newest = new HashMap();
        for (state in states) {
          for (entry in state.locStatus.entrySet()) {
            def seen = newest.get(entry.getKey());
            def one = entry.getValue();
            if (seen == null || seen.get('timestamp') < one.get('timestamp')) {
              newest.put(entry.getKey(), one);
            }
          }
        }
        Map monitors = new HashMap();
        for (one in newest.values()) {
          boolean before = monitors.getOrDefault(one.get('id'), false);
          monitors.put(one.get('id'), before || one.get('down'));
        }
        int down = 0;
        for (isDown in monitors.values()) { if (isDown) { down++; } }
        int total = monitors.size();
        return ['total': total, 'up': total - down, 'down': down];""",
}


def counted(app: Kibana) -> Any:
    """Return the counts of Uptime's header."""
    asked = {"unique": {"scripted_metric": COUNTS}}
    found = app.aggregate(asked, SUMMARY, NO_TEST_RUN, *app.date())
    return found["unique"]["value"]


def candidates(
    app: Kibana, *filters: Clause, begin: str = "now-15m", order: str = "asc"
) -> list[str]:
    """Return the ids that the first question of the overview finds, page by page."""
    found: list[str] = []
    after: Clause = {}
    while True:
        source = {"terms": {"field": "monitor.id", "order": order}}
        composite = {"size": 5, "sources": [{"monitor_id": source}], **after}
        page = app.aggregate(
            {"monitors": {"composite": composite}},
            *app.date(begin),
            SUMMARY,
            NO_TEST_RUN,
            *filters,
        )["monitors"]
        found += [bucket["key"]["monitor_id"] for bucket in page["buckets"]]
        if "after_key" not in page:
            return found
        after = {"after": page["after_key"]}


def refined(app: Kibana, *ids: str, matching: Clause | None = None) -> Any:
    """Return what the second question of the overview says of monitors."""
    latest = {"latest": newest_hit()}
    time_alone = {"size": 1, "_source": ["@timestamp"]}
    asked = {"top_hits": time_alone | {"sort": [{"@timestamp": {"order": "desc"}}]}}
    branches = {
        "summaries": {"filter": SUMMARY, "aggs": latest},
        "latest_matching": {
            "filter": matching or {"match_all": {}},
            "aggs": {"top": asked},
        },
    }
    places = {
        "terms": {"field": "observer.geo.name", "missing": "N/A", "size": 100},
        "aggs": branches,
    }
    monitors = {
        "terms": {"field": "monitor.id", "size": len(ids), "order": {"_key": "asc"}},
        "aggs": {"location": places},
    }
    found = app.buckets(monitors, *app.date(), terms("monitor.id", ids))
    return {one["key"]: listed(one["location"]["buckets"]) for one in found}


def listed(places: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the line of a monitor as the page puts it together; empty if it is not.

    Times are compared as texts, and numbers are added up as they stand in `_source`.
    """
    line: dict[str, Any] = {"up": 0, "down": 0, "places": []}
    is_matched, newest = False, ""
    for place in places:
        hits = place["summaries"]["latest"]["hits"]["hits"]
        if not hits:
            continue
        summary = hits[0]["_source"]
        matching = place["latest_matching"]["top"]["hits"]["hits"]
        stamp = summary["@timestamp"]
        if matching and matching[0]["_source"]["@timestamp"] >= stamp:
            is_matched = True
        line["up"] += summary["summary"]["up"]
        line["down"] += summary["summary"]["down"]
        line["places"].append(place["key"])
        if stamp > newest:
            newest = stamp
            line["name"] = summary["monitor"].get("name")
            line["url"] = summary.get("url", {}).get("full")
    line["status"] = "down" if line["down"] > 0 else "up"
    return line if is_matched else {}


def certificates(
    app: Kibana, *filters: Clause, order: str = "not_after", **thresholds: str
) -> list[dict[str, Any]]:
    """Return the certificates of the list, with the monitors that have seen each."""
    either = [
        {"range": {f"tls.certificate_not_valid_{name}": {"lte": moment}}}
        for name, moment in thresholds.items()
    ]
    inner = {
        "name": "monitors",
        "_source": ["monitor.id", "monitor.name"],
        "collapse": {"field": "monitor.id"},
        "sort": [{"monitor.id": "asc"}],
    }
    found = app.ask(
        SUMMARY,
        NO_TEST_RUN,
        exists("tls.server.hash.sha256"),
        span(),
        {"bool": {"should": either}},
        *filters,
        size=1000,
        sort=[{f"{X509}.{order}": "asc"}],
        _source=_CERTIFICATE,
        collapse={"field": "tls.server.hash.sha256", "inner_hits": inner},
        aggs={"total": count("tls.server.hash.sha256")},
    )
    assert found["aggregations"]["total"]["value"] >= len(found["hits"]["hits"])
    return list(found["hits"]["hits"])


def overview(app: Kibana, *filters: Clause) -> dict[str, dict[str, Any]]:
    """Return a card for each monitor and place: `front-door fra`."""
    sources = [
        {"monitorId": {"terms": {"field": "monitor.id"}}},
        {"locationId": {"terms": {"field": "observer.name", "missing_bucket": True}}},
    ]
    why = newest_hit(
        "error.message", "error.type", "state.started_at", "state.duration_ms"
    )
    down = {"filter": term("monitor.status", "down"), "aggs": {"error": why}}
    found = app.buckets(
        {
            "composite": {"size": 5000, "sources": sources},
            "aggs": {
                "status": app.newest(_CARD),
                "time": {"max": {"field": "@timestamp"}},
                "location": {"terms": {"field": "observer.geo.name", "size": 1}},
                "spaces": {"terms": {"field": "meta.space_id", "size": 1}},
                "down": down,
            },
        },
        FINAL,
        ANY_SPACE,
        *filters,
    )
    cards: dict[str, dict[str, Any]] = {}
    for one in found:
        key = one["key"]
        card = app.values(one["status"])
        card["place"] = [place["key"] for place in one["location"]["buckets"]]
        card["managed"] = bool(one["spaces"]["buckets"]) or card.get("config_id")
        card["time"] = one["time"]["value"]
        card["down"] = one["down"]
        cards[f"{key['monitorId']} {key['locationId']}"] = card
    return cards


def states(app: Kibana, monitor: str, place: str) -> list[dict[str, Any]]:
    """Return the states of a monitor, as the list of its errors orders them."""
    found = app.buckets(
        {
            "terms": {"field": "state.id", "size": 10_000},
            "aggs": {"summary": newest_hit()},
        },
        SUMMARY,
        NO_TEST_RUN,
        within("now-15m"),
        term("monitor.id", monitor),
        term("observer.geo.name", place),
    )
    newest = [hit(one["summary"])["state"] for one in found]
    return sorted(newest, key=lambda state: str(state["started_at"]))

"""What Kibana's Uptime and Synthetics ask Elasticsearch, in pieces.

Owns the clauses that their queries share, and asking them of indices. Must not know
any fleet.

A test node may lack two aggregations. `abilities` finds out, and the same is asked in
another way: `top_metrics` by `top_hits`, `categorize_text` by `filters` on phrases.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

Clause = dict[str, Any]

SUMMARY: Final[Clause] = {"exists": {"field": "summary"}}
NO_TEST_RUN: Final[Clause] = {"bool": {"must_not": {"exists": {"field": "run_once"}}}}
FINAL: Final[Clause] = {
    "bool": {"filter": [SUMMARY, {"term": {"summary.final_attempt": True}}]}
}
ANY_SPACE: Final[Clause] = {
    "bool": {
        "should": [
            {"terms": {"meta.space_id": ["default", "*"]}},
            {"bool": {"must_not": {"exists": {"field": "meta.space_id"}}}},
        ],
        "minimum_should_match": 1,
    }
}
NEWEST: Final = [{"@timestamp": {"order": "desc"}}]
MISSING_PLACE: Final = "Unnamed-location"
ALWAYS: Final = ("now-7d/d", "now/d")
"""The days in which certificates are looked for."""

SEARCHED: Final = (
    "monitor.id.text",
    "monitor.name.text",
    "url.full.text",
    "synthetics.step.name",
    "synthetics.journey.name",
)


def within(begin: str, end: str = "now") -> Clause:
    """Ask for a time of documents."""
    return {"range": {"@timestamp": {"gte": begin, "lte": end}}}


def span(begin: str = "now-20m", end: str = "now") -> Clause:
    """Ask for results that stand for a time."""
    return {"range": {"monitor.timespan": {"gte": begin, "lte": end}}}


def term(field: str, value: Any) -> Clause:
    """Ask for a value."""
    return {"term": {field: value}}


def terms(field: str, values: Iterable[Any]) -> Clause:
    """Ask for one of several values."""
    return {"terms": {field: list(values)}}


def exists(field: str) -> Clause:
    """Ask for a field."""
    return {"exists": {"field": field}}


def typed(text: str) -> Clause:
    """Ask for what somebody types into the search bar of Uptime."""
    if text.isdecimal():
        query = f"url.port:{text} or {text}"
    else:
        query = f"*{text}* or tags:{text}"
    return {"query_string": {"query": query, "fields": list(SEARCHED)}}


def count(field: str) -> Clause:
    """Count different values."""
    return {"cardinality": {"field": field}}


def total(field: str) -> Clause:
    """Add values up, as Uptime does."""
    return {"sum": {"field": field, "missing": 0}}


def newest_hit(*fields: str) -> Clause:
    """Aggregate to the newest document, or some of its fields."""
    asked: Clause = {"size": 1, "sort": NEWEST}
    if fields:
        asked["_source"] = list(fields)
    return {"top_hits": asked}


def hit(aggregation: Any) -> dict[str, Any]:
    """Return the document of such an aggregation."""
    (found,) = aggregation["hits"]["hits"]
    return cast("dict[str, Any]", found["_source"])


def call(method: str, url: str, body: object = None) -> Any:
    """Return the JSON answer of a request; a refusal is returned as well."""
    request = urllib.request.Request(  # noqa: S310 - the server under test
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        return json.load(refusal)


@dataclass(frozen=True, slots=True)
class Kibana:
    """One of the apps: the indices it reads, and what they can be asked."""

    server: str
    indices: str
    has_top_metrics: bool = True
    has_categories: bool = True

    @property
    def url(self) -> str:
        """Return the address of the indices."""
        return f"{self.server}/{self.indices}"

    def ask(self, *filters: Clause, **more: Any) -> Any:
        """Return the whole answer of a search; fails if any shard did."""
        body = {"query": {"bool": {"filter": list(filters)}}, **more}
        found = call("POST", f"{self.url}/_search", body)
        assert "error" not in found, found
        assert found["_shards"]["failed"] == 0, found["_shards"]
        return found

    def refused(self, *filters: Clause, **more: Any) -> str:
        """Return why a search is refused, by any shard; empty if it is not."""
        body = {"query": {"bool": {"filter": list(filters)}}, **more}
        found = call("POST", f"{self.url}/_search", body)
        if "error" in found:
            return json.dumps(found["error"])
        return json.dumps(found["_shards"].get("failures", "")).strip('"')

    def documents(self, *filters: Clause, **more: Any) -> list[dict[str, Any]]:
        """Return documents, newest first."""
        asked = {"sort": NEWEST, "size": 1000} | more
        hits = self.ask(*filters, **asked)["hits"]["hits"]
        return [one["_source"] for one in hits]

    def aggregate(self, aggregations: Clause, *filters: Clause) -> Any:
        """Return the answers of aggregations."""
        return self.ask(*filters, size=0, aggs=aggregations)["aggregations"]

    def buckets(self, aggregation: Clause, *filters: Clause) -> list[dict[str, Any]]:
        """Return the buckets of one aggregation."""
        found = self.aggregate({"it": aggregation}, *filters)
        return cast("list[dict[str, Any]]", found["it"]["buckets"])

    def has_spans(self) -> bool:
        """Say whether any result stands for the present."""
        body = {"query": {"bool": {"filter": [span()]}}}
        found = call("POST", f"{self.url}/_count?terminate_after=1", body)
        return bool(found["count"])

    def date(self, begin: str = "now-15m") -> list[Clause]:
        """Ask for a time as the overview does: spans too, if there are any."""
        if not self.has_spans():
            return [within(begin)]
        gone: Clause = {"bool": {"must_not": exists("monitor.timespan")}}
        either = {"bool": {"should": [span(), gone], "minimum_should_match": 1}}
        return [within(begin), either]

    def newest(self, fields: Iterable[str]) -> Clause:
        """Aggregate to fields of the newest document."""
        if self.has_top_metrics:
            metrics = [{"field": field} for field in fields]
            order = {"@timestamp": "desc"}
            return {"top_metrics": {"metrics": metrics, "size": 1, "sort": order}}
        values = [{"field": field} for field in fields]
        asked = {"size": 1, "sort": NEWEST, "_source": False, "docvalue_fields": values}
        return {"top_hits": asked}

    def values(self, aggregation: Any) -> dict[str, Any]:
        """Return the fields that such an aggregation has found, the absent as None."""
        if self.has_top_metrics:
            return cast("dict[str, Any]", aggregation["top"][0]["metrics"])
        (found,) = aggregation["hits"]["hits"]
        return {name: values[0] for name, values in found["fields"].items()}


def abilities(server: str, index: str) -> dict[str, bool]:
    """Return what a cluster can aggregate, by the names of `Kibana`."""
    asked = {
        "has_top_metrics": {
            "top_metrics": {
                "metrics": {"field": "summary.up"},
                "sort": {"@timestamp": "desc"},
            }
        },
        "has_categories": {"categorize_text": {"field": "error.message"}},
    }
    found: dict[str, bool] = {}
    for name, aggregation in asked.items():
        body = {"size": 0, "aggs": {"it": aggregation}}
        found[name] = "error" not in call("POST", f"{server}/{index}/_search", body)
    return found

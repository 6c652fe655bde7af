"""The body of the index template."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat import COMPATIBLE_VERSION
from heartbeat.elastic.fields import FIELDS
from heartbeat.elastic.template import (
    Fitting,
    mappings,
    merged,
    searched_fields,
    template_body,
)

TYPES = {
    "@timestamp": "date",
    "monitor.id": "keyword",
    "monitor.name": "keyword",
    "monitor.duration.us": "long",
    "monitor.ip": "ip",
    "monitor.timespan": "date_range",
    "monitor.interval": "long",
    "summary.up": "integer",
    "summary.down": "integer",
    "summary.attempt": "short",
    "summary.final_attempt": "boolean",
    "state.started_at": "date",
    "state.duration_ms": "long",
    "state.checks": "integer",
    "state.ends.started_at": "date",
    "state.ends.duration_ms": "long",
    "url.full": "keyword",
    "url.port": "long",
    "observer.geo.name": "keyword",
    "observer.geo.location": "geo_point",
    "error.message": "text",
    "http.response.status_code": "long",
    "tls.certificate_not_valid_before": "date",
    "tls.certificate_not_valid_after": "date",
    "tls.server.x509.not_before": "date",
    "tls.server.x509.not_after": "date",
    "tls.server.hash.sha256": "keyword",
    "config_id": "keyword",
    "run_once": "boolean",
}
"""What the queries of Kibana need."""


def mapping(path: str) -> dict[str, Any]:
    """Return the mapping of a field."""
    found: dict[str, Any] = mappings()
    for name in path.split("."):
        found = found["properties"][name]
    return found


@pytest.mark.parametrize(("path", "kind"), TYPES.items())
def test_type(path: str, kind: str) -> None:
    """Each field has the type that a query of Kibana needs."""
    assert mapping(path)["type"] == kind


def test_every_field_is_mapped() -> None:
    """The template has the whole table."""
    assert {f.path: mapping(f.path)["type"] for f in FIELDS} == {
        field.path: field.type for field in FIELDS
    }


def test_forms_of_a_field() -> None:
    """Names are searched word by word, URLs also under the name Synthetics asks for."""
    assert mapping("monitor.name")["fields"] == {
        "text": {"type": "text", "analyzer": "simple", "norms": False}
    }
    assert sorted(mapping("url.full")["fields"]) == ["keyword", "text"]
    assert mapping("error.message") == {"type": "text", "norms": False}


@pytest.mark.parametrize("path", ["http.response.headers", "state.flap_history"])
def test_contents_that_are_only_shown(path: str) -> None:
    """Names that servers choose never become fields."""
    assert mapping(path) == {"type": "object", "enabled": False}


def test_body() -> None:
    """One template for data streams of one name."""
    body = template_body(Fitting("heartbeat-x", 200))
    index = body["template"]["settings"]["index"]

    assert {
        key: body[key] for key in ("index_patterns", "priority", "data_stream")
    } == {
        "index_patterns": ["heartbeat-x"],
        "priority": 200,
        "data_stream": {},
    }
    assert index["mapping"] == {"total_fields": {"limit": 12_500}}
    assert index["refresh_interval"] == "5s"
    assert body["template"]["mappings"]["date_detection"] is False
    assert body["template"]["mappings"]["_meta"]["version"] == COMPATIBLE_VERSION


def test_free_text_search_finds_our_own_fields() -> None:
    """Names, URLs and errors; not the bodies of responses."""
    searched = searched_fields()

    assert {
        "monitor.name",
        "monitor.name.text",
        "url.full.text",
        "error.message",
        "fields.*",
    } <= set(searched)
    assert "http.response.body.content" not in searched


def test_merged() -> None:
    """The second wins, deep down, and neither is changed."""
    base = {"a": {"b": 1, "c": 2}, "d": 3}

    assert merged(base, {"a": {"b": 4}, "d": {"e": 5}}) == {
        "a": {"b": 4, "c": 2},
        "d": {"e": 5},
    }
    assert base == {"a": {"b": 1, "c": 2}, "d": 3}

"""What every processor promises: it writes into nothing that others may hold."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from typing import Any

import pytest

from heartbeat import processors
from heartbeat.event import Event, Routing
from tests.support.processors import AT, chain

WHOLE: dict[str, Any] = {
    "agent": {"id": "i", "name": "n"},
    "message": "a=1 b=2",
    "json": '{"a": {"b": 1}, "tags": ["y"]}',
    "xml": "<a><b>1</b></a>",
    "csv": "a,b",
    "base64": "YQ==",
    "url": {"full": "http%3A%2F%2Fa", "domain": "www.example.co.uk", "port": 80},
    "took": "1m",
    "syslog": "<13>Oct 11 22:14:15 host app: words",
    "number": "7",
    "time": "2026-11-22T21:00:26Z",
    "tags": ["x"],
    "list": ["a", {"b": 1}],
    "log": {"flags": ["old"]},
    "source": {"ip": "192.0.2.1", "port": 1},
    "destination": {"ip": "10.0.0.1", "port": 2},
    "network": {"transport": "tcp"},
    "monitor": {"id": "m", "status": "up"},
    "process": {"pid": 1},
    "labels": {"a": "b"},
    "event": {"dataset": "http"},
}
PAIR = {"fields": [{"from": "url.domain", "to": "monitor.domain"}]}
FIELD = {"field": "message", "target_field": "agent.new"}
EXAMPLES: dict[str, Any] = {
    "add_agent_metadata": None,
    "add_fields": {"target": "", "fields": {"agent": {"id": "j", "x": {"y": 1}}}},
    "add_formatted_index": {"index": "%{[monitor.id]}"},
    "add_host_metadata": None,
    "add_id": {"target_field": "monitor.id"},
    "add_labels": {"labels": {"a": 1}},
    "add_locale": None,
    "add_network_direction": {
        "source": "source.ip",
        "destination": "destination.ip",
        "target": "network.direction",
        "internal_networks": "private",
    },
    "add_observer_metadata": None,
    "add_process_metadata": None,
    "add_tags": {"tags": ["y"]},
    "append": {"target_field": "list", "fields": ["tags"], "values": [1]},
    "community_id": None,
    "convert": {"fields": [{"from": "number", "to": "monitor.n", "type": "long"}]},
    "copy_fields": PAIR,
    "decode_base64_field": {"field": {"from": "base64", "to": "agent.text"}},
    "decode_csv_fields": {"fields": {"csv": "agent.list"}},
    "decode_duration": {"field": "took"},
    "decode_json_fields": {"fields": ["json"], "target": "", "overwrite_keys": True},
    "decode_xml": {"field": "xml", "target_field": "agent"},
    "decompress_gzip_field": {"field": {"from": "base64", "to": "agent.text"}},
    "detect_mime_type": {"field": "message", "target": "url.type"},
    "dissect": {"tokenizer": "a=%{a} b=%{b}", "target_prefix": "agent"},
    "drop_event": {"when.equals.monitor.status": "down"},
    "drop_fields": {"fields": ["agent.id", "/^url/"]},
    "extract_array": {"field": "list", "mappings": {"agent.first": 1}},
    "fingerprint": {"fields": ["monitor.id"], "target_field": "event.hash"},
    "include_fields": {"fields": ["agent.id", "/^url/"]},
    "lowercase": {"fields": ["agent.id"], "values": ["message"]},
    "move_fields": {"from": "url", "to": "agent."},
    "now": {"field": "event.ingested"},
    "rate_limit": {"limit": "5/s"},
    "registered_domain": {"field": "url.domain", "target_field": "url.registered"},
    "rename": PAIR,
    "replace": {
        "fields": [{"field": "monitor.id", "pattern": "m", "replacement": "n"}]
    },
    "script": {
        "lang": "js",
        "source": "function process(e) { e.Get('agent').id = 1; e.Tag('z'); }",
    },
    "syslog": {"field": "syslog"},
    "timestamp": {"field": "time", "layouts": ["2006-01-02T15:04:05Z07:00"]},
    "truncate_fields": {"fields": ["message", "url.domain"], "max_bytes": 1},
    "uppercase": {"fields": ["agent.id"], "values": ["message"]},
    "urldecode": {"fields": [{"from": "url.full", "to": "agent.url"}]},
}
ASKING = {"add_cloud_metadata", "add_docker_metadata", "add_kubernetes_metadata", "dns"}
"""What has to ask somebody else, and is tested against scripted servers."""


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_nothing_is_changed_in_place(name: str) -> None:
    """Documents share their parts, so whoever changes one makes a copy of it."""
    if name not in processors.TABLE:
        pytest.skip("it is not there")
    before = deepcopy(WHOLE)
    event = Event(AT, Routing("id-1"), dict(WHOLE))

    asyncio.run(chain({name: EXAMPLES[name]}).run(event))

    assert before == WHOLE


def test_there_is_an_example_of_each() -> None:
    """A new processor needs one."""
    assert processors.TABLE.keys() - EXAMPLES.keys() - ASKING == set()

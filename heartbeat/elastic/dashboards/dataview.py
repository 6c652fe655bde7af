"""The data view with which Kibana shows documents, and its runtime fields.

Owns how fields are formatted, and the fields that are worked out when they are asked
for. Must not know any dashboard.

A script must not fail for documents of an index that lacks a field: it asks first.
"""

from __future__ import annotations

from typing import Any, Final

from heartbeat.elastic.dashboards.objects import DATA_VIEW, packed, saved
from heartbeat.elastic.fields import FIELDS
from heartbeat.outputs.base import BEAT

TITLE: Final = f"{BEAT}-*"
GRACE: Final = 120
"""Seconds after the end of its time until a result counts as stale: what a check, its
attempts and delivery may take."""

_OK: Final = """\
if (doc.containsKey('summary.down') && doc['summary.down'].size() > 0) {
  emit(doc['summary.down'].value == 0 ? 1 : 0);
}"""
_NAME: Final = """\
if (doc.containsKey('monitor.name') && doc['monitor.name'].size() > 0
    && doc['monitor.name'].value != '') {
  emit(doc['monitor.name'].value);
} else if (doc.containsKey('monitor.id') && doc['monitor.id'].size() > 0) {
  emit(doc['monitor.id'].value);
}"""
# Ranges have no values that a script could read, so the document itself is read. Only
# the latest document of each bucket is ever asked for this field.
_STATE: Final = f"""\
if (doc.containsKey('monitor.status') && doc['monitor.status'].size() > 0) {{
  def end = params._source.monitor?.timespan?.lt;
  long until = Long.MAX_VALUE;
  if (end instanceof String) {{
    until = ZonedDateTime.parse(end).toInstant().toEpochMilli() + {GRACE * 1000}L;
  }}
  boolean isStale = until < System.currentTimeMillis();
  emit(isStale ? 'stale' : doc['monitor.status'].value);
}}"""
# Counted from the check, not from now: the same document always tells the same.
_CERT_DAYS: Final = """\
if (doc.containsKey('tls.server.x509.not_after')
    && doc['tls.server.x509.not_after'].size() > 0) {
  long end = doc['tls.server.x509.not_after'].value.toInstant().toEpochMilli();
  long seen = doc['@timestamp'].value.toInstant().toEpochMilli();
  emit((end - seen) / 86400000.0);
}"""

RUNTIME_FIELDS: Final = {
    "hb.ok": ("long", _OK),
    "hb.name": ("keyword", _NAME),
    "hb.state": ("keyword", _STATE),
    "hb.cert_days": ("double", _CERT_DAYS),
}
"""Type and script of each, by name."""


def _duration(unit: str, shown: str, precision: int) -> dict[str, Any]:
    params = {
        "inputFormat": unit,
        "outputFormat": shown,
        "outputPrecision": precision,
    }
    return {"id": "duration", "params": params}


_MICROSECONDS: Final = _duration("microseconds", "asMilliseconds", 1)
_LASTED: Final = _duration("milliseconds", "humanizePrecise", 1)


def _formats() -> dict[str, Any]:
    formats: dict[str, Any] = {
        field.path: _MICROSECONDS for field in FIELDS if field.path.endswith(".us")
    }
    for path in ("state.duration_ms", "state.ends.duration_ms"):
        formats[path] = _LASTED
    formats["hb.ok"] = {"id": "percent", "params": {"pattern": "0,0.[00]%"}}
    formats["hb.cert_days"] = {"id": "number", "params": {"pattern": "0,0.[0]"}}
    formats["http.response.body.bytes"] = {"id": "bytes", "params": {}}
    return formats


def data_view(title: str = TITLE) -> dict[str, Any]:
    """Return the data view for indices of this name, as an object to import."""
    scripts = {
        name: {"type": kind, "script": {"source": source}}
        for name, (kind, source) in RUNTIME_FIELDS.items()
    }
    attributes = {
        "title": title,
        "name": "Heartbeat",
        "timeFieldName": "@timestamp",
        "fieldFormatMap": packed(_formats()),
        "runtimeFieldMap": packed(scripts),
    }
    return saved("index-pattern", DATA_VIEW, attributes)

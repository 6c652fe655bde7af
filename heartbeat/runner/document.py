"""The document of a result: what is the same for every run, and what is not.

Owns the common fields of every document, their order of precedence and their routing.
Must not know attempts, schedules or how the values came about.

Whatever a monitor's documents have in common is built once and shared by all of them;
nothing may write into those parts, so whoever adds to one makes a copy of it first.
"""

from __future__ import annotations

from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any, Final, cast

from heartbeat.event import Routing, milliseconds
from heartbeat.runner.index import IndexName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.config import MonitorSpec
    from heartbeat.event import Fields, Result
    from heartbeat.monitors.base import Url
    from heartbeat.runner.identity import Identity

SUMMARY = "heartbeat/summary"

_NOTHING: Final[Fields] = {}
"""What most monitors have of many things; to be looked at only."""


class Template:
    """Makes the documents of one endpoint."""

    __slots__ = (
        "_constants",
        "_index",
        "_last_word",
        "_monitor",
        "_pipeline",
        "_summary_event",
        "_under_root",
    )

    def __init__(
        self, spec: MonitorSpec, monitor_id: str, url: Url | None, identity: Identity
    ) -> None:
        """Build the constant parts; raises `ConfigError` for an impossible index."""
        dataset = spec.data_stream.dataset if spec.data_stream else spec.type
        self._monitor: Fields = {
            "id": monitor_id,
            "name": spec.name,
            "type": spec.type,
        }
        if spec.origin:
            self._monitor["origin"] = spec.origin
        if spec.schedule.interval is not None:
            # Kibana takes a result for stale after two of these whole seconds.
            self._monitor["interval"] = ceil(spec.schedule.interval)
        self._last_word = _last_word(spec, dataset)
        self._under_root = _under_root(spec, identity)
        self._constants = _constants(spec, url, identity) | self._last_word
        self._summary_event = _summary_event(dataset)
        self._pipeline = spec.pipeline or None
        self._index = _index(spec, identity)

    def routing(self, document_id: str, timestamp: int) -> Routing:
        """Return where a document with this id and time goes."""
        index = self._index.at(timestamp) if self._index is not None else None
        return Routing(document_id, index, self._pipeline)

    def fields(self, result: Result, span: tuple[int, int], check_group: str) -> Fields:
        """Return the fields of a result, all but those of a summary.

        `span` is when the result was there and until when it stands for the target, in
        nanoseconds since the epoch: `monitor.timespan`.
        """
        fields: Fields = {}
        for facts in result.facts:
            facts.put(fields)
        if fields.keys().isdisjoint(self._constants):
            fields.update(self._constants)
        else:
            fields = overlay(fields, self._constants)
        monitor: Fields = self._monitor.copy()
        monitor["status"] = result.status
        if result.ip is not None:
            monitor["ip"] = result.ip
        monitor["check_group"] = check_group
        monitor["timespan"] = {
            "gte": milliseconds(span[0]),
            "lt": milliseconds(span[1]),
        }
        fields["monitor"] = monitor
        if result.error is not None:
            fields["error"] = result.error.document()
        return fields

    def summarize(self, fields: Fields, duration_us: int) -> None:
        """Make the fields those of the last document of an attempt."""
        fields["monitor"]["duration"] = {"us": duration_us}
        fields["event"] = self._summary_event

    def finish(self, fields: Fields) -> Fields:
        """Return the fields with those that the operator wants at the root.

        They replace what the check found, but not what routes the document.
        """
        if not self._under_root:
            return fields
        event = fields["event"]
        return overlay(
            overlay(fields, self._under_root), self._last_word | {"event": event}
        )


def overlay(fields: Mapping[str, Any], over: Mapping[str, Any]) -> Fields:
    """Return both deep-merged, `over` winning; neither is written into."""
    merged = dict(fields)
    for key, value in over.items():
        present: object = merged.get(key)
        if isinstance(present, dict) and isinstance(value, dict):
            merged[key] = overlay(cast("Fields", present), cast("Fields", value))
        else:
            merged[key] = value
    return merged


@cache
def _summary_event(dataset: str) -> Fields:
    return {"dataset": dataset, "type": SUMMARY}


@cache
def _event(dataset: str) -> Fields:
    return {"dataset": dataset}


def _constants(spec: MonitorSpec, url: Url | None, identity: Identity) -> Fields:
    constants: Fields = dict(identity.common)
    if url is not None:
        constants["url"] = url if isinstance(url, dict) else dict(url)
    if spec.service_name:
        constants["service"] = {"name": spec.service_name}
    if tags := [*identity.tags, *spec.tags]:
        constants["tags"] = tags
    kept: Fields = {}
    if not identity.fields_under_root:
        kept = overlay(kept, identity.fields)
    if not spec.fields_under_root:
        kept = overlay(kept, spec.fields or {})
    if kept := _without_nulls(kept, spec):
        constants["fields"] = kept
    return constants


def _under_root(spec: MonitorSpec, identity: Identity) -> Fields:
    kept: Fields = {}
    if identity.fields_under_root:
        kept = overlay(kept, identity.fields)
    if spec.fields_under_root:
        kept = overlay(kept, spec.fields or {})
    return _without_nulls(kept, spec)


def _without_nulls(fields: Fields, spec: MonitorSpec) -> Fields:
    """Return the operator's fields as they arrive: never with a null at their top."""
    if not fields:
        return _NOTHING
    present = {key: value for key, value in fields.items() if value is not None}
    return present if spec.keep_null else prune(present)


def prune(value: Any) -> Any:
    """Return the value without null members; nulls in lists stay."""
    if isinstance(value, dict):
        members = cast("Fields", value)
        return {k: prune(v) for k, v in members.items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [prune(item) for item in cast("list[Any]", value)]
    return value


@cache
def _only_event(dataset: str) -> Fields:
    return {"event": _event(dataset)}


def _last_word(spec: MonitorSpec, dataset: str) -> Fields:
    """Return what is written after the operator's own fields."""
    if spec.location is None and spec.data_stream is None:
        return _only_event(dataset)
    fields: Fields = {"event": _event(dataset)}
    if spec.location is not None:
        geo = {k: v for k, v in spec.location.geo.items() if v not in (None, "")}
        fields["observer"] = {"name": spec.location.id, "geo": geo}
    if spec.data_stream is not None:
        stream = spec.data_stream
        fields["data_stream"] = {
            "type": stream.type,
            "dataset": stream.dataset,
            "namespace": stream.namespace,
        }
    return fields


def _index(spec: MonitorSpec, identity: Identity) -> IndexName | None:
    if spec.index:
        return IndexName.parse(spec.index, identity.agent.get("version", ""))
    if spec.data_stream is not None:
        stream = spec.data_stream
        return IndexName([f"{stream.type}-{stream.dataset}-{stream.namespace}"])
    return None

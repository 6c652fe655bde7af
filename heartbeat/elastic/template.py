"""The index template, made of the table of fields.

Owns its shape and how a field becomes a mapping. Must not know options or clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from heartbeat import COMPATIBLE_VERSION
from heartbeat.elastic.fields import FIELDS
from heartbeat.outputs.base import BEAT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.elastic.fields import Field

IGNORE_ABOVE: Final = 1024
"""Longer texts are kept but not indexed as keywords, as in the reference."""

_KEYWORD: Final = {"type": "keyword", "ignore_above": IGNORE_ABOVE}
_SEARCHED: Final = frozenset({"keyword", "text"})
_HIDDEN: Final = frozenset({"http.response.body.content", "error.stack_trace"})
"""Not searched unless they are named: long, and seldom what one looks for."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """What a template is for, and what else Elasticsearch puts into it.

    `components` are component templates of the operator's: they add to ours, which wins
    where both say something. Those that are not there yet do no harm.
    """

    pattern: str
    priority: int
    components: tuple[str, ...] = ()


def template_body(fitting: Fitting) -> dict[str, Any]:
    """Return the body of the composable template for data streams of this name.

    Each call makes a new one, which the caller may change.
    """
    index = {
        "refresh_interval": "5s",
        "number_of_shards": 1,
        "codec": "best_compression",
        "mapping": {"total_fields": {"limit": 12_500}},
        "max_docvalue_fields_search": 200,
        "query": {"default_field": searched_fields()},
    }
    body: dict[str, Any] = {
        "index_patterns": [fitting.pattern],
        "priority": fitting.priority,
        "data_stream": {},
        "template": {"settings": {"index": index}, "mappings": mappings()},
    }
    if fitting.components:
        body["composed_of"] = [*fitting.components]
        body["ignore_missing_component_templates"] = [*fitting.components]
    return body


def mappings() -> dict[str, Any]:
    """Return the mappings of all fields."""
    properties: dict[str, Any] = {}
    for field in FIELDS:
        *parents, name = field.path.split(".")
        place = properties
        for parent in parents:
            place = place.setdefault(parent, {}).setdefault("properties", {})
        # The table may name an object after its members, as with `state.ends`.
        place.setdefault(name, {}).update(_mapping(field))
    return {
        "_meta": {"beat": BEAT, "version": COMPATIBLE_VERSION},
        "date_detection": False,
        "dynamic_templates": [
            {
                "strings_as_keyword": {
                    "match_mapping_type": "string",
                    "mapping": dict(_KEYWORD),
                }
            }
        ],
        "properties": properties,
    }


def searched_fields() -> list[str]:
    """Return the fields that a search in Kibana looks into, if it names none."""
    found: list[str] = []
    for field in FIELDS:
        if field.type in _SEARCHED and field.path not in _HIDDEN:
            found.append(field.path)
            found += [
                f"{field.path}.{name}"
                for name in field.multi or ()
                if name in _SEARCHED
            ]
    return [*found, "fields.*"]


def _mapping(field: Field) -> dict[str, Any]:
    mapping: dict[str, Any] = {"type": field.type, **(field.parameters or {})}
    if field.type == "keyword":
        mapping |= _KEYWORD
    if field.type == "text":
        mapping["norms"] = False
    if field.multi:
        mapping["fields"] = {name: dict(form) for name, form in field.multi.items()}
    return mapping


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return both deep-merged, `over` winning; neither is written into."""
    result = dict(base)
    for key, value in over.items():
        present: object = result.get(key)
        if isinstance(present, dict) and isinstance(value, dict):
            inner = cast("dict[str, Any]", value)
            result[key] = merged(cast("dict[str, Any]", present), inner)
        else:
            result[key] = value
    return result

"""Data streams that monitors name themselves, and the templates those need.

Owns the template's name, pattern and rank for such a stream, and the verdict on what a
cluster would make of it anyway. Must not know options or connect.

Fleet's package brings templates for `synthetics-http-*` and its kind; without it the
cluster's own `synthetics-*-*` takes the documents and maps no time spans, so that
Kibana finds nothing. Ours stands between the two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

from heartbeat import COMPATIBLE_VERSION
from heartbeat.outputs.base import BEAT
from heartbeat.outputs.elasticsearch.server import as_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from heartbeat.config import MonitorSpec

PRIORITY: Final = 150
"""Above the 100 of the cluster's own templates, below the 200 of Fleet's packages."""

ASKED: Final = (
    "template.mappings._meta,template.mappings.properties.monitor.properties.timespan"
)
"""What `fit_of` reads of a simulated index, as a `filter_path`."""

_NUMBER: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Stream:
    """A data stream of a monitor; those of other namespaces share its template."""

    type: str
    dataset: str
    namespace: str

    @property
    def name(self) -> str:
        """Return its whole name."""
        return f"{self.type}-{self.dataset}-{self.namespace}"

    @property
    def pattern(self) -> str:
        """Return what the names of all its namespaces look like."""
        return f"{self.type}-{self.dataset}-*"

    @property
    def template_name(self) -> str:
        """Return the name of the template that we would give it."""
        return f"{BEAT}-{self.type}-{self.dataset}"


class Fit(Enum):
    """What the cluster would make of a stream with the templates it has."""

    NONE = auto()
    """Nothing Kibana can read."""

    FOREIGN = auto()
    """The right mappings, by somebody else's template."""

    OURS = auto()
    """Our mappings, of this version or a newer one."""

    OUTDATED = auto()
    """Our mappings, of an older version."""


def streams_of(specs: Iterable[MonitorSpec]) -> tuple[Stream, ...]:
    """Return a stream for each template that the monitors' own streams need."""
    found: dict[str, Stream] = {}
    for spec in specs:
        asked = spec.data_stream
        if asked is not None and not spec.index:
            parts = (asked.type, asked.dataset, asked.namespace)
            # As documents get there: names of indices are in lower case.
            stream = Stream(*map(str.lower, parts))
            found.setdefault(stream.template_name, stream)
    return tuple(found.values())


def fit_of(simulated: Mapping[str, Any]) -> Fit:
    """Return what the answer of `_simulate_index` amounts to."""
    mappings = as_object(as_object(simulated.get("template")).get("mappings"))
    meta = as_object(mappings.get("_meta"))
    if meta.get("beat") == BEAT:
        is_older = _number(meta.get("version")) < _number(COMPATIBLE_VERSION)
        return Fit.OUTDATED if is_older else Fit.OURS
    found = mappings
    for name in ("monitor", "timespan"):
        found = as_object(as_object(found.get("properties")).get(name))
    return Fit.FOREIGN if found.get("type") == "date_range" else Fit.NONE


def _number(version: object) -> tuple[int, ...]:
    found = _NUMBER.match(str(version))
    return tuple(map(int, found.groups())) if found else ()

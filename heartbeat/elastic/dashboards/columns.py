"""By what the documents of a chart are divided: the bucket columns of Kibana's Lens.

Owns the form of each such column, and of a whole layer of columns. Must not know what
is drawn from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from heartbeat.elastic.dashboards.measures import data_type
from heartbeat.elastic.dashboards.objects import kql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.elastic.dashboards.measures import Number


@dataclass(frozen=True, slots=True)
class Terms:
    """A bucket for each value of a field, the most of something first.

    `by` is which of the layer's measures decides, the first by default; None stands for
    the alphabet. `missing` adds a bucket for documents without the field, which Lens
    does only beside one for all other values.
    """

    label: str
    field: str
    size: int = 10
    by: int | None = 0
    is_ascending: bool = False
    missing: bool = False

    def column(self) -> dict[str, Any]:
        """Return the column."""
        order: dict[str, Any] = {"type": "alphabetical", "fallback": False}
        if self.by is not None:
            order = {"type": "column", "columnId": measure_id(self.by)}
        rises = self.is_ascending or self.by is None
        return {
            "label": self.label,
            "customLabel": True,
            "dataType": data_type(self.field),
            "operationType": "terms",
            "sourceField": self.field,
            "isBucketed": True,
            "scale": "ordinal",
            "params": {
                "size": self.size,
                "orderBy": order,
                "orderDirection": "asc" if rises else "desc",
                "otherBucket": self.missing,
                "missingBucket": self.missing,
                "parentFormat": {"id": "terms"},
            },
        }


@dataclass(frozen=True, slots=True)
class Over:
    """A bucket for each interval of time; empty ones are shown as gaps."""

    interval: str = "auto"

    def column(self) -> dict[str, Any]:
        """Return the column."""
        return {
            "label": "@timestamp",
            "dataType": "date",
            "operationType": "date_histogram",
            "sourceField": "@timestamp",
            "isBucketed": True,
            "scale": "interval",
            "params": {
                "interval": self.interval,
                "includeEmptyRows": True,
                "dropPartials": False,
            },
        }


@dataclass(frozen=True, slots=True)
class Filters:
    """A bucket for each of some queries, with their names."""

    label: str
    choices: tuple[tuple[str, str], ...]

    def column(self) -> dict[str, Any]:
        """Return the column."""
        filters = [{"label": name, "input": kql(text)} for name, text in self.choices]
        return {
            "label": self.label,
            "customLabel": True,
            "dataType": "string",
            "operationType": "filters",
            "isBucketed": True,
            "scale": "ordinal",
            "params": {"filters": filters},
        }


Bucket: TypeAlias = Terms | Over | Filters


def bucket_id(number: int) -> str:
    """Return the name of a bucket's column."""
    return f"bucket{number}"


def measure_id(number: int) -> str:
    """Return the name of a measure's column."""
    return f"measure{number}"


def layer(buckets: Sequence[Bucket], measures: Sequence[Number]) -> dict[str, Any]:
    """Return the columns of a layer, buckets before measures as Lens wants them."""
    columns: dict[str, Any] = {
        bucket_id(number): bucket.column() for number, bucket in enumerate(buckets)
    }
    for number, measure in enumerate(measures):
        columns |= measure.columns(measure_id(number))
    return {"columns": columns, "columnOrder": [*columns], "incompleteColumns": {}}

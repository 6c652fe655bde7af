"""What a chart works out of documents: the number columns of Kibana's Lens.

Owns the form of each such column, with the columns that it needs. Must not know by what
documents are divided, or what is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from heartbeat.elastic.dashboards.dataview import RUNTIME_FIELDS
from heartbeat.elastic.dashboards.objects import kql
from heartbeat.elastic.fields import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

RECORDS: Final = "___records___"
"""What Lens calls the documents themselves."""

PERCENT: Final = {"id": "percent", "params": {"decimals": 2}}
WHOLE: Final = {"id": "number", "params": {"decimals": 0}}
ONE_DECIMAL: Final = {"id": "number", "params": {"decimals": 1}}

_FUNCTIONS: Final = {"-": "subtract", "/": "divide"}
_WORDS: Final = {
    "date": "date",
    "ip": "ip",
    "boolean": "boolean",
    "keyword": "string",
}
_TYPE_OF: Final = {
    **{field.path: field.type for field in FIELDS},
    **{name: kind for name, (kind, _) in RUNTIME_FIELDS.items()},
}


def data_type(field: str) -> str:
    """Return what Lens calls the type of a field."""
    return _WORDS.get(_TYPE_OF.get(field, ""), "number")


@dataclass(frozen=True, slots=True)
class Measure:
    """Something worked out of the documents of a bucket.

    `where` narrows them in KQL; `form` formats it, as the data view says by default.
    """

    label: str
    operation: str
    field: str = RECORDS
    where: str = ""
    form: Mapping[str, Any] | None = None
    percentile: int = 0

    @property
    def is_last(self) -> bool:
        """Say whether it is a value of the latest document, which orders nothing."""
        return self.operation == "last_value"

    @property
    def text(self) -> str:
        """Return it as a formula has it."""
        field = [] if self.field == RECORDS else [self.field]
        where = [f"kql='{self.where}'"] if self.where else []
        return f"{self.operation}({', '.join((*field, *where))})"

    def columns(self, name: str) -> dict[str, Any]:
        """Return the column under a name."""
        kind = data_type(self.field)
        keeps = self.operation in {"last_value", "min", "max"}
        column = {
            "label": self.label,
            "customLabel": True,
            "dataType": kind if keeps else "number",
            "operationType": self.operation,
            "sourceField": self.field,
            "isBucketed": False,
            "scale": "ordinal" if self.is_last and kind != "number" else "ratio",
            "params": self._parameters(),
        }
        if self.where:
            column["filter"] = kql(self.where)
        return {name: column}

    def _parameters(self) -> dict[str, Any]:
        parameters: dict[str, Any] = {}
        if self.operation in {"count", "unique_count", "sum"}:
            parameters = {"emptyAsNull": False}
        if self.is_last:
            # Texts of runtime fields are read from hits: Elasticsearch's own way to
            # the latest value, which Lens takes else, does not know them.
            runs = self.field in RUNTIME_FIELDS and data_type(self.field) == "string"
            parameters = {"sortField": "@timestamp", "showArrayValues": runs}
        if self.percentile:
            parameters = {"percentile": self.percentile}
        if self.form:
            parameters["format"] = dict(self.form)
        return parameters


@dataclass(frozen=True, slots=True)
class Combined:
    """Two measures, made one by an operation of arithmetic."""

    label: str
    first: Measure
    sign: str
    second: Measure
    form: Mapping[str, Any]

    is_last: bool = False

    def columns(self, name: str) -> dict[str, Any]:
        """Return the formula, its two parts and the arithmetic.

        Lens keeps a formula as text and, beside it, already taken apart.
        """
        text = f"{self.first.text} {self.sign} {self.second.text}"
        first, second, result = (f"{name}X{number}" for number in range(3))
        tree = {
            "type": "function",
            "name": _FUNCTIONS[self.sign],
            "args": [first, second],
            "location": {"min": 0, "max": len(text)},
            "text": text,
        }
        formula = {"formula": text, "isFormulaBroken": False, "format": self.form}
        part = f"Part of {self.label}"
        return {
            name: _worked_out(self.label, "formula", formula, [result]),
            **replace(self.first, label=part).columns(first),
            **replace(self.second, label=part).columns(second),
            result: _worked_out(part, "math", {"tinymathAst": tree}, [first, second]),
        }


def _worked_out(
    label: str, operation: str, parameters: Mapping[str, Any], references: list[str]
) -> dict[str, Any]:
    return {
        "label": label,
        "customLabel": True,
        "dataType": "number",
        "operationType": operation,
        "isBucketed": False,
        "scale": "ratio",
        "params": dict(parameters),
        "references": references,
    }


@dataclass(frozen=True, slots=True)
class Constant:
    """The same number everywhere, for a line to compare with."""

    label: str
    value: float
    form: Mapping[str, Any] | None = None

    is_last: bool = False

    def columns(self, name: str) -> dict[str, Any]:
        """Return the column under a name."""
        parameters: dict[str, Any] = {"value": str(self.value)}
        if self.form:
            parameters["format"] = dict(self.form)
        column = _worked_out(self.label, "static_value", parameters, [])
        return {name: {**column, "isStaticValue": True}}


Number: TypeAlias = Measure | Combined | Constant


def count(label: str, where: str = "") -> Measure:
    """Return how many documents there are."""
    return Measure(label, "count", where=where, form=WHOLE)


def unique(label: str, field: str, where: str = "") -> Measure:
    """Return how many different values a field has."""
    return Measure(label, "unique_count", field, where)


def average(label: str, field: str, where: str = "") -> Measure:
    """Return the mean of a field."""
    return Measure(label, "average", field, where)


def mean_up(label: str = "Availability") -> Measure:
    """Return the share of results that were up, where something is ordered by it.

    It runs a script for every document, so that `share_up` costs far less.
    """
    return Measure(label, "average", "hb.ok", form=PERCENT)


def share_up(label: str = "Availability") -> Combined:
    """Return the share of results that were up."""
    up, all_results = count("", "summary.down: 0"), count("")
    return Combined(label, up, "/", all_results, PERCENT)


def missing(label: str, field: str, *, of: str, among: str) -> Combined:
    """Return how many values the one query finds that the other does not."""
    return Combined(label, unique("", field, of), "-", unique("", field, among), WHOLE)


def times_down(label: str = "Down") -> Measure:
    """Return how often something was down, which can be ordered by."""
    return Measure(label, "sum", "summary.down", form=WHOLE)


def highest(label: str, field: str, where: str = "") -> Measure:
    """Return the greatest value of a field."""
    return Measure(label, "max", field, where)


def lowest(label: str, field: str, where: str = "") -> Measure:
    """Return the least value of a field."""
    return Measure(label, "min", field, where)


def percentile(rank: int, field: str, label: str = "") -> Measure:
    """Return what this percentage of the values stays below."""
    return Measure(label or f"p{rank}", "percentile", field, percentile=rank)


def last(label: str, field: str, where: str = "") -> Measure:
    """Return the value of the latest document."""
    return Measure(label, "last_value", field, where)

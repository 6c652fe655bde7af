"""The description of every field as Markdown: docs/fields.md.

Owns the form of that page. Must not know any field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from heartbeat.elastic.fields import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from heartbeat.elastic.fields import Field

_HEAD: Final = """\
# Fields

Made from the program by `make docs`; change the descriptions there. The index template
(`heartbeat export template`) is made of the same table. Whatever else a document has,
such as members of `fields` or of an object that a pipeline adds, is mapped by
Elasticsearch: strings as `keyword`, numbers as `long` or `float`.

A type with `+ text` or `+ keyword` is indexed a second time, as `NAME.text` or
`NAME.keyword`.
"""
_FOREIGN: Final = """\

## Fields that heartbeat does not write

Kibana asks for them, or pipelines and other programs write them into the same index.
"""
_TABLE: Final = "\n| Field | Type | Meaning |\n|---|---|---|\n"


def page() -> str:
    """Return the page."""
    written = (field for field in FIELDS if field.is_written)
    foreign = (field for field in FIELDS if not field.is_written)
    return f"{_HEAD}{_TABLE}{_rows(written)}{_FOREIGN}{_TABLE}{_rows(foreign)}"


def _rows(fields: Iterable[Field]) -> str:
    ordered = sorted(fields, key=lambda field: field.path)
    return "".join(f"| `{f.path}` | {_type(f)} | {f.says} |\n" for f in ordered)


def _type(field: Field) -> str:
    return " + ".join((field.type, *sorted(field.multi or ())))

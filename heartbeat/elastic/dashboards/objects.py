"""Saved objects of Kibana, as its import of files takes them.

Owns the envelope of each type, its id, the versions stamped on it and the names of
references. Must not know what is shown.

The stamps are the oldest versions that have these shapes: newer ones read them, and
migrate nothing. Objects without stamps would be migrated from the beginning of time,
which turns a metric into one of the old kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from heartbeat.outputs.base import BEAT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CORE_VERSION: Final = "8.8.0"
TYPE_VERSIONS: Final = {
    "index-pattern": "8.0.0",
    "search": "8.0.0",
    "lens": "8.9.0",
    "dashboard": "8.9.0",
}
DATA_VIEW: Final = f"{BEAT}-data-view"
"""Id of our own: importing it never replaces a data view that somebody else made."""

SOURCE: Final = "kibanaSavedObjectMeta.searchSourceJSON.index"
"""Where a search names its data view."""


def saved(
    kind: str,
    name: str,
    attributes: Mapping[str, Any],
    references: Iterable[dict[str, str]] = (),
) -> dict[str, Any]:
    """Return an object of a kind; ids stay the same from release to release."""
    return {
        "type": kind,
        "id": name,
        "coreMigrationVersion": CORE_VERSION,
        "typeMigrationVersion": TYPE_VERSIONS[kind],
        "attributes": dict(attributes),
        "references": list(references),
    }


def reference(kind: str, target: str, name: str) -> dict[str, str]:
    """Return the reference to an object, under the name the referring one uses."""
    return {"type": kind, "id": target, "name": name}


def to_data_view(name: str) -> dict[str, str]:
    """Return the reference to the data view."""
    return reference("index-pattern", DATA_VIEW, name)


def kql(text: str) -> dict[str, str]:
    """Return a query in Kibana's language, which shows everything if it is empty."""
    return {"query": text, "language": "kuery"}


def packed(content: Any) -> str:
    """Return a member that Kibana keeps as JSON within JSON."""
    return orjson.dumps(content).decode()


def as_lines(objects: Iterable[Mapping[str, Any]]) -> bytes:
    """Return a file for Kibana's import: a line for each object."""
    return b"".join(
        orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in objects
    )

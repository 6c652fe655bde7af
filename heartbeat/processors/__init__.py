"""The table of processors: the name in a list of `processors` and where it is built.

Owns the table, the import on first use and what is refused by name. Third parties add
entries in the entry-point group `heartbeat.processors`. Must not know what a processor
does.
"""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from heartbeat.processors.base import Build

GROUP = "heartbeat.processors"

TABLE: Final = {
    name: f"{GROUP}.{name}:build"
    for name in (
        "add_fields",
        "add_formatted_index",
        "add_id",
        "add_labels",
        "add_locale",
        "add_tags",
        "append",
        "convert",
        "copy_fields",
        "drop_event",
        "drop_fields",
        "extract_array",
        "fingerprint",
        "include_fields",
        "lowercase",
        "move_fields",
        "now",
        "rate_limit",
        "rename",
        "replace",
        "script",
        "timestamp",
        "truncate_fields",
        "uppercase",
    )
}

REFUSED: Final[dict[str, str]] = {}
"""Processors of the reference that are not built here, and why."""


def names() -> frozenset[str]:
    """Return the name of every processor there is."""
    installed = (entry.name for entry in entry_points(group=GROUP))
    return frozenset((*TABLE, *installed))


def find(name: str) -> Build:
    """Return what builds the processor of a name; raises `LookupError` with why not."""
    if name in TABLE:
        module, _, attribute = TABLE[name].partition(":")
        return cast("Build", getattr(importlib.import_module(module), attribute))
    for entry in entry_points(group=GROUP, name=name):
        return cast("Build", entry.load())
    if name in REFUSED:
        raise LookupError(
            f"the processor {name} is not supported here: {REFUSED[name]}"
        )
    valid = ", ".join(sorted(names()))
    raise LookupError(
        f"the processor action {name} does not exist. Valid actions: {valid}"
    )

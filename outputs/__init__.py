"""The table of outputs: the name in `output.<name>` and where it is built.

Owns the table and the import on first use, so that an output nobody enabled costs
nothing. Third parties add entries in the entry-point group `heartbeat.outputs`.
Must not know what an output does.
"""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, cast

from heartbeat.errors import ConfigError

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.outputs.base import Build, Output, OutputContext

GROUP = "heartbeat.outputs"

TABLE = {
    "console": "heartbeat.outputs.console:build",
    "file": "heartbeat.outputs.file:build",
    "elasticsearch": "heartbeat.outputs.elasticsearch:build",
    "logstash": "heartbeat.outputs.logstash:build",
    "kafka": "heartbeat.outputs.kafka:build",
    "redis": "heartbeat.outputs.redis:build",
    "discard": "heartbeat.outputs.discard:build",
}


def names() -> frozenset[str]:
    """Return the name of every output there is."""
    installed = (entry.name for entry in entry_points(group=GROUP))
    return frozenset((*TABLE, *installed))


def build(name: str, section: Section, context: OutputContext) -> Output:
    """Return the output `name` as its section wants it; raises `ConfigError`."""
    return _load(name)(section, context)


def _load(name: str) -> Build:
    if name in TABLE:
        module, _, attribute = TABLE[name].partition(":")
        return cast("Build", getattr(importlib.import_module(module), attribute))
    for entry in entry_points(group=GROUP, name=name):
        return cast("Build", entry.load())
    raise ConfigError(f"error initializing publisher: output type {name} undefined")

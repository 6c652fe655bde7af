"""The table of monitor types: the value of `type:` and where it is built.

Owns the table and the import on first use. Third parties add entries in the entry-point
group `heartbeat.monitors`. Must not know what a monitor type does.
"""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, cast

from heartbeat.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.config import MonitorSpec
    from heartbeat.monitors.base import Build, Check
    from heartbeat.net import Network

GROUP = "heartbeat.monitors"

TABLE = {
    "http": "heartbeat.monitors.http:build",
    "tcp": "heartbeat.monitors.tcp:build",
    "icmp": "heartbeat.monitors.icmp:build",
}

ALIASES = {
    "synthetics/http": "http",
    "synthetics/tcp": "tcp",
    "synthetics/icmp": "icmp",
}


def names() -> dict[str, str]:
    """Return every name a type goes by and the plug-in it stands for."""
    installed = {entry.name: entry.name for entry in entry_points(group=GROUP)}
    return {**installed, **{name: name for name in TABLE}, **ALIASES}


def build(spec: MonitorSpec, network: Network) -> Sequence[Check]:
    """Return the checks of a monitor; raises `ConfigError` if its options cannot work.

    Any other exception of a plug-in's `build` is turned into one, so that a fault of
    one type harms no monitor of another.
    """
    try:
        return _load(spec.plugin)(spec, network)
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(f"{type(error).__name__}: {error}") from error


def _load(plugin: str) -> Build:
    if plugin in TABLE:
        module, _, attribute = TABLE[plugin].partition(":")
        return cast("Build", getattr(importlib.import_module(module), attribute))
    (entry,) = entry_points(group=GROUP, name=plugin)
    return cast("Build", entry.load())

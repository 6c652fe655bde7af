"""Configuration: from YAML files to typed, placed, validated values.

Owns reading, merging, variables, coercion and every message about what the operator
wrote. Must not know any monitor type or output: their names are given to `load`, their
models unpack the sections handed to them.
"""

from heartbeat.config.layers import Request
from heartbeat.config.load import (
    Kinds,
    MonitorFiles,
    MonitorSource,
    Settings,
    load,
    load_monitor_files,
)
from heartbeat.config.models import PathOptions, ProcessOptions
from heartbeat.config.monitors import last_of_each_id
from heartbeat.config.section import Section
from heartbeat.config.spec import DataStream, Location, MonitorSpec
from heartbeat.config.tls import TlsOptions
from heartbeat.config.types import (
    ByteSize,
    Count,
    Duration,
    Fields,
    Flag,
    Integer,
    Listed,
    Options,
    Text,
    Uint16,
)

__all__ = [
    "ByteSize",
    "Count",
    "DataStream",
    "Duration",
    "Fields",
    "Flag",
    "Integer",
    "Kinds",
    "Listed",
    "Location",
    "MonitorFiles",
    "MonitorSource",
    "MonitorSpec",
    "Options",
    "PathOptions",
    "ProcessOptions",
    "Request",
    "Section",
    "Settings",
    "Text",
    "TlsOptions",
    "Uint16",
    "last_of_each_id",
    "load",
    "load_monitor_files",
]

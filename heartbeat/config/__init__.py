"""Configuration: from YAML files to typed, placed, validated values.

Owns reading, merging, variables, coercion and every message about what the operator
wrote. Must not know any monitor type or output: their names are given to `load`, their
models unpack the sections handed to them.
"""

from heartbeat.config.keystore import Keystore
from heartbeat.config.layers import Request
from heartbeat.config.load import Kinds, Settings, Survey, keystore_file, load, survey
from heartbeat.config.models import PathOptions, ProcessOptions
from heartbeat.config.section import Section
from heartbeat.config.sources import MonitorFiles, MonitorSource, load_monitor_files
from heartbeat.config.spec import Confirm, DataStream, Flapping, Location, MonitorSpec
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
    Words,
)

__all__ = [
    "ByteSize",
    "Confirm",
    "Count",
    "DataStream",
    "Duration",
    "Fields",
    "Flag",
    "Flapping",
    "Integer",
    "Keystore",
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
    "Survey",
    "Text",
    "TlsOptions",
    "Uint16",
    "Words",
    "keystore_file",
    "load",
    "load_monitor_files",
    "survey",
]

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
        "add_agent_metadata",
        "add_cloud_metadata",
        "add_docker_metadata",
        "add_fields",
        "add_formatted_index",
        "add_host_metadata",
        "add_id",
        "add_kubernetes_metadata",
        "add_labels",
        "add_locale",
        "add_network_direction",
        "add_observer_metadata",
        "add_process_metadata",
        "add_tags",
        "append",
        "community_id",
        "convert",
        "copy_fields",
        "decode_base64_field",
        "decode_csv_fields",
        "decode_duration",
        "decode_json_fields",
        "decode_xml",
        "decompress_gzip_field",
        "detect_mime_type",
        "dissect",
        "dns",
        "drop_event",
        "drop_fields",
        "extract_array",
        "fingerprint",
        "include_fields",
        "lowercase",
        "move_fields",
        "now",
        "rate_limit",
        "registered_domain",
        "rename",
        "replace",
        "script",
        "syslog",
        "timestamp",
        "truncate_fields",
        "uppercase",
        "urldecode",
    )
}

REFUSED: Final[dict[str, str]] = {
    "add_cloudfoundry_metadata": "it needs an account of Cloud Foundry's API",
    "add_nomad_metadata": "its API can only be had with an account of Nomad",
    "cache": "it belongs to other programs, as in the reference",
    "decode_xml_wineventlog": "events of Windows get here through no monitor;"
    " decode_xml reads other XML",
    "parse_aws_vpc_flow_log": "flow logs of AWS get here through no monitor",
    "translate_ldap_attribute": "it asks a directory server for every event, and"
    " would hold checks up",
    "translate_sid": "it needs Windows",
}
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

"""`cloud.id` and `cloud.auth`: one text for the addresses of a hosted deployment.

Owns decoding them into options of the Elasticsearch output and of Kibana. Must not know
what is done with them.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import TYPE_CHECKING

from pydantic import Field

from heartbeat.config.types import Options, Text

if TYPE_CHECKING:
    from heartbeat.config.tree import Plain

_PORT = "443"
_PARTS = 3
_FORBIDDEN = frozenset("#@?/")


class CloudOptions(Options):
    """`cloud`."""

    id: Text = Field(default="", description="Id of the deployment: its addresses.")
    auth: Text = Field(default="", description="user:password for the deployment.")


def cloud_settings(options: CloudOptions) -> dict[str, Plain]:
    """Return what the two set, by dotted path; raises `ValueError`."""
    if not options.id:
        if options.auth:
            raise ValueError(
                "cloud.auth specified but cloud.id is empty. Please specify both"
            )
        return {}
    elasticsearch, kibana = _addresses(options.id)
    settings: dict[str, Plain] = {"output.elasticsearch.hosts": [elasticsearch]}
    if kibana:
        settings["setup.kibana.host"] = kibana
    if options.auth:
        user, colon, password = options.auth.partition(":")
        if not colon:
            raise ValueError("cloud.auth must be written as user:password")
        settings["output.elasticsearch.username"] = user
        settings["output.elasticsearch.password"] = password
    return settings


def _addresses(cloud_id: str) -> tuple[str, str]:
    """Return the addresses in `host$elasticsearch$kibana`, "" for no Kibana."""
    encoded = cloud_id.rpartition(":")[2]
    try:
        decoded = b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(f"base64 decoding failed on {encoded}") from error
    parts = decoded.split("$")
    if len(parts) < _PARTS:
        raise ValueError(f"Expected at least 3 parts in {decoded}")
    if any(_FORBIDDEN & set(part) for part in parts):
        raise ValueError(f"the characters # @ ? / have no place in {decoded}")
    host, _, host_port = parts[0].partition(":")
    default = host_port or _PORT
    kibana = _address(parts[2], host, default) if parts[2] else ""
    return _address(parts[1], host, default), kibana


def _address(part: str, host: str, default_port: str) -> str:
    name, _, port = part.partition(":")
    return f"https://{name}.{host}:{port or default_port}"

"""The table of monitor types: the value of `type:` and where it is built.

Owns the table and the import on first use. Third parties add entries in the entry-point
group `heartbeat.monitors`. Must not know what a monitor type does.
"""

from __future__ import annotations

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

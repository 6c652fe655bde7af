"""Questions that several dashboards ask, in Kibana's query language.

Owns what counts as current, and as down. Must not know who asks.
"""

from __future__ import annotations

from typing import Final

from heartbeat.elastic.dashboards.dataview import GRACE

CURRENT: Final = f"monitor.timespan >= now-{GRACE}s"
"""Results whose time is not over: what a monitor or a heartbeat that has fallen silent
left behind is not among them, however well it looked."""

DOWN: Final = "monitor.status: down"
UP: Final = "monitor.status: up"


def both(first: str, second: str) -> str:
    """Return the query for what both queries find."""
    return f"{first} and {second}"

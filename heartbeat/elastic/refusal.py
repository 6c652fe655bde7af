"""What a cluster says no to, and which privilege would change that.

Owns the names of the privileges. Must not import a client: whoever only wants to know
what went wrong does not pay for one.
"""

from __future__ import annotations

from typing import Final

from heartbeat.errors import HeartbeatError

TEMPLATES: Final = "the cluster privilege manage_index_templates"
POLICIES: Final = "the cluster privilege manage_ilm"
STREAMS: Final = "the index privilege manage on {}"
LIFECYCLES: Final = "the index privilege manage_data_stream_lifecycle on {}"
IDENTITY: Final = "the cluster privilege monitor"


class NotPermitted(HeartbeatError):  # noqa: N818 - a verdict, not a fault of the program
    """The user or API key may not do it."""

"""Following the configuration while checks run.

Owns noticing that it changed, which monitors that concerns, and bringing the running
ones in line. Must not know how configuration is read or what a monitor does.
"""

from __future__ import annotations

from heartbeat.reload.reloader import Reloader
from heartbeat.reload.roster import Roster

__all__ = ["Reloader", "Roster"]

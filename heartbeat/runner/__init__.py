"""One due check from its tick to the store: attempts, state, documents.

Owns what happens between a check and its documents. Must not know when a check is due,
how a check works or what becomes of the documents.
"""

from __future__ import annotations

from heartbeat.runner.identity import Identity
from heartbeat.runner.last import LastRun, seconds_by_phase
from heartbeat.runner.level import Level
from heartbeat.runner.runner import Runner, runners
from heartbeat.runner.site import Journal, Site

__all__ = [
    "Identity",
    "Journal",
    "LastRun",
    "Level",
    "Runner",
    "Site",
    "runners",
    "seconds_by_phase",
]

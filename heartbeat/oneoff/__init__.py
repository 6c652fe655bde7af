"""A check without a configuration file, once: what `heartbeat check` does.

Owns the way from a target and a few options to the very checks and documents of the
monitors (`target`, `options`, `trial`), which conditions held (`conditions`), and the
verdict in the terms of monitoring plug-ins (`verdict`). Must not know how any of it is
shown, nor any schedule, store or output.
"""

from __future__ import annotations

from heartbeat.oneoff.conditions import Finding
from heartbeat.oneoff.options import options_of
from heartbeat.oneoff.target import KINDS, Target, target_of
from heartbeat.oneoff.trial import Trial, attempt
from heartbeat.oneoff.verdict import Grade, Thresholds, Verdict, judged

__all__ = [
    "KINDS",
    "Finding",
    "Grade",
    "Target",
    "Thresholds",
    "Trial",
    "Verdict",
    "attempt",
    "judged",
    "options_of",
    "target_of",
]

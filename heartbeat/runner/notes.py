"""What heartbeat adds to a document about the run itself, under `heartbeat`.

Owns those members. Must not know checks or how a document is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heartbeat.runner.document import overlay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.event import Fields
    from heartbeat.schedule import Schedule


def note(fields: Fields, facts: Mapping[str, Any]) -> None:
    """Put facts under `heartbeat`, beside what is there already."""
    fields["heartbeat"] = overlay(fields.get("heartbeat", {}), facts)


def step_note(seconds: float) -> Fields:
    """Return that the wall clock was set since the run before."""
    return {"clock": {"step": {"us": round(seconds * 1e6)}}}


def gap_note(schedule: Schedule, seen_ns: int, now_ns: int) -> Fields:
    """Return how long nobody looked at the target; nothing up to one missed interval.

    `seen_ns` is when somebody did last, 0 for never.
    """
    missed_ns = schedule.next_after(seen_ns) if seen_ns else now_ns
    if missed_ns >= now_ns or schedule.next_after(missed_ns) >= now_ns:
        return {}
    return {"gap": {"us": (now_ns - seen_ns) // 1000}}

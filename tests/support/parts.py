"""The parts of a process that have figures, as far as somebody looks at them."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from heartbeat.delivery import Counters
from heartbeat.figures import Parts
from heartbeat.scheduler import Scheduler

if TYPE_CHECKING:
    from heartbeat.clock import Clock

AGENT = {
    "ephemeral_id": "e",
    "id": "1-2-3",
    "name": "berlin-1",
    "type": "heartbeat",
    "version": "9.6.0",
}


def output(name: str, pending: int, *, is_working: bool = True) -> Any:
    """Return an output that has taken nine events and let seven wait or drop."""
    counters = Counters(acked=9, dropped=2, dead_letter=1)
    return SimpleNamespace(
        name=name, is_working=is_working, pending=pending, counters=counters
    )


def parts_of(clock: Clock) -> Parts:
    """Return a process with two outputs, one of them out of reach, and two monitors."""
    store: Any = SimpleNamespace(is_failing=False, appended=12)
    reloader: Any = SimpleNamespace(
        counters=SimpleNamespace(scans=0, reloads=0, errors=0, invalid=())
    )
    roster: Any = SimpleNamespace(
        monitors=Counter(http=2),
        endpoints=Counter(http=3),
        monitor_starts=Counter(http=2),
        endpoint_starts=Counter(http=3),
        digests={"shop": "b", "web": "a"},
        skipped=1,
        filtered=0,
        starts=2,
        stops=0,
    )
    return Parts(
        clock=clock,
        began=clock.monotonic(),
        agent=AGENT,
        scheduler=Scheduler(clock),
        store=store,
        workers=[output("console", 0), output("kafka", 5, is_working=False)],
        roster=roster,
        reloader=reloader,
    )

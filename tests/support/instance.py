"""An endpoint with the answers that a test gives it, in the form of heartbeat's.

Owns the answers. Must not know who asks.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from heartbeat.endpoint import Endpoint
from heartbeat.shown import Views

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from heartbeat.event import Fields

LATENESS = {name: {"us": us} for name, us in (("p50", 400), ("p99", 2000), ("max", 9))}


def monitor(key: str, level: str = "up", **more: Any) -> Fields:
    """Return a monitor as `/monitors` tells it."""
    return {
        "id": key,
        "key": key,
        "name": f"Name of {key}",
        "type": "http",
        "url": f"http://{key}/",
        "status": level if level in {"up", "down"} else "up",
        "level": level,
        "since": "2026-09-21T14:13:20.000Z",
        "last_check": "2026-09-21T14:13:20.000Z",
        "duration": 0.02,
        "phases": {},
        "error": None,
        "status_code": None,
        "certificate": None,
        **more,
    }


def output(pending: int = 0, *, available: bool = True, dropped: int = 0) -> Fields:
    """Return an output as `/stats` tells it."""
    events = {"pending": pending, "dropped": dropped, "dead_letter": 0}
    return {"events": events, "available": available}


@dataclass(slots=True)
class Running:
    """What a heartbeat tells, and what it was asked for."""

    monitors: list[Fields] = field(default_factory=list["Fields"])
    outputs: dict[str, Fields] = field(default_factory=dict[str, "Fields"])
    queries: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    def stats(self) -> Fields:
        """Return what `/stats` says."""
        flow = {"running": 1, "waiting": 2, "missed": 3, "lateness": LATENESS}
        return {
            "beat": {"info": {"uptime": {"ms": 65_000}, "version": "9.5.0"}},
            "heartbeat": {
                "scheduler": {**flow, "loop_lag": LATENESS},
                "outputs": self.outputs,
            },
        }

    async def page(self, query: Mapping[str, str]) -> Fields:
        """Return what `/monitors` says."""
        self.queries.append(dict(query))
        levels: dict[str, int] = {}
        for one in self.monitors:
            levels[one["level"]] = levels.get(one["level"], 0) + 1
        wanted = set(filter(None, query["status"].split(",")))
        found = [
            one
            for one in self.monitors
            if not wanted or wanted & {one["level"], one["status"]}
        ]
        shown = found[: int(query["limit"])]
        return {"levels": levels, "matched": len(found), "monitors": shown}


@asynccontextmanager
async def answering(running: Running, host: str = "127.0.0.1") -> AsyncGenerator[str]:
    """Serve the answers; yields the URL."""
    views = Views({"/stats": running.stats}, {"/monitors": running.page})
    endpoint = Endpoint(host, 0, views)
    await endpoint.start()
    try:
        address = endpoint.addresses[0]
        yield host if "://" in host else f"http://{host}:{address[1]}"
    finally:
        await endpoint.close()

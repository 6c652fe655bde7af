"""Documents of heartbeat about itself: that it runs, with what, and how well.

Owns their members and rhythm. Must not know how the figures are counted.

They go the way of all documents, through the store to every output: where they fail to
appear, heartbeat or the way from it is down, and `monitor.timespan` of the last one
tells since when. They have no `summary`, so that nothing which counts checks or
computes an availability counts them.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import orjson

from heartbeat import __version__
from heartbeat.config import Location, MonitorSpec
from heartbeat.event import Event, Result, encode, event_id, printable
from heartbeat.figures import stats
from heartbeat.runner.document import Template
from heartbeat.schedule import Every, phase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.config import Settings
    from heartbeat.event import Fields, Record
    from heartbeat.figures import Parts
    from heartbeat.runner import Site

TYPE: Final = "heartbeat"
"""`monitor.type` of these documents."""


@dataclass(frozen=True, slots=True)
class SelfFacts:
    """What a document tells of the process, `figures` being those of `/stats`."""

    figures: Mapping[str, Any]
    config_hash: str
    monitors: int
    endpoints: int
    is_store_failing: bool

    def put(self, fields: Fields) -> None:
        """Write the facts."""
        schedule = self.figures["heartbeat"]["scheduler"]
        outputs = self.figures["heartbeat"]["outputs"]
        pending = [output["events"]["pending"] for output in outputs.values()]
        events = self.figures["libbeat"]["output"]["events"]
        fields["heartbeat"] = {
            "version": __version__,
            "uptime": self.figures["beat"]["info"]["uptime"],
            "config": {"hash": self.config_hash},
            "monitors": self.monitors,
            "endpoints": self.endpoints,
            "scheduler": {
                "due": schedule["due"],
                "running": schedule["running"],
                "waiting": schedule["waiting"],
                "missed": schedule["missed"],
                "in_maintenance": schedule["jobs"]["in_maintenance"],
                "lateness": schedule["lateness"],
                "loop_lag": schedule["loop_lag"],
            },
            "queue": {
                "waiting": max(pending, default=0),
                "acked": events["acked"],
                "dropped": events["dropped"],
                "dead_letter": events["dead_letter"],
                "is_failing": self.is_store_failing,
                "unavailable": [n for n, o in outputs.items() if not o["available"]],
            },
        }


class SelfMonitor:
    """Writes a document at the start and on every tick of its period."""

    def __init__(self, parts: Parts, settings: Settings, site: Site) -> None:
        """Write nothing yet."""
        options = settings.options
        place = options.heartbeat.run_from
        self._parts = parts
        self._site = site
        self._id = "-".join(
            filter(None, ("heartbeat", parts.agent["id"], parts.worker))
        )
        self._schedule = Every(round(options.heartbeat.self_monitor.period * 1e9))
        self._place = place.id if place is not None else ""
        spec = MonitorSpec(
            id=self._id,
            name=parts.agent["name"],
            type=TYPE,
            plugin=TYPE,
            schedule=self._schedule,
            options=settings.root,
            location=Location(place.id, place.geo) if place is not None else None,
        )
        self._template = Template(spec, self._id, None, site.identity)
        self._options = _bytes_of(settings)
        self._hashed = (-1, -1)
        self._hash = ""

    async def run(self) -> None:
        """Write until cancelled; the ticks lie on a grid, as those of monitors do."""
        clock, interval_ns = self._site.clock, self._schedule.interval_ns
        ticks = self._schedule.ticks(phase(self._id, interval_ns))
        tick_ns = clock.now()
        while True:
            self._site.journal.append([self.record(tick_ns)], {})
            tick_ns = ticks.next_after(max(tick_ns, clock.now()))
            wait = (tick_ns - clock.now()) / 1e9
            await clock.sleep_until(clock.monotonic() + wait)

    def record(self, tick_ns: int) -> Record:
        """Return the document of a tick."""
        now_ns = self._site.clock.now()
        facts = SelfFacts(
            figures=stats(self._parts),
            config_hash=self._config_hash(),
            monitors=self._parts.roster.monitors.total(),
            endpoints=self._parts.roster.endpoints.total(),
            is_store_failing=self._parts.store.is_failing,
        )
        span = (now_ns, self._schedule.next_after(now_ns))
        group = self._site.ids.next()
        template = self._template
        fields = template.fields(Result(facts=(facts,)), span, group)
        routing = template.routing(
            event_id(self._id, self._place, str(tick_ns)), now_ns
        )
        return encode(Event(now_ns, routing, template.finish(fields)))

    def _config_hash(self) -> str:
        """Return what changes with any option and any monitor that runs.

        Kept until a monitor comes or goes: there may be many.
        """
        roster = self._parts.roster
        changes = (roster.starts, roster.stops)
        if changes != self._hashed:
            self._hashed = changes
            digest = blake2b(self._options, digest_size=16)
            for name, monitor in sorted(roster.digests.items()):
                digest.update(f"\n{name}\t{monitor}".encode("utf-8", "surrogateescape"))
            self._hash = digest.hexdigest()
        return self._hash


def _bytes_of(settings: Settings) -> bytes:
    """Return the options of the process and its outputs as they are written."""
    outputs = {name: section.lenient() for name, section in settings.outputs.items()}
    options = settings.options.model_dump(mode="json")
    return orjson.dumps(
        printable({"options": options, "outputs": outputs}),
        option=orjson.OPT_SORT_KEYS,
    )

"""What runs beside the schedule: those that tell, follow and prepare.

Owns which of them there are for a configuration. Must not know in which order the
process starts and stops, or what any of them does inside.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from heartbeat.assembly import report_of
from heartbeat.buffer import Buffer
from heartbeat.figures import ailing, state, stats
from heartbeat.metrics import MetricsLog
from heartbeat.overview import summary
from heartbeat.processors.sources import Sources
from heartbeat.resume import resumption_of
from heartbeat.selfmonitor import SelfMonitor

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Sequence

    from heartbeat.clock import Clock
    from heartbeat.config import Settings
    from heartbeat.figures import Parts
    from heartbeat.net import Network
    from heartbeat.outputs.base import Output
    from heartbeat.reload import Roster
    from heartbeat.resume import Resumption
    from heartbeat.runner import Site
    from heartbeat.seat import Seat
    from heartbeat.stackmonitoring import Plan, Reporter

Companion: TypeAlias = "Coroutine[Any, Any, None]"
"""Runs until it is cancelled, or until it has nothing more to do."""


class Companions:
    """Those of one life of heartbeat; they come in as its parts are built.

    `sources` is what processors learn from in the background, `buffer` the figures of
    before, None if nobody wants them.
    """

    def __init__(self, settings: Settings, clock: Clock, seat: Seat) -> None:
        """Begin with none."""
        self._settings = settings
        self._clock = clock
        self._seat = seat
        self._report: Plan | None = None
        self._resumption: Resumption | None = None
        self._self_monitor: SelfMonitor | None = None
        self.sources = Sources()
        self.buffer: Buffer | None = None

    def plan_report(self, network: Network) -> None:
        """See whether Stack Monitoring is to hear of us; raises `ConfigError`."""
        self._report = report_of(self._settings, network)

    def plan_resumption(
        self, roster: Roster, site: Site, outputs: Sequence[Output]
    ) -> None:
        """See whether states are to be looked for in Elasticsearch."""
        self._resumption = resumption_of(self._settings, roster, site, outputs)

    def plan_telling(self, parts: Parts, site: Site) -> None:
        """See who wants to hear of us beside the log."""
        if self._settings.options.heartbeat.self_monitor.enabled:
            self._self_monitor = SelfMonitor(parts, self._settings, site)
        options = self._settings.options.http
        if options.enabled and options.buffer.enabled:
            self.buffer = Buffer(
                partial(stats, parts),
                self._clock,
                period=options.buffer.period,
                size=options.buffer.size,
            )

    def of_checks(self) -> Iterator[Companion]:
        """Yield those that belong to checks, however often these run."""
        yield self.sources.run()
        if self._resumption is not None:
            yield self._resumption.run()

    def of_service(self, parts: Parts, hostname: str) -> Iterator[Companion]:
        """Yield those of a process that stays."""
        yield parts.reloader.run()
        yield self._tell_manager(parts)
        options = self._settings.options
        if options.logging.metrics.enabled:
            period = options.logging.metrics.period
            yield MetricsLog(partial(stats, parts), self._clock, period).run()
        for teller in (self.buffer, self._self_monitor):
            if teller is not None:
                yield teller.run()
        if self._report is not None:
            yield self._reporter(self._report, parts, hostname).run(self._clock)
        if options.setup.dashboards.enabled and self._seat.is_first:
            # Imported here: they are of no use to whoever does not want them.
            from heartbeat.elastic.kibana_load import put_beside  # noqa: PLC0415

            yield put_beside(self._settings, self._clock)

    async def _tell_manager(self, parts: Parts) -> None:
        """Keep the service manager informed."""

        async def status() -> str:
            return ailing(parts) or await summary(parts.roster, self._clock)

        manager = self._seat.manager
        await manager.run(lambda: parts.scheduler.timing().is_stuck, status)

    def _reporter(self, plan: Plan, parts: Parts, hostname: str) -> Reporter:
        from heartbeat.stackmonitoring import Reporter  # noqa: PLC0415 - as its plan is

        agent = parts.agent
        beat = {name: agent[name] for name in ("type", "version", "name")}
        beat |= {"host": hostname, "uuid": agent["id"]}
        beat |= self._seat.named(beat)
        return Reporter(plan, beat, partial(stats, parts), partial(state, parts))

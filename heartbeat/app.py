"""One life of heartbeat: build, run, stop.

The only place that wires the parts together. Owns the order in which they start and
stop. Must not know what any of them does inside.

Start: data directory, outputs, store, monitors, endpoint, delivery, schedule.
Stop: schedule first, then delivery for a while, the store last; what is not delivered
by then waits in the store for the next start.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import AsyncExitStack
from dataclasses import replace
from enum import Enum, auto
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from heartbeat import __version__, collector, process
from heartbeat.assembly import (
    agent_of,
    context_of,
    identity_of,
    outputs_of,
    processors_of,
    queue_of,
    tell_problems,
)
from heartbeat.clock import SystemClock
from heartbeat.companions import Companions
from heartbeat.deadletter import DeadLetters
from heartbeat.delivery import Worker
from heartbeat.dump import dump
from heartbeat.elastic.automatic import attach
from heartbeat.elastic.plan import plan_of
from heartbeat.errors import ConfigError, OutputClosed
from heartbeat.figures import Parts
from heartbeat.net import Network
from heartbeat.reload import Reloader, Roster
from heartbeat.runner import Site
from heartbeat.scheduler import Scheduler
from heartbeat.seat import Seat
from heartbeat.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from heartbeat.clock import Clock
    from heartbeat.config.load import Settings
    from heartbeat.outputs.base import Output

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONGEST_WAIT = 1e9
"""Seconds that stand for "as long as it takes"."""


class Mode(Enum):
    """How long to run, and what counts as success."""

    SERVE = auto()
    """Until a signal."""

    ONCE = auto()
    """Every monitor once; success is that all was delivered (`heartbeat.run_once`)."""

    ONCE_STRICT = auto()
    """Every monitor once; success is that all is up and delivered (`--once`)."""


class App:
    """One life of heartbeat."""

    def __init__(
        self,
        settings: Settings,
        *,
        hostname: str,
        mode: Mode = Mode.SERVE,
        load: Callable[[], Settings] | None = None,
        seat: Seat | None = None,
    ) -> None:
        """Take what is to be run; nothing is touched before `run`.

        `load` reads the settings anew; without it they stay as they are.
        """
        self._settings = settings
        self._load = load or (lambda: settings)
        self._options = settings.options.heartbeat
        self._hostname = hostname
        self._mode = mode
        self._clock: Clock = SystemClock()
        self._stopped = asyncio.Event()
        self._draining: list[asyncio.Task[None]] = []
        self._seat = seat or Seat(self._clock)
        self._manager = self._seat.manager
        self._companions = Companions(settings, self._clock, self._seat)

    async def run(self) -> int:
        """Run to the end; return the exit code.

        Raises `OutputClosed` when an output will never take anything again.
        """
        try:
            return await self._live()
        except BaseExceptionGroup as group:
            closed = group.subgroup(OutputClosed)
            if closed is None:
                raise
            raise _first(closed) from None

    async def _live(self) -> int:
        log.info("heartbeat %s starting, running from: %s", __version__, self._place())
        async with AsyncExitStack() as stack:
            await self._seat.open(stack)
            parts = await self._started(stack)
            if self._seat.is_alone:
                tell_problems(self._settings)
            process.raise_file_limit()
            collector.settle()
            self._tell_rights(parts)
            self._listen_to_signals(parts)
            log.info("heartbeat is running! Hit CTRL-C to stop it.")
            self._manager.ready()
            async with asyncio.TaskGroup() as group:
                beside = [group.create_task(w.run()) for w in parts.workers]
                beside.append(group.create_task(self._seat.serve()))
                await self._check(parts)
                await self._deliver_rest(parts.workers)
                for task in beside:
                    task.cancel()
            code = self._exit_code(parts)
        log.info("heartbeat stopped.")
        return code

    async def _check(self, parts: Parts) -> None:
        """Run the schedule to its end: once through, or until a signal."""
        scheduler = parts.scheduler
        beside = [self._stop_when_told(scheduler), *self._companions.of_checks()]
        is_service = self._mode is Mode.SERVE
        if is_service:
            beside += self._companions.of_service(parts, self._hostname)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(companion) for companion in beside]
            await (scheduler.run() if is_service else scheduler.run_once())
            for task in tasks:
                task.cancel()

    async def _stop_when_told(self, scheduler: Scheduler) -> None:
        await self._stopped.wait()
        await scheduler.stop(self._options.shutdown_timeout)

    async def _deliver_rest(self, workers: Sequence[Worker]) -> None:
        """Wait until everything is delivered, for as long as is allowed.

        A signal during that wait ends it.
        """
        log.info("Shutting down, waiting for output to complete")
        allowed = self._options.shutdown_timeout
        if self._mode is not Mode.SERVE and not self._stopped.is_set():
            allowed = self._options.publish_timeout or LONGEST_WAIT
        async with asyncio.TaskGroup() as group:
            self._draining = [group.create_task(_drain(w, allowed)) for w in workers]

    def _exit_code(self, parts: Parts) -> int:
        """Return 0 if what was to be done is done."""
        if self._mode is Mode.SERVE:
            return 0
        is_delivered = not any(worker.pending for worker in parts.workers)
        if self._mode is Mode.ONCE:
            return 0 if is_delivered else 1
        is_up = all(r.is_up or r.rests for r in parts.roster.runners)
        return 0 if is_delivered and is_up else 1

    def _tell_rights(self, parts: Parts) -> None:
        """Log as whom we run, and what that does not allow."""
        log.info("%s", process.rights())
        if parts.roster.endpoints["icmp"] and not process.may_ping():
            log.warning(
                "ICMP monitors will report down: grant CAP_NET_RAW, or admit one of"
                " our groups with the sysctl net.ipv4.ping_group_range"
            )

    def _listen_to_signals(self, parts: Parts) -> None:
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._stop, number)
        if self._mode is Mode.SERVE:
            loop.add_signal_handler(signal.SIGHUP, parts.reloader.ask)
        loop.add_signal_handler(signal.SIGUSR1, lambda: dump(parts.scheduler.running()))

    def _stop(self, number: signal.Signals) -> None:
        log.info("Received signal %s, stopping", number.name)
        self._manager.stopping()
        self._stopped.set()
        for task in self._draining:
            task.cancel()

    def _place(self) -> str:
        location = self._options.run_from
        return location.id if location and location.id else "<unknown location>"

    # -- building

    async def _started(self, stack: AsyncExitStack) -> Parts:
        """Build everything in the order of start; the stack closes it in reverse."""
        data = Path(self._settings.paths.data)
        identity = self._seat.identity(data, stack)
        agent = agent_of(self._settings, identity, self._hostname)
        network = Network(self._clock)
        stack.push_async_callback(network.close)
        outputs = outputs_of(self._settings, self._seat.output_context(network, data))
        context = replace(
            context_of(self._settings, network), hostname=self._hostname, agent=agent
        )
        self._companions.sources = context.sources
        processors = processors_of(self._settings, context)
        context.sources.hold(processors.sources)
        expect = attach(outputs, plan_of(self._settings), self._clock)
        self._companions.plan_report(network)
        store = self._store([output.name for output in outputs])
        stack.push_async_callback(store.close)
        workers = [self._worker(output, store, data) for output in outputs]
        site = Site.of(
            self._clock, store, identity_of(self._settings, agent), processors
        )
        stack.callback(site.losses.close)
        scheduler = self._scheduler()
        states = self._seat.states(store, queue_of(self._settings)[0])
        roster = Roster(scheduler, site, context, states, expect)
        self._begin(roster)
        self._companions.plan_resumption(roster, site, outputs)
        around = self._manager.reloading
        reloader = Reloader(roster, self._settings, self._load, self._clock, around)
        parts = Parts(
            clock=self._clock,
            began=self._clock.monotonic(),
            agent=agent,
            scheduler=scheduler,
            store=store,
            workers=workers,
            roster=roster,
            reloader=reloader,
            cluster_uuid=self._settings.options.monitoring.cluster_uuid,
            worker=self._seat.name,
        )
        self._companions.plan_telling(parts, site)
        await self._open_endpoint(stack, parts)
        return parts

    def _worker(self, output: Output, store: Store, data: Path) -> Worker:
        dead_letters = DeadLetters(data / "dead-letter", output.name, self._clock)
        jitter = Random()  # noqa: S311 - spreads retries, guards nothing
        return Worker(
            output, store, self._clock, dead_letters=dead_letters, random=jitter
        )

    def _begin(self, roster: Roster) -> None:
        """Put all monitors in place; one that cannot work runs and says so.

        Raises `ConfigError` for monitors whose documents would have no place to go.
        """
        built = roster.build(self._settings.monitors)
        for monitor in built:
            for problem in monitor.problems:
                log.error("monitor '%s' cannot work: %s", monitor.spec.id, problem)
        lost = [p for monitor in built if not monitor.runners for p in monitor.problems]
        if lost:
            raise ConfigError(lost)
        roster.begin(built)

    def _store(self, names: Sequence[str]) -> Store:
        place, limits = queue_of(self._settings)
        return Store.open(place, outputs=names, clock=self._clock, limits=limits)

    def _scheduler(self) -> Scheduler:
        scheduler = self._options.scheduler
        limits = {name: job.limit for name, job in self._options.jobs.items()}
        return Scheduler(
            self._clock,
            limit=scheduler.limit,
            type_limits=limits,
            host_limit=scheduler.per_host_limit,
            spread=scheduler.spread,
        )

    async def _open_endpoint(self, stack: AsyncExitStack, parts: Parts) -> None:
        options = self._settings.options.http
        if not options.enabled:
            return
        from heartbeat.views import views_of  # noqa: PLC0415 - for an option

        views = views_of(
            parts,
            max_monitors=options.metrics.max_monitors,
            buffer=self._companions.buffer,
        )
        if self._seat.shows(views):
            return
        from heartbeat.endpoint import Endpoint  # noqa: PLC0415 - slow to import

        endpoint = Endpoint(options.host, options.port, views)
        await endpoint.start()
        stack.push_async_callback(endpoint.close)


def _first(group: BaseExceptionGroup[OutputClosed]) -> OutputClosed:
    """Return an error out of groups within groups."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


async def _drain(worker: Worker, seconds: float) -> None:
    """Wait until an output has everything; say what it does not have in the end."""
    try:
        await worker.drain(seconds)
    finally:
        if worker.pending:
            log.warning(
                "%d events were not delivered to %s in time; they stay in the store and"
                " go out at the next start",
                worker.pending,
                worker.name,
            )

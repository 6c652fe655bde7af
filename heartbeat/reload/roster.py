"""The monitors that run, and how others take their place.

Owns the runners in the scheduler and what they hand over to their successors: state and
place on the time line. Must not know where monitors are written or why they change.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from heartbeat import collector
from heartbeat.assembly import monitor_of, placed
from heartbeat.errors import ConfigError
from heartbeat.runner import runners
from heartbeat.scheduler import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from heartbeat.config import MonitorSpec
    from heartbeat.errors import Problem
    from heartbeat.processors.base import ProcessorContext, Source
    from heartbeat.reload.diff import Changes
    from heartbeat.runner import Runner, Site
    from heartbeat.scheduler import Scheduler

PORTION = 50
"""Monitors put in place in one turn of the loop, so that checks do not wait."""


@dataclass(frozen=True, slots=True)
class Built:
    """A monitor ready to run; `problems` is what is wrong with its own options.

    `sources` have to run for its processors.
    One that cannot work still has a runner, which reports it, unless it has no place to
    report it to.
    """

    spec: MonitorSpec
    runners: Sequence[Runner]
    problems: Sequence[Problem] = ()
    sources: Sequence[Source] = ()


class Roster:
    """Everything that runs, by the id of its monitor."""

    def __init__(
        self,
        scheduler: Scheduler,
        site: Site,
        context: ProcessorContext,
        states: Mapping[str, bytes],
        tell: Callable[[MonitorSpec], None] | None = None,
    ) -> None:
        """Continue from the states that an earlier process has left.

        `tell` hears of each monitor before it runs.
        """
        self._scheduler = scheduler
        self._site = site
        self._context = context
        self._states = dict(states)
        self._tell = tell
        self._running: dict[str, Built] = {}
        self.monitors: Counter[str] = Counter()
        self.endpoints: Counter[str] = Counter()
        self.monitor_starts: Counter[str] = Counter()
        self.endpoint_starts: Counter[str] = Counter()

    @property
    def starts(self) -> int:
        """Return how many monitors were put in place."""
        return self.monitor_starts.total()

    @property
    def stops(self) -> int:
        """Return how many of them were taken out."""
        return self.starts - self.monitors.total()

    @property
    def runners(self) -> list[Runner]:
        """Return all runners."""
        return [runner for built in self._running.values() for runner in built.runners]

    @property
    def endpoints_by_spec(self) -> list[tuple[MonitorSpec, Runner]]:
        """Return all runners, each with the monitor it belongs to."""
        running = self._running.values()
        return [(built.spec, runner) for built in running for runner in built.runners]

    @property
    def skipped(self) -> int:
        """Return how many runs fell into a maintenance window."""
        return self._site.counts.skipped

    @property
    def filtered(self) -> int:
        """Return how many documents processors dropped."""
        return self._site.counts.filtered

    @property
    def digests(self) -> dict[str, str]:
        """Return the digest of each monitor by its id."""
        return {name: built.spec.digest for name, built in self._running.items()}

    def build(self, specs: Iterable[MonitorSpec]) -> list[Built]:
        """Return monitors ready to run; touches nothing, may be called in any thread.

        Takes its time: certificates are read here.
        """
        with collector.at_rest():
            return [self._build(spec) for spec in specs]

    def begin(self, built: Sequence[Built]) -> None:
        """Put the first monitors in place, before the scheduler runs."""
        for monitor in built:
            self._put(monitor, len(built))

    async def apply(self, changes: Changes, built: Sequence[Built]) -> None:
        """Bring in what was built for the changes and take out what is removed."""
        for name in changes.removed:
            self._take_out(name)
        for done, monitor in enumerate(built, 1):
            self._put(monitor, len(built))
            if done % PORTION == 0:
                await self._site.clock.sleep_until(0.0)

    def _build(self, spec: MonitorSpec) -> Built:
        monitor = monitor_of(spec, self._context)
        processors = monitor.processors
        try:
            made = runners(spec, monitor.checks, self._site, {}, processors)
        except ConfigError as error:
            return Built(spec, (), [placed(p, spec) for p in error.problems])
        return Built(spec, tuple(made), monitor.problems, processors.sources)

    def _put(self, built: Built, among: int) -> None:
        """Let a monitor take its place, and over from its predecessor if it has one.

        Without a turn of the loop in between: nothing can fall due in the meantime.
        """
        name = built.spec.id
        if name in self._running:
            self._take_out(name)
        self._running[name] = built
        if self._tell is not None:
            self._tell(built.spec)
        self.monitors[built.spec.type] += 1
        self.monitor_starts[built.spec.type] += 1
        self._context.sources.hold(built.sources)
        for runner in built.runners:
            runner.resume(self._states)
            for key in runner.keep():
                self._states.pop(key, None)
            self._scheduler.add(_job(runner), among=among)
            self.endpoints[runner.type] += 1
            self.endpoint_starts[runner.type] += 1

    def _take_out(self, name: str) -> None:
        """Stop a monitor; its states are kept, for it may come back."""
        built = self._running.pop(name)
        self.monitors[built.spec.type] -= 1
        self._context.sources.release(built.sources)
        for runner in built.runners:
            self._scheduler.remove(runner.id)
            self._states |= runner.keep()
            self.endpoints[runner.type] -= 1


def _job(runner: Runner) -> Job:
    return Job(
        id=runner.id,
        type=runner.type,
        schedule=runner.schedule,
        run=runner.run,
        last_tick_ns=runner.last_tick_ns,
        host=runner.host,
        spread=runner.spread,
    )

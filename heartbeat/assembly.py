"""From settings to the things they describe: outputs, the queue, checks of monitors.

Owns which fault stops the start and which becomes a monitor that reports it. Must not
know how the things work or when they run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from heartbeat import monitors, outputs, selfmonitoring
from heartbeat.config.models import DiskQueueOptions
from heartbeat.elastic.plan import plan_of
from heartbeat.errors import ConfigError
from heartbeat.monitors.base import BrokenCheck
from heartbeat.outputs.base import OutputContext
from heartbeat.store import Overflow, StoreLimits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.config import MonitorSpec
    from heartbeat.config.load import Settings
    from heartbeat.errors import Problem
    from heartbeat.monitors.base import Check
    from heartbeat.net import Network
    from heartbeat.outputs.base import Output


@dataclass(frozen=True, slots=True)
class Monitor:
    """A monitor and its checks; `problems` is why it is broken, if it is."""

    spec: MonitorSpec
    checks: Sequence[Check]
    problems: Sequence[Problem] = ()


def outputs_of(settings: Settings, context: OutputContext) -> list[Output]:
    """Return the outputs that are on; raises `ConfigError` with the faults of all."""
    built: list[Output] = []
    problems: list[Problem] = []
    for name, section in settings.outputs.items():
        try:
            built.append(outputs.build(name, section, context))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return built


def queue_of(settings: Settings) -> tuple[Path | None, StoreLimits]:
    """Return the file in which events wait, None for memory, and how many may."""
    queue = settings.options.queue
    if queue.mem is not None and queue.mem.enabled:
        return None, StoreLimits(max_events=queue.mem.events)
    disk = queue.disk or DiskQueueOptions()
    limits = StoreLimits(max_bytes=disk.max_size, overflow=Overflow(disk.overflow))
    return Path(disk.path or settings.paths.data) / "heartbeat.db", limits


def monitor_of(spec: MonitorSpec, network: Network) -> Monitor:
    """Return a monitor ready to run; one that cannot work runs and says so."""
    try:
        return Monitor(spec, monitors.build(spec, network))
    except ConfigError as error:
        hide = spec.options.scope.hide
        found = [replace(p, message=hide(p.message)) for p in error.problems]
        problems = [placed(problem, spec) for problem in found]
        cause = "; ".join(_in_document(problem) for problem in found)
        return Monitor(spec, [BrokenCheck(cause)], problems)


def placed(problem: Problem, spec: MonitorSpec) -> Problem:
    """Return a fault with the place of its monitor, if it has none of its own."""
    if problem.file:
        return problem
    file, line, column = spec.options.place
    return replace(problem, file=file, line=line, column=column)


def _in_document(problem: Problem) -> str:
    """Return a fault in the reference's form, which names the option, not the line."""
    if not problem.path:
        return problem.message
    return f"{problem.message} accessing '{problem.path}'"


def faults(settings: Settings, network: Network) -> tuple[Problem, ...]:
    """Return what monitors and outputs find wrong with their own options."""
    found: list[Problem] = []
    for look in (
        lambda: outputs_of(settings, OutputContext(network)),
        lambda: plan_of(settings),
        lambda: selfmonitoring.plan_of(settings, network),
    ):
        try:
            look()
        except ConfigError as error:
            found += error.problems
    for spec in settings.monitors:
        found += monitor_of(spec, network).problems
    return tuple(found)

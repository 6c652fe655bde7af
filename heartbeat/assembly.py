"""From settings to what they describe: outputs, queue, checks, processors, who we are.

Owns which fault stops the start and which becomes a monitor that reports it. Must not
know how the things work or when they run.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from heartbeat import (
    COMPATIBLE_VERSION,
    __version__,
    monitors,
    outputs,
    process,
)
from heartbeat.config.models import DiskQueueOptions
from heartbeat.config.monitoring import names_monitoring
from heartbeat.config.setup import names_kibana
from heartbeat.elastic.plan import plan_of
from heartbeat.errors import ConfigError
from heartbeat.monitors.base import BrokenCheck
from heartbeat.outputs.base import OutputContext
from heartbeat.processors.base import ProcessorContext
from heartbeat.processors.build import build_chain
from heartbeat.processors.chain import Chain
from heartbeat.processors.sources import Sources
from heartbeat.runner import Identity
from heartbeat.store import Overflow, StoreLimits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from heartbeat.config import MonitorSpec
    from heartbeat.config.load import Settings
    from heartbeat.errors import Problem
    from heartbeat.monitors.base import Check
    from heartbeat.net import Network
    from heartbeat.outputs.base import Output
    from heartbeat.stackmonitoring import Plan


log = logging.getLogger(__name__)

BUILD = f"heartbeat {__version__}"
"""What documents say of the program itself (`agent.build.original`)."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """A monitor and its checks; `problems` is why it is broken, if it is.

    `processors` are its own.
    """

    spec: MonitorSpec
    checks: Sequence[Check]
    problems: Sequence[Problem] = ()
    processors: Chain = field(default_factory=Chain)


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


def agent_of(settings: Settings, installation_id: str, hostname: str) -> dict[str, str]:
    """Return what this run of heartbeat is called, a new id included."""
    return {
        "ephemeral_id": str(uuid.uuid4()),
        "id": installation_id,
        "name": settings.options.name or hostname,
        "type": "heartbeat",
        "version": COMPATIBLE_VERSION,
    }


def identity_of(settings: Settings, agent: Mapping[str, str]) -> Identity:
    """Return what every document says of this run of heartbeat."""
    options = settings.options
    return Identity(
        agent={**agent, "build": {"original": BUILD}},
        tags=tuple(options.tags),
        fields=options.fields,
        fields_under_root=options.fields_under_root,
    )


def queue_of(settings: Settings) -> tuple[Path | None, StoreLimits]:
    """Return the file in which events wait, None for memory, and how many may."""
    queue = settings.options.queue
    if queue.mem is not None and queue.mem.enabled:
        return None, StoreLimits(max_events=queue.mem.events)
    disk = queue.disk or DiskQueueOptions()
    limits = StoreLimits(max_bytes=disk.max_size, overflow=Overflow(disk.overflow))
    return Path(disk.path or settings.paths.data) / "heartbeat.db", limits


def context_of(settings: Settings, network: Network) -> ProcessorContext:
    """Return what processors are built with, as far as settings say it."""
    return ProcessorContext(
        network,
        Sources(),
        hostname=process.hostname(),
        config=Path(settings.paths.config),
        environment=settings.root.scope.environment,
    )


def processors_of(settings: Settings, context: ProcessorContext) -> Chain:
    """Return the processors of the process; raises `ConfigError` with all faults."""
    return build_chain(settings.root.get("processors"), context)


def monitor_of(spec: MonitorSpec, context: ProcessorContext) -> Monitor:
    """Return a monitor ready to run; one that cannot work runs and says so."""
    with spec.options.opened():
        return _monitor_of(spec, context)


def _monitor_of(spec: MonitorSpec, context: ProcessorContext) -> Monitor:
    checks: Sequence[Check] = ()
    chain = Chain()
    faults: list[Problem] = []
    try:
        checks = monitors.build(spec, context.network)
    except ConfigError as error:
        faults += error.problems
    try:
        chain = build_chain(spec.options.get("processors"), context)
    except ConfigError as error:
        faults += error.problems
    if not faults:
        return Monitor(spec, checks, processors=chain)
    hide = spec.options.scope.hide
    found = [replace(problem, message=hide(problem.message)) for problem in faults]
    problems = [placed(problem, spec) for problem in found]
    cause = "; ".join(_in_document(problem) for problem in found)
    return Monitor(spec, [BrokenCheck(cause)], problems, chain)


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


def tell_problems(settings: Settings) -> None:
    """Log what the configuration leaves in doubt, its outputs' options included."""
    for problem in settings.problems:
        level = logging.WARNING if problem.is_warning else logging.ERROR
        log.log(level, "%s", problem)


def faults(settings: Settings, network: Network) -> tuple[Problem, ...]:
    """Return what monitors, outputs and processors find wrong with their options."""
    found: list[Problem] = []
    context = context_of(settings, network)
    for look in (
        lambda: processors_of(settings, context),
        lambda: outputs_of(settings, OutputContext(network)),
        lambda: plan_of(settings),
        lambda: _look_at_kibana(settings, network),
        lambda: report_of(settings, network),
    ):
        try:
            look()
        except ConfigError as error:
            found += error.problems
    for spec in settings.monitors:
        found += monitor_of(spec, context).problems
    return tuple(dict.fromkeys(found))


def report_of(settings: Settings, network: Network) -> Plan | None:
    """Return where documents for Stack Monitoring go, None if nobody wants any.

    Raises `ConfigError`.
    """
    if not names_monitoring(settings.root, settings.options.monitoring):
        return None
    # Imported here: with it comes the whole output to Elasticsearch.
    from heartbeat import stackmonitoring  # noqa: PLC0415

    return stackmonitoring.plan_of(settings, network)


def _look_at_kibana(settings: Settings, network: Network) -> None:
    """Raise `ConfigError` for options of Kibana that cannot work."""
    if names_kibana(settings.root, settings.options.setup):
        # Imported here: with it comes the whole output to Elasticsearch.
        from heartbeat.elastic.kibana_access import kibana_access  # noqa: PLC0415

        kibana_access(settings, network)

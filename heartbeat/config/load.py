"""Loading a whole configuration, and the monitors in files of their own.

Owns the order of the steps and which faults end it. Must not know how each step works.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from heartbeat.config.document import parse
from heartbeat.config.files import matching_files, read_file
from heartbeat.config.jobs import with_job_limits
from heartbeat.config.layers import Request, broken_references, merged_tree
from heartbeat.config.models import PathOptions, ProcessOptions
from heartbeat.config.monitors import (
    MonitorContext,
    last_of_each_id,
    read_monitors,
)
from heartbeat.config.outputs import (
    check_queue,
    enabled_outputs,
    with_cloud,
    with_promoted_queue,
)
from heartbeat.config.section import Section
from heartbeat.config.tree import entries, problem_at
from heartbeat.config.variables import Scope
from heartbeat.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterable, Mapping

    from heartbeat.config.spec import MonitorSpec

NO_OUTPUT = "no outputs are defined, please define one under the output section"


@dataclass(frozen=True, slots=True)
class Kinds:
    """The names of what is installed.

    `monitors` maps every name a type goes by to the name of its plug-in; `outputs` None
    lets any name pass.
    """

    monitors: Mapping[str, str]
    outputs: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class MonitorSource:
    """The files monitors are read from, and everything needed to read them again."""

    pattern: str
    context: MonitorContext
    scope: Scope
    strict_permissions: bool


@dataclass(frozen=True, slots=True)
class MonitorFiles:
    """What the files of a source hold.

    `monitors` are those without a fault. `unreadable` names the files nothing is known
    of, because they are no YAML or cannot be read.
    """

    monitors: tuple[MonitorSpec, ...] = ()
    unreadable: frozenset[str] = frozenset()
    reported: Mapping[Problem, None] = field(default_factory=dict[Problem, None])

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Faults and doubts found so far; unpacking sections may add warnings."""
        return tuple(self.reported)


@dataclass(frozen=True, slots=True)
class Settings:
    """A configuration that can be run.

    `monitors` holds those of the main files, then those of `files`, ids unique.
    `source` is None if no monitors are in files of their own. `root` is everything, to
    be shown.
    """

    options: ProcessOptions
    paths: PathOptions
    outputs: Mapping[str, Section]
    monitors: tuple[MonitorSpec, ...]
    files: MonitorFiles
    source: MonitorSource | None
    root: Section

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything there is to say so far; unpacking sections may add warnings.

        Warnings, and faults of monitors in files of their own, which harm no other.
        """
        return (*self.root.scope.reported, *self.files.problems)


def load(request: Request, kinds: Kinds, *, needs_output: bool = True) -> Settings:
    """Load a whole configuration.

    Raises `ConfigError` with everything that was found, warnings included, if any fault
    concerns the process or a monitor of the main files.
    """
    with _collector_at_rest():
        return _load(request, kinds, needs_output=needs_output)


def load_monitor_files(source: MonitorSource) -> MonitorFiles:
    """Read the monitors of all files of a source; a broken file harms no other."""
    with _collector_at_rest():
        return _load_monitor_files(source)


@contextmanager
def _collector_at_rest() -> Generator[None, None, None]:
    """Keep the garbage collector from walking growing trees over and over.

    They hold no cycles, and it would take half of the time of a large configuration.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _load(request: Request, kinds: Kinds, *, needs_output: bool) -> Settings:
    scope, faults = _Loading.begin(request)
    loading = _Loading(request, kinds, scope, faults)
    root = with_cloud(Section(scope.root, scope), faults.append)
    outputs = enabled_outputs(root, kinds.outputs, faults.append)
    if needs_output and not outputs:
        faults.append(Problem(NO_OUTPUT))
    root = with_promoted_queue(root, outputs, faults.append)
    root = with_job_limits(root, request.environment, scope.report)
    options = loading.options(root)
    check_queue(root, options.queue, faults.append)
    paths = _absolute(options.path)
    context = loading.context(root, options)
    inline = read_monitors(loading.inline(root), context, faults.append)
    source = loading.source(options, paths, context)
    files = load_monitor_files(source) if source else MonitorFiles()
    monitors = last_of_each_id((*inline, *files.monitors), scope.report)
    settings = Settings(options, paths, outputs, tuple(monitors), files, source, root)
    if faults:
        raise ConfigError(_together(faults, settings.problems))
    return settings


def _together(faults: list[Problem], doubts: Iterable[Problem]) -> list[Problem]:
    """Return all problems, each once, without doubts about what is a fault anyway."""
    faulty = {(problem.file, problem.path) for problem in faults}
    kept = (doubt for doubt in doubts if (doubt.file, doubt.path) not in faulty)
    return list(dict.fromkeys((*faults, *kept)))


def _load_monitor_files(source: MonitorSource) -> MonitorFiles:
    monitors: list[MonitorSpec] = []
    reported: dict[Problem, None] = {}
    unreadable: set[str] = set()
    base = source.scope
    scope = Scope(base.root, base.environment, base.keystore, reported)
    for path in matching_files(source.pattern):
        try:
            sections = _sections_of(path, source, scope)
        except ConfigError as error:
            unreadable.add(path)
            reported |= dict.fromkeys(error.problems)
        else:
            monitors += read_monitors(sections, source.context, scope.report)
    return MonitorFiles(tuple(monitors), frozenset(unreadable), reported)


def _sections_of(path: str, source: MonitorSource, scope: Scope) -> list[Section]:
    """Return the monitors of a file; their paths begin at the monitor."""
    text = read_file(path, strict_permissions=source.strict_permissions)
    problems: list[Problem] = []
    node = parse(text, path, problems.append)
    found = [] if node.value is None else entries(node)
    if found is None:
        message = "a file of monitors holds a list: begin each monitor with '- '"
        problems.append(problem_at(node, message))
    for entry in found or ():
        problems += broken_references(entry, "")
    if found is None or not all(problem.is_warning for problem in problems):
        raise ConfigError(problems)
    for problem in problems:
        scope.report(problem)
    return [Section(entry, scope) for entry in found]


@dataclass(frozen=True, slots=True)
class _Loading:
    """One run of `load`; `faults` are what it will fail for."""

    request: Request
    kinds: Kinds
    scope: Scope
    faults: list[Problem]

    @classmethod
    def begin(cls, request: Request) -> tuple[Scope, list[Problem]]:
        reported: dict[Problem, None] = {}

        def report(problem: Problem) -> None:
            reported[problem] = None

        try:
            tree = merged_tree(request, report)
        except ConfigError as error:
            raise ConfigError([*error.problems, *reported]) from error
        faults = [problem for problem in reported if not problem.is_warning]
        for problem in faults:
            del reported[problem]
        return Scope(tree, request.environment, request.keystore, reported), faults

    def options(self, root: Section) -> ProcessOptions:
        """Return the options of the process; the defaults if there are faults in them.

        Loading goes on, so that the monitors' faults come in the same go.
        """
        try:
            return root.unpack(ProcessOptions)
        except ConfigError as error:
            self.faults.extend(error.problems)
            return ProcessOptions()

    def context(self, root: Section, options: ProcessOptions) -> MonitorContext:
        name = options.heartbeat.scheduler.location
        zone = None if name in {"", "Local"} else ZoneInfo(name)
        place = root.get("heartbeat.run_from")
        return MonitorContext(
            self.kinds.monitors, zone, None if place is None else place.node
        )

    def inline(self, root: Section) -> list[Section]:
        monitors = root.get("heartbeat.monitors")
        if monitors is None or monitors.is_null():
            return []
        found = monitors.entries()
        if found is None:
            message = "a list is needed here: begin each monitor with '- '"
            self.faults.append(monitors.problem(message))
        return found or []

    def source(
        self, options: ProcessOptions, paths: PathOptions, context: MonitorContext
    ) -> MonitorSource | None:
        files = options.heartbeat.config.monitors
        if files is None or not files.enabled or not files.path:
            return None
        pattern = str(Path(paths.config, files.path))
        strict = self.request.strict_permissions
        return MonitorSource(pattern, context, self.scope, strict)


def _absolute(paths: PathOptions) -> PathOptions:
    """Return the directories as absolute paths, relative ones taken from home."""
    home = Path(paths.home).absolute()
    rest = {
        name: str(home / value)
        for name, value in paths.model_dump(exclude={"home"}).items()
    }
    return PathOptions(home=str(home), **rest)

"""Loading a whole configuration.

Owns the order of the steps and which faults end it. Must not know how each step works.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from heartbeat import collector
from heartbeat.config.directories import absolute, keystore_of
from heartbeat.config.jobs import with_job_limits
from heartbeat.config.layers import merged_tree
from heartbeat.config.models import PathOptions, ProcessOptions
from heartbeat.config.monitors import (
    Entry,
    MonitorContext,
    fold,
    read_entries,
    with_unique_ids,
)
from heartbeat.config.outputs import (
    check_queue,
    enabled_outputs,
    with_cloud,
    with_promoted_queue,
)
from heartbeat.config.section import Section
from heartbeat.config.sources import MonitorFiles, MonitorSource, read_source
from heartbeat.config.tree import find
from heartbeat.config.variables import Scope, nothing
from heartbeat.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from heartbeat.config.keystore import Keystore
    from heartbeat.config.layers import Request
    from heartbeat.config.spec import MonitorSpec
    from heartbeat.config.tree import Node
    from heartbeat.config.variables import Secrets

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


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is right about a configuration, and what is not."""

    settings: Settings
    faults: Sequence[Problem]


@dataclass(frozen=True, slots=True)
class Survey:
    """Every entry of every list of monitors, and everything there is to say."""

    entries: Sequence[Entry]
    problems: Sequence[Problem]


def load(request: Request, kinds: Kinds, *, needs_output: bool = True) -> Settings:
    """Load a whole configuration.

    Raises `ConfigError` with everything that was found, warnings included, if any fault
    concerns the process or a monitor of the main files.
    """
    found = attempt(request, kinds, needs_output=needs_output)
    if found.faults:
        raise ConfigError(together(found.faults, found.settings.problems))
    return found.settings


def attempt(request: Request, kinds: Kinds, *, needs_output: bool = True) -> Attempt:
    """Load as far as that goes, so that more can be looked at than the first faults.

    Raises `ConfigError` only if the main files cannot be read.
    """
    with collector.at_rest():
        loading = _Loading.begin(request, kinds)
        settings = loading.settings(needs_output=needs_output)
        return Attempt(settings, loading.faults)


def survey(request: Request, kinds: Kinds) -> Survey:
    """Look at all monitors of a configuration, whatever is wrong with it.

    Raises `ConfigError` only if the main files cannot be read.
    """
    with collector.at_rest():
        loading = _Loading.begin(request, kinds)
        settings = loading.settings(needs_output=False)
        problems = together(loading.faults, settings.problems)
        return Survey(loading.entries, problems)


def keystore_file(request: Request) -> Keystore:
    """Return the keystore of a configuration; raises `ConfigError`."""
    tree = merged_tree(request, lambda _problem: None)
    return keystore_of(tree, request.environment)


def together(faults: Iterable[Problem], doubts: Iterable[Problem]) -> list[Problem]:
    """Return all problems, each once, without doubts about what is a fault anyway."""
    faults = list(faults)
    faulty = {(problem.file, problem.path) for problem in faults}
    kept = (doubt for doubt in doubts if (doubt.file, doubt.path) not in faulty)
    return list(dict.fromkeys((*faults, *kept)))


@dataclass(frozen=True, slots=True)
class _Loading:
    """One run of `load`; `faults` are what it will fail for."""

    request: Request
    kinds: Kinds
    scope: Scope
    faults: list[Problem]
    entries: list[Entry] = field(default_factory=list[Entry])

    @classmethod
    def begin(cls, request: Request, kinds: Kinds) -> _Loading:
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
        secrets = request.keystore or _secrets(tree, request, faults)
        scope = Scope(tree, request.environment, secrets, reported)
        return cls(request, kinds, scope, faults)

    def settings(self, *, needs_output: bool) -> Settings:
        """Read everything; what is at fault is left out."""
        scope, faults = self.scope, self.faults
        root = with_cloud(Section(scope.root, scope), faults.append)
        outputs = enabled_outputs(root, self.kinds.outputs, faults.append)
        if needs_output and not outputs:
            faults.append(Problem(NO_OUTPUT))
        root = with_promoted_queue(root, outputs, faults.append)
        root = with_job_limits(root, self.request.environment, scope.report)
        options = self._options(root)
        check_queue(root, options.queue, faults.append)
        paths = absolute(options.path)
        context = self._context(root, options)
        inline = self._inline(root, context)
        source = self._source(options, paths, context)
        files = self._files(source)
        monitors = (*inline, *files.monitors)
        return Settings(options, paths, outputs, monitors, files, source, root)

    def _options(self, root: Section) -> ProcessOptions:
        """Return the options of the process; the defaults if there are faults in them.

        Loading goes on, so that the monitors' faults come in the same go.
        """
        try:
            return root.unpack(ProcessOptions)
        except ConfigError as error:
            self.faults.extend(error.problems)
            return ProcessOptions()

    def _context(self, root: Section, options: ProcessOptions) -> MonitorContext:
        name = options.heartbeat.scheduler.location
        zone = None if name in {"", "Local"} else ZoneInfo(name)
        place = root.get("heartbeat.run_from")
        return MonitorContext(
            self.kinds.monitors, zone, None if place is None else place.node
        )

    def _inline(self, root: Section, context: MonitorContext) -> list[MonitorSpec]:
        entries = read_entries(self._sections(root), context)
        folded = fold(entries)
        written = find(root.node, "heartbeat.monitors")
        if written is not None and isinstance(written.value, list):
            # The tree stays, for references lead into it: let it hold the same.
            written.value[:] = folded
        self.entries.extend(with_unique_ids(entries, {}))
        for entry in self.entries:
            self.faults.extend(entry.problems)
        return [entry.spec for entry in self.entries if entry.spec]

    def _sections(self, root: Section) -> list[Section]:
        monitors = root.get("heartbeat.monitors")
        if monitors is None or monitors.is_null():
            return []
        found = monitors.entries()
        if found is None:
            message = "a list is needed here: begin each monitor with '- '"
            self.faults.append(monitors.problem(message))
        return found or []

    def _source(
        self, options: ProcessOptions, paths: PathOptions, context: MonitorContext
    ) -> MonitorSource | None:
        files = options.heartbeat.config.monitors
        if files is None or not files.enabled or not files.path:
            return None
        specs = (entry.spec for entry in self.entries if entry.spec)
        return MonitorSource(
            str(Path(paths.config, files.path)),
            context,
            self.scope,
            self.request.strict_permissions,
            taken={spec.id: spec.options.place for spec in specs},
        )

    def _files(self, source: MonitorSource | None) -> MonitorFiles:
        if source is None:
            return MonitorFiles()
        files, entries = read_source(source)
        self.entries.extend(entries)
        return files


def _secrets(tree: Node, request: Request, faults: list[Problem]) -> Secrets:
    """Return the keystore's secrets; none if it cannot be read, which is a fault."""
    try:
        keystore = keystore_of(tree, request.environment)
    except ConfigError:
        return nothing  # the same options are read again, and reported then
    try:
        return keystore.read(strict_permissions=request.strict_permissions).get
    except ConfigError as error:
        faults.extend(error.problems)
        return nothing

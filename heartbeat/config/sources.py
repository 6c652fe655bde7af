"""Monitors in files of their own.

Owns finding and reading those files, now and again later. Must not know the main files
or what any option of a monitor means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from heartbeat import collector
from heartbeat.config.document import parse
from heartbeat.config.files import matching_files, read_file
from heartbeat.config.layers import broken_references
from heartbeat.config.monitors import (
    Entry,
    MonitorContext,
    fold,
    read_entries,
    with_unique_ids,
)
from heartbeat.config.section import Section
from heartbeat.config.tree import entries, problem_at
from heartbeat.config.variables import Scope
from heartbeat.errors import ConfigError, Problem
from heartbeat.partition import WHOLE, Share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.config.spec import MonitorSpec
    from heartbeat.config.tree import Place


@dataclass(frozen=True, slots=True)
class MonitorSource:
    """The files monitors are read from, and everything needed to read them again.

    `taken` are the ids of the monitors of the main files, and where those stand. Only
    the monitors of `share` are kept; all are looked at.
    """

    pattern: str
    context: MonitorContext
    scope: Scope
    strict_permissions: bool
    taken: Mapping[str, Place] = field(default_factory=dict[str, "Place"])
    share: Share = WHOLE


@dataclass(frozen=True, slots=True)
class MonitorFiles:
    """What the files of a source hold.

    `monitors` are those without a fault, ids unique. `unreadable` names the files
    nothing is known of, because they are no YAML or cannot be read.
    """

    monitors: tuple[MonitorSpec, ...] = ()
    unreadable: frozenset[str] = frozenset()
    reported: Mapping[Problem, None] = field(default_factory=dict[Problem, None])

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Faults and doubts found so far; unpacking sections may add warnings."""
        return tuple(self.reported)


def load_monitor_files(source: MonitorSource) -> MonitorFiles:
    """Read the monitors of all files of a source; a broken file harms no other.

    Of several monitors with one id the first stays, in order of the files' names.
    """
    with collector.at_rest():
        return read_source(source)[0]


def read_source(source: MonitorSource) -> tuple[MonitorFiles, list[Entry]]:
    """Return what the files hold, and every entry of theirs, disabled ones too."""
    found: list[Entry] = []
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
            read = read_entries(sections, source.context)
            fold(read)
            found += read
    found = with_unique_ids(found, source.taken)
    for entry in found:
        reported |= dict.fromkeys(entry.problems)
    specs = (entry.spec for entry in found if entry.spec)
    monitors = tuple(spec for spec in specs if source.share.owns(spec.id))
    return MonitorFiles(monitors, frozenset(unreadable), reported), found


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

"""Which monitors are new, changed and gone, and what stands in for a broken file.

Owns that comparison, over values alone. Must not know files, clocks or what runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from heartbeat.config import MonitorFiles, MonitorSpec

ByFile: TypeAlias = "dict[str, tuple[MonitorSpec, ...]]"
"""The monitors of each file, by its name."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What turns the running monitors into the wanted ones; the rest stays as it is."""

    new: tuple[MonitorSpec, ...] = ()
    changed: tuple[MonitorSpec, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def wanted(self) -> tuple[MonitorSpec, ...]:
        """Return what has to be built."""
        return self.new + self.changed

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.removed)


def compare(running: Mapping[str, str], wanted: Iterable[MonitorSpec]) -> Changes:
    """Return the changes; `running` holds the digest of each monitor by its id."""
    left = dict(running)
    new: list[MonitorSpec] = []
    changed: list[MonitorSpec] = []
    for spec in wanted:
        digest = left.pop(spec.id, None)
        if digest is None:
            new.append(spec)
        elif digest != spec.digest:
            changed.append(spec)
    return Changes(tuple(new), tuple(changed), tuple(left))


def file_of(spec: MonitorSpec) -> str:
    """Return the name of the file a monitor is written in."""
    return spec.options.place.file


def by_file(files: MonitorFiles) -> ByFile:
    """Return the monitors without a fault, by file."""
    found: dict[str, list[MonitorSpec]] = {}
    for spec in files.monitors:
        found.setdefault(file_of(spec), []).append(spec)
    return {name: tuple(specs) for name, specs in found.items()}


def faulty(files: MonitorFiles) -> set[str]:
    """Return the names of the files with a fault, in themselves or in a monitor."""
    named = {problem.file for problem in files.problems if not problem.is_warning}
    return named | files.unreadable


def with_last_good(
    found: Mapping[str, tuple[MonitorSpec, ...]],
    good: Mapping[str, tuple[MonitorSpec, ...]],
    broken: Collection[str],
) -> ByFile:
    """Return what is found, with the last good monitors of the files that are broken.

    A file as a whole is good or not: half of a change is nobody's intention. One of
    which nothing runs gives what it can, as at the start. What is found comes first.
    """
    sound = {name: specs for name, specs in found.items() if name not in broken}
    kept = {name: good.get(name, found.get(name, ())) for name in sorted(broken)}
    return sound | {name: specs for name, specs in kept.items() if specs}


def unique(specs: Iterable[MonitorSpec]) -> list[MonitorSpec]:
    """Return the first monitor of each id.

    There are two only where one has moved out of a file that is broken now.
    """
    first: dict[str, MonitorSpec] = {}
    for spec in specs:
        first.setdefault(spec.id, spec)
    return list(first.values())

"""From a written list of processors to one at work.

Owns the syntax of the list: one action each, `when`, `if`, `then`, `else`. Must not
know any processor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from heartbeat.conditions import build_condition
from heartbeat.config import Section
from heartbeat.config.tree import Node
from heartbeat.errors import ConfigError
from heartbeat.processors import find
from heartbeat.processors.chain import Branch, Chain, Step, When
from heartbeat.processors.options import WHEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.errors import Problem
    from heartbeat.processors.base import ProcessorContext

_IF: Final = "if"
_BRANCH: Final = frozenset({_IF, "then", "else"})


def build_chain(section: Section | None, context: ProcessorContext) -> Chain:
    """Return the processors of a list; raises `ConfigError` with the faults of all."""
    steps: list[Step | Branch] = []
    faults: list[Problem] = []
    for entry in _entries(section):
        try:
            steps.append(_step(entry, context))
        except ConfigError as error:
            faults += error.problems
    if faults:
        raise ConfigError(faults)
    return Chain(steps)


def _entries(section: Section | None) -> Sequence[Section]:
    """Return the entries of a list; a single one may stand for a list."""
    if section is None or section.is_null():
        return ()
    entries = section.entries()
    return (section,) if entries is None else entries


def _step(entry: Section, context: ProcessorContext) -> Step | Branch:
    members = entry.members()
    if _IF in members:
        return _branch(entry, members, context)
    if len(members) != 1:
        names = ",".join(sorted(members))
        message = (
            "each processor must have exactly one action, but found"
            f" {len(members)} actions ({names})"
        )
        raise ConfigError([entry.problem(message)])
    ((name, section),) = members.items()
    try:
        build = find(name)
    except LookupError as error:
        raise ConfigError([section.problem(str(error.args[0]))]) from error
    options = _options(section)
    condition = options.get(WHEN)
    faults: list[Problem] = []
    when = processor = None
    try:
        when = _when(options, WHEN) if condition is not None else None
    except ConfigError as error:
        faults += error.problems
    try:
        processor = build(options, context)
    except ConfigError as error:
        faults += error.problems
    except Exception as error:  # noqa: BLE001 - a plug-in's fault harms no other
        faults.append(section.problem(f"{type(error).__name__}: {error}"))
    if faults or processor is None:
        raise ConfigError(faults)
    return Step.of(name, processor, when)


def _options(section: Section) -> Section:
    """Return the section of a processor, an empty one where nothing is written."""
    node = Node({}, section.place) if section.is_null() else section.node
    area = f"processor.{section.path.rpartition('.')[2]}"
    scope, path = section.scope, section.path
    return Section(node, scope, path, known=frozenset({WHEN}), area=area)


def _branch(
    entry: Section, members: dict[str, Section], context: ProcessorContext
) -> Branch:
    faults: list[Problem] = []
    for name in members.keys() - _BRANCH:
        message = f"unexpected {name} option beside if, then and else"
        faults.append(entry.problem(message, name))
    if "then" not in members:
        faults.append(entry.problem("missing then option beside if"))
    when = None
    try:
        when = _when(entry, _IF)
    except ConfigError as error:
        faults += error.problems
    sides: list[Chain] = []
    for name in ("then", "else"):
        try:
            sides.append(build_chain(members.get(name), context))
        except ConfigError as error:
            faults += error.problems
    if faults or when is None:
        raise ConfigError(faults)
    return Branch(when, sides[0], sides[1])


def _when(section: Section, name: str) -> When:
    """Return the condition of an option."""
    inner = section.get(name)
    written = None if inner is None else inner.plain()
    try:
        condition = build_condition(written, lambda text: section.warn(text, name))
    except ValueError as error:
        raise ConfigError([section.problem(str(error), name)]) from error
    return When(condition, sees_all="@" in str(written))

"""From the section of a processor to its options.

Owns the messages for options that are missing or not allowed. Must not know any
processor.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeAlias, TypeVar

from pydantic import AfterValidator

from heartbeat.config import Options, Text
from heartbeat.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from heartbeat.config import Section

O = TypeVar("O", bound="ProcessorOptions")  # noqa: E741 - the word is Options

WHEN = "when"
_ABSENT = "missing required field"


class ProcessorOptions(Options):
    """Base of the options of processors.

    `is_strict` is for those that refuse options they do not know; the others only warn.
    `takes_when` is for those that accept `when`.
    """

    is_strict: ClassVar[bool] = False
    takes_when: ClassVar[bool] = True


def _name(text: str) -> str:
    if not text:
        raise ValueError("string value is not set")
    return text


Path: TypeAlias = Annotated[Text, AfterValidator(_name)]
"""The dotted name of a field; not empty."""


def unpacked(section: Section, model: type[O]) -> O:
    """Return the options of a processor; raises `ConfigError` with every fault."""
    faults = list(_unexpected(section, model)) if model.is_strict else []
    try:
        options = section.peek(model) if model.is_strict else section.unpack(model)
    except ConfigError as error:
        found = [_reworded(problem, section) for problem in error.problems]
        if found == list(error.problems) and not faults:
            raise
        raise ConfigError([*faults, *found]) from error
    if faults:
        raise ConfigError(faults)
    return options


def _unexpected(section: Section, model: type[O]) -> Iterator[Problem]:
    known = {field.alias or name for name, field in model.model_fields.items()}
    if model.takes_when:
        known.add(WHEN)
    for name, member in section.members().items():
        if name not in known:
            problem = member.problem(f"unexpected {name} option in {section.path}")
            yield replace(problem, path="")


def _reworded(problem: Problem, section: Section) -> Problem:
    """Return a fault in the words of the reference where an option is missing."""
    name = problem.path.removeprefix(f"{section.path}.")
    if problem.message != _ABSENT or "." in name:
        return problem
    return replace(problem, message=f"missing {name} option in {section.path}", path="")

"""Fields in letters of another case: what `lowercase` and `uppercase` share.

Owns which names and values change, and how. Must not know which case is wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from pydantic import Field

from heartbeat.config import Flag, Listed
from heartbeat.errors import ProcessorError
from heartbeat.processors.access import put
from heartbeat.processors.fields import FailingOptions, fetch_text, for_each
from heartbeat.processors.options import Path, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor

Case: TypeAlias = "Callable[[str], str]"


class CaseOptions(FailingOptions):
    """The options of both."""

    is_strict = True
    takes_when = False

    fields: Listed[Path] = Field(
        description="Fields whose names change; found in letters of any case."
    )
    values: Listed[Path] = Field(default=(), description="Fields whose text changes.")
    alter_full_field: Flag = Field(
        default=True,
        description="false changes the last part of a name only, not the whole path.",
    )


def cased(
    section: Section, model: type[CaseOptions], case: Case, title: str
) -> Processor:
    """Return the processor that brings names and values into a case."""
    options = unpacked(section, model)
    wanted = [(path, _name) for path in options.fields]
    wanted += [(path, _value) for path in options.values]

    def change(event: Event, item: tuple[str, _Change]) -> None:
        path, change_one = item
        change_one(event, path, case, options)

    return for_each(wanted, change, title, fail_on_error=options.fail_on_error)


_Change: TypeAlias = "Callable[[Event, str, Case, CaseOptions], None]"


def _value(event: Event, path: str, case: Case, options: CaseOptions) -> None:
    text = fetch_text(event, path, ignore_missing=options.ignore_missing)
    if text is not None:
        put(event, path, case(text))


def _name(event: Event, path: str, case: Case, options: CaseOptions) -> None:
    names = path.split(".")
    kept = 0 if options.alter_full_field else len(names) - 1
    renamed = _renamed(event.fields, path, names, kept, case)
    if renamed is not None:
        event.fields = renamed
    elif not options.ignore_missing:
        raise ProcessorError(
            f"could not fetch value for key: {path}, Error: key not found"
        )


def _renamed(
    fields: dict[str, Any], path: str, names: list[str], kept: int, case: Case
) -> dict[str, Any] | None:
    """Return the mapping with the path renamed, None if there is no such path.

    The first `kept` names of the path stay as they are.
    """
    name = _found(fields, path, names[0])
    if name is None:
        return None
    value = fields[name]
    if len(names) > 1:
        if not isinstance(value, dict):
            return None
        members = cast("dict[str, Any]", value)
        value = _renamed(members, path, names[1:], kept - 1, case)
        if value is None:
            return None
    new = name if kept > 0 else case(name)
    if new != name and new in fields:
        raise _collision(path, new)
    return {new if key == name else key: fields[key] for key in fields} | {new: value}


def _found(fields: dict[str, Any], path: str, name: str) -> str | None:
    """Return the member of that name, else the only one that differs in case."""
    if name in fields:
        return name
    folded = name.casefold()
    found = [key for key in fields if key.casefold() == folded]
    if len(found) > 1:
        raise _collision(path, name)
    return found[0] if found else None


def _collision(path: str, name: str) -> ProcessorError:
    return ProcessorError(
        f'multiple keys match "{name}" on the same level of the path "{path}":'
        " key collision"
    )

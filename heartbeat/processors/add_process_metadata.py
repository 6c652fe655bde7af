"""`add_process_metadata`: the process whose number an event has.

Owns that processor. Must not know any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import psutil
from pydantic import AfterValidator, Field

from heartbeat.conditions.document import find, flat
from heartbeat.config import Flag, Listed, Text
from heartbeat.errors import ProcessorError
from heartbeat.event import milliseconds
from heartbeat.processors.access import get, put
from heartbeat.processors.cgroups import container_of
from heartbeat.processors.options import Path, ProcessorOptions, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from heartbeat.config import Section
    from heartbeat.event import Event, Fields
    from heartbeat.processors.base import Processor, ProcessorContext

PIDS: Final = ("process.pid", "process.parent.pid")
FIELDS: Final = (
    *("process.name", "process.title", "process.executable", "process.args"),
    *("process.pid", "process.parent.pid", "process.start_time"),
    *("process.owner.name", "process.owner.id", "container.id"),
)
RESTRICTED: Final = "process.env"
_WHOLES: Final = ("process", "process.parent", "process.owner", "container")


def _field(text: str) -> str:
    if text not in {*FIELDS, RESTRICTED, *_WHOLES}:
        raise ValueError(f"field '{text}' not found")
    return text


class Options(ProcessorOptions):
    """`add_process_metadata`: writes facts of the process that an event names."""

    match_pids: Listed[Path] = Field(
        default=PIDS, description="Fields that may hold the number of a process."
    )
    target: Text = Field(
        default="", description="Where the facts go; the root of the event if empty."
    )
    include_fields: Listed[Annotated[Text, AfterValidator(_field)]] = Field(
        default=(), description="The facts to write; all if empty."
    )
    ignore_missing: Flag = Field(
        default=True, description="An event without such a field is no failure."
    )
    overwrite_keys: Flag = Field(
        default=False, description="Replace fields that are there."
    )
    restricted_fields: Flag = Field(
        default=False, description="Write the process's environment, too."
    )
    host_path: Text = Field(
        default="/", description="Where the machine's file system is mounted."
    )


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor; a number of no process it leaves alone."""
    options = unpacked(section, Options)
    wanted = set(_wanted(options))

    def process(event: Event) -> Event:
        pid = _pid(event, options)
        facts = None if pid is None else _facts(pid, options, wanted)
        if facts is not None:
            _write(event, facts, wanted, options)
        return event

    return process


def _wanted(options: Options) -> Iterator[str]:
    fields = (*FIELDS, RESTRICTED) if options.restricted_fields else FIELDS
    chosen = options.include_fields
    for field in fields:
        if not chosen or any(f"{field}.".startswith(f"{one}.") for one in chosen):
            yield field


def _pid(event: Event, options: Options) -> int | None:
    for path in options.match_pids:
        value = get(event, path)
        if isinstance(value, str) and value.isascii() and value.isdecimal():
            value = int(value[:10])
        if type(value) is int and value > 0:
            return value
    if options.ignore_missing:
        return None
    raise ProcessorError("none of the fields in match_pids found in the event")


def _facts(pid: int, options: Options, wanted: set[str]) -> Fields | None:
    """Return what there is to know of a process, None if it has ended."""
    names = ["name", "cmdline", "exe", "ppid", "create_time", "username", "uids"]
    if RESTRICTED in wanted:
        names.append("environ")
    try:
        process: Any = psutil.Process(pid)
        known: dict[str, Any] = process.as_dict(names)
    except (psutil.Error, OverflowError):
        return None
    uids = known["uids"]
    facts: Fields = {
        "process": {
            "name": known["name"],
            "title": " ".join(known["cmdline"] or ()) or known["name"],
            "executable": known["exe"],
            "args": known["cmdline"],
            "pid": pid,
            "parent": {"pid": known["ppid"]},
            "start_time": milliseconds(int(known["create_time"] * 1e9)),
            "owner": {
                "name": known["username"],
                "id": None if uids is None else str(uids.real),
            },
            "env": known.get("environ"),
        },
    }
    if "container.id" in wanted:
        facts["container"] = {"id": container_of(pid, options.host_path)}
    return facts


def _write(event: Event, facts: Fields, wanted: set[str], options: Options) -> None:
    prefix = f"{options.target}." if options.target else ""
    known = {path for path, value in flat(facts, keeps_lists=True) if value is not None}
    for field in (*FIELDS, RESTRICTED):
        if field not in wanted or not any(
            f"{path}.".startswith(f"{field}.") for path in known
        ):
            continue
        path, value = f"{prefix}{field}", find(facts, field)
        present = get(event, path)
        if present == value:
            continue
        if not options.overwrite_keys and isinstance(present, (str, int, list, dict)):
            raise ProcessorError(
                f"target field '{path}' already exists and overwrite_keys is false"
            )
        put(event, path, value)

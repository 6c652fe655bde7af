"""What is known of a monitor before it runs, for `heartbeat export monitors`.

Owns the form of that. Must not know where it is printed. Shows no secret.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from heartbeat import monitors
from heartbeat.assembly import monitor_of
from heartbeat.catalog import monitor_options
from heartbeat.config.masking import mask_text, masked
from heartbeat.config.monitors import MonitorOptions
from heartbeat.config.types import format_scalar
from heartbeat.event import Fields, milliseconds
from heartbeat.processors.base import ProcessorContext
from heartbeat.processors.sources import Sources
from heartbeat.schedule import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pydantic import BaseModel

    from heartbeat.config import MonitorSpec, Section
    from heartbeat.config.monitors import Entry
    from heartbeat.errors import Problem
    from heartbeat.net import Network
    from heartbeat.schedule import Schedule

FIRINGS = 3
"""How many firings of a schedule without an interval are told."""

_SHOWN_APART = {"enabled", "id", "name", "schedule", "timeout", "type"}

_options_of = cache(monitor_options)


def described(entry: Entry, network: Network, since: int) -> Fields:
    """Return what is to be told of a monitor; firings come after `since`.

    `since` is in nanoseconds since the epoch.
    """
    if entry.spec is None:
        told = _as_written(entry)
    else:
        told = _as_meant(entry.spec, network, since)
    hidden: Fields = _hidden(told | _place(entry.section), entry.section.scope.hide)
    return hidden


def _as_written(entry: Entry) -> Fields:
    """Return what there is to tell of a monitor that is off or at fault."""
    section = entry.section
    written = _written(section, "type")
    told: Fields = {
        "id": _written(section, "id"),
        "type": monitors.names().get(written),
        "configured_type": written,
        "name": _written(section, "name"),
        "schedule": _written(section, "schedule"),
        "enabled": bool(entry.problems),
    }
    return told | _fault(entry.problems)


def _as_meant(spec: MonitorSpec, network: Network, since: int) -> Fields:
    monitor = monitor_of(spec, ProcessorContext(network, Sources()))
    common = spec.options.peek(MonitorOptions)
    told: Fields = {
        "id": spec.id,
        "type": spec.plugin,
        "configured_type": spec.type,
        "name": spec.name,
        "schedule": common.schedule,
        "enabled": True,
        **_firings(spec.schedule, since),
    }
    if monitor.problems:
        return told | _fault(monitor.problems)
    own = spec.options.peek(_options_of(spec.plugin))
    changed = _changed(own) | _changed(common)
    told["timeout_s"] = max(
        (check.timeout for check in monitor.checks), default=spec.timeout
    )
    told["endpoints"] = [check.url["full"] for check in monitor.checks if check.url]
    told["opts"] = masked(dict(sorted(changed.items())))
    return told


def _firings(schedule: Schedule, since: int) -> Fields:
    if schedule.interval is not None:
        return {"every_s": schedule.interval}
    return {"next": [milliseconds(moment) for moment in _moments(schedule, since)]}


def _moments(schedule: Schedule, since: int) -> Iterator[int]:
    moment = since
    for _ in range(FIRINGS):
        moment = schedule.next_after(moment)
        if moment == NEVER:
            return
        yield moment


def _changed(options: BaseModel) -> dict[str, Any]:
    """Return the options that are not as by default, by dotted path."""
    data = options.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, exclude=_SHOWN_APART
    )
    return dict(_flat(data, ""))


def _flat(data: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for name, value in data.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{path}{name}.")  # pyright: ignore[reportUnknownArgumentType]
        else:
            yield f"{path}{name}", value


def _fault(problems: Sequence[Problem]) -> Fields:
    return {"bad_config": "; ".join(_words(problems))} if problems else {}


def _words(problems: Iterable[Problem]) -> Iterator[str]:
    for problem in problems:
        where = f" accessing '{problem.path}'" if problem.path else ""
        yield mask_text(f"{problem.message}{where}")


def _written(section: Section, name: str) -> str:
    member = section.get(name)
    value = None if member is None else member.lenient()
    return format_scalar(value) if isinstance(value, str | int | float) else ""


def _hidden(value: Any, hide: Callable[[str], str]) -> Any:
    match value:
        case str():
            return hide(value)
        case dict():
            return {key: _hidden(member, hide) for key, member in value.items()}  # pyright: ignore[reportUnknownVariableType]
        case list():
            return [_hidden(entry, hide) for entry in value]  # pyright: ignore[reportUnknownVariableType]
        case _:
            return value


def _place(section: Section) -> Fields:
    return {"file": section.place.file, "line": section.place.line}

"""From sections to monitors: the options every monitor type has.

Owns those options, automatic ids, and which faults keep a monitor from being made.
Must not know any monitor type: their names are given, their options stay in their
sections.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from heartbeat.config.folding import FoldedNode
from heartbeat.config.identity import automatic_id, digest
from heartbeat.config.judgement import (
    ConfirmOptions,
    DegradedOptions,
    FlappingOptions,
    confirm_of,
    degraded_of,
    flapping_of,
)
from heartbeat.config.maintenance import WindowOptions, window_of
from heartbeat.config.models import LocationOptions
from heartbeat.config.section import Section
from heartbeat.config.spec import DataStream, Location, MonitorSpec
from heartbeat.config.tree import Node
from heartbeat.config.types import (
    Actions,
    Duration,
    Fields,
    Flag,
    Listed,
    Options,
    SwitchOptions,
    Text,
    Uint16,
)
from heartbeat.errors import ConfigError, Problem
from heartbeat.schedule import Schedule, Shifted, parse, phase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from heartbeat.config.tree import Place


AREA = "monitor"
"""What notes on options of the reference call the section of a monitor."""


def _is_set(text: str) -> str:
    if not text:
        raise ValueError("string value is not set")
    return text


def _is_schedule(text: str) -> str:
    try:
        _schedule(text, None)
    except ConfigError as error:
        raise ValueError(f"{error} in '{text}'") from None
    return text


class ServiceOptions(Options):
    """`service`."""

    name: Text = Field(default="", description="Service the monitor belongs to.")


class DataStreamOptions(Options):
    """`data_stream`."""

    type: Text = Field(default="synthetics", description="First part of the name.")
    dataset: Text = Field(
        default="", description="Second part; the monitor type by default."
    )
    namespace: Text = Field(default="default", description="Third part of the name.")


class MonitorOptions(SwitchOptions):
    """The options of every monitor, whatever its type."""

    elsewhere = frozenset({"streams"})

    type: Annotated[Text, AfterValidator(_is_set)] = Field(
        default="", description="What kind of check: icmp, tcp or http."
    )
    id: Text = Field(
        default="", description="Unique name for programs; made up if absent."
    )
    name: Text = Field(default="", description="Name for people.")
    schedule: Annotated[Text, AfterValidator(_is_schedule)] = Field(
        description="@every <duration>, or a cron expression."
    )
    timeout: Duration = Field(default=0.0, description="Longest time of one attempt.")
    max_attempts: Uint16 = Field(
        default=1, description="Attempts before a monitor is down."
    )
    retry_delay: Duration = Field(
        default=1.0, ge=0, description="Time between a failed attempt and the next."
    )
    confirm: ConfirmOptions | None = Field(
        default=None, description="What it takes until a change is believed."
    )
    flapping: FlappingOptions | None = Field(
        default=None, description="When it counts as going up and down all the time."
    )
    degraded: DegradedOptions | None = Field(
        default=None, description="Times from which on it is up, but not well."
    )
    tags: Listed[Text] = Field(
        default=(), description="Tags, after those of the process."
    )
    fields: Fields = Field(
        default={}, description="Members of every event of the monitor."
    )
    fields_under_root: Flag = Field(
        default=False, description="Put the fields at the top of the event."
    )
    keep_null: Flag = Field(default=False, description="Keep members that are null.")
    service: ServiceOptions = Field(
        default=ServiceOptions(), description="Its service."
    )
    service_name: Text = Field(
        default="", description="Older spelling of service.name."
    )
    origin: Text = Field(
        default="", description="Where the monitor was set up: ui, project."
    )
    run_from: LocationOptions | None = Field(
        default=None, description="Where it runs from."
    )
    pipeline: Text = Field(default="", description="Ingest pipeline of its events.")
    index: Text = Field(
        default="", description="Index of its events, before data_stream."
    )
    data_stream: DataStreamOptions | None = Field(
        default=None, description="Data stream of its events."
    )
    jitter: Duration = Field(
        default=0.0,
        ge=0,
        description="With cron: each monitor runs later by its share of this time.",
    )
    spread: Flag = Field(
        default=True,
        description="false runs it at once, then every interval from there.",
    )
    processors: Actions = Field(
        default=(), description="Changes to its events, before those of the process."
    )
    maintenance_windows: Listed[WindowOptions] = Field(
        default=(), description="Spans of time in which it does not run."
    )


LONGEST_NAME = 1024
"""Characters of a name up to which it can be found in Elasticsearch."""

COMMON = frozenset(MonitorOptions.model_fields) | MonitorOptions.elsewhere
"""The names that are options of every monitor."""

_HINTS = {
    "https": "; write type: http with an https:// URL",
    "browser": "; browser journeys are not supported here",
    "synthetic": "; browser journeys are not supported here",
    "synthetics/synthetic": "; browser journeys are not supported here",
    "api": "; API journeys are not supported here",
    "synthetics/api": "; API journeys are not supported here",
}


class StreamOptions(Options):
    """What identifies a monitor in Fleet's nesting."""

    id: Text = ""
    origin: Text = ""


@dataclass(frozen=True, slots=True)
class MonitorContext:
    """What monitors are read with: known types by every name, zone, default place."""

    types: Mapping[str, str]
    zone: tzinfo | None = None
    run_from: Node | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a list of monitors, and what became of it.

    `spec` is None where the monitor is switched off, or at fault: then `problems` says
    why.
    """

    section: Section
    spec: MonitorSpec | None = None
    problems: Sequence[Problem] = ()


def read_entries(sections: Iterable[Section], context: MonitorContext) -> list[Entry]:
    """Return the monitors of a list, in its order."""
    return [_entry(section, context) for section in sections]


def _entry(section: Section, context: MonitorContext) -> Entry:
    try:
        return Entry(section, _read(section, context))
    except ConfigError as error:
        return Entry(section, problems=error.problems)


def fold(entries: Iterable[Entry]) -> list[FoldedNode]:
    """Let entries take little memory from now on; return their trees in that form.

    They are looked at again when a monitor is built, and then hardly ever.
    """
    return [_folded(entry) for entry in entries]


def _folded(entry: Entry) -> FoldedNode:
    whole = entry.section.node
    folded = FoldedNode(whole)
    entry.section.keep(folded)
    if entry.spec is not None:
        own = entry.spec.options
        own.keep(folded if own.node is whole else FoldedNode(own.node))
    return folded


def with_unique_ids(
    entries: Iterable[Entry], taken: Mapping[str, Place]
) -> list[Entry]:
    """Return the entries in which a monitor is at fault if an earlier one has its id.

    `taken` are ids of monitors elsewhere, and where those stand.
    """
    places = dict(taken)
    unique: list[Entry] = []
    for entry in entries:
        spec = entry.spec
        if spec is None:
            unique.append(entry)
        elif spec.id in places:
            message = (
                f"monitor ID {spec.id} is configured for multiple monitors! IDs should"
                f" be unique values, but {places[spec.id]} has the same"
            )
            problem = spec.options.problem(message, "id")
            unique.append(replace(entry, spec=None, problems=(problem,)))
        else:
            places[spec.id] = spec.options.place
            unique.append(entry)
    return unique


def _read(section: Section, context: MonitorContext) -> MonitorSpec | None:
    if section.is_null():
        raise ConfigError([section.problem("string value is not set", "type")])
    if not section.peek(SwitchOptions).enabled:
        return None
    section = _located(_unnested(section), context.run_from)
    faults = list(_type_faults(section, context))
    try:
        options = section.peek(MonitorOptions)
    except ConfigError as error:
        raise ConfigError([*faults, *error.problems]) from error
    if faults:
        raise ConfigError(faults)
    return _spec(section, options, context)


def _type_faults(section: Section, context: MonitorContext) -> Iterator[Problem]:
    written = section.get("type")
    name = None if written is None else written.lenient()
    if isinstance(name, str) and name and name not in context.types:
        valid = ", ".join(sorted(set(context.types.values())))
        message = (
            f"monitor type {name} does not exist, valid types are [{valid}]"
            f"{_HINTS.get(name, '')}"
        )
        yield section.problem(message, "type")


def _spec(
    section: Section, options: MonitorOptions, context: MonitorContext
) -> MonitorSpec:
    written = section.lenient()
    place = options.run_from
    name = options.id or automatic_id(options.type, written)
    _warn_of_length(section, options)
    return MonitorSpec(
        id=name,
        name=options.name,
        type=intern(options.type),
        plugin=context.types[options.type],
        schedule=_jittered(options, name, section, context),
        timeout=options.timeout,
        max_attempts=max(options.max_attempts, 1),
        tags=options.tags,
        fields=options.fields or None,
        fields_under_root=options.fields_under_root,
        keep_null=options.keep_null,
        service_name=options.service.name or options.service_name,
        origin=options.origin,
        location=Location(place.id, place.geo) if place else None,
        pipeline=options.pipeline,
        index=options.index,
        data_stream=_data_stream(options.data_stream, options.type),
        digest=digest(written),
        spread=options.spread,
        retry_delay=options.retry_delay,
        confirm=confirm_of(options.confirm),
        flapping=flapping_of(options.flapping),
        degraded=degraded_of(options.degraded),
        maintenance=tuple(map(window_of, options.maintenance_windows)),
        options=section,
    )


def _warn_of_length(section: Section, options: MonitorOptions) -> None:
    """Warn of names that Elasticsearch keeps, but does not index."""
    for option in ("id", "name"):
        if len(getattr(options, option)) > LONGEST_NAME:
            section.warn(
                f"is longer than {LONGEST_NAME} characters: Kibana does not show such a"
                " monitor",
                option,
            )


def _data_stream(
    options: DataStreamOptions | None, monitor_type: str
) -> DataStream | None:
    if options is None:
        return None
    dataset = options.dataset or monitor_type
    return DataStream(options.type, dataset, options.namespace)


@lru_cache(maxsize=256)
def _schedule(text: str, zone: tzinfo | None) -> Schedule:
    return parse(text, zone)


def _jittered(
    options: MonitorOptions, name: str, section: Section, context: MonitorContext
) -> Schedule:
    """Return the schedule of a monitor, shifted by its share of the jitter."""
    schedule = _schedule(options.schedule, context.zone)
    if not options.jitter:
        return schedule
    if schedule.interval is not None:
        section.warn("has no effect: @every is spread anyway", "jitter")
        return schedule
    return Shifted(schedule, phase(name, round(options.jitter * 1e9)))


def _located(section: Section, run_from: Node | None) -> Section:
    """Give a monitor the place of the process if it names none itself."""
    if run_from is not None and not _has(section, "run_from"):
        section = section.overlaid({"run_from": run_from})
    content, scope = section.node, section.scope
    return Section(content, scope, section.path, known=COMMON, area=AREA)


def _has(section: Section, name: str) -> bool:
    member = section.get(name)
    return member is not None and not member.is_null()


def _unnested(section: Section) -> Section:
    """Return the stream that makes a monitor of Fleet's nesting, or the section."""
    streams = section.get("streams")
    if streams is None or _has(section, "type"):
        return section
    for stream in streams.entries() or ():
        if _has(stream, "type"):
            return stream.overlaid(_taken_over(section, stream))
    name = section.peek(StreamOptions).id
    message = f"could not determine base stream for config: {name}"
    raise ConfigError([section.problem(message, "streams")])


def _taken_over(section: Section, stream: Section) -> dict[str, Node]:
    """Return what a stream takes over from the section around it."""
    taken: dict[str, Node] = {}
    data_stream = section.get("data_stream")
    if data_stream is not None:
        taken["data_stream"] = data_stream.node
    outer = section.peek(StreamOptions)
    if outer.id and not stream.peek(StreamOptions).origin:
        taken["id"] = Node(outer.id, section.place)
    return taken

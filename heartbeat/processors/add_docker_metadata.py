"""`add_docker_metadata`: the container that an event is about.

Owns that processor and how an event names a container. Must not know Docker's API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, cast

from pydantic import AfterValidator, Field

from heartbeat.config import Count, Duration, Flag, Listed, Text, TlsOptions
from heartbeat.config import Options as Plain
from heartbeat.processors.access import get, put
from heartbeat.processors.api import Place
from heartbeat.processors.cgroups import container_of
from heartbeat.processors.docker import Containers, Manner
from heartbeat.processors.merging import merged
from heartbeat.processors.options import Path, unpacked
from heartbeat.processors.readiness import Waiting, WaitOptions
from heartbeat.processors.trust import context_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.config import Section
    from heartbeat.event import Event, Fields
    from heartbeat.processors.base import AnyProcessor, ProcessorContext, Source

_FILE: Final = "log.file.path"
_SCHEMES: Final = ("unix", "tcp", "http", "https")


def _host(text: str) -> str:
    scheme, mark, rest = text.partition("://")
    if not mark or scheme not in _SCHEMES or not rest:
        raise ValueError(
            f"'{text}' is no address of Docker, such as unix:///var/run/docker.sock or"
            " tcp://127.0.0.1:2375"
        )
    return text


class LabelOptions(Plain):
    """How labels become members."""

    dedot: Flag = Field(default=True, description="Write _ for dots in their names.")


class Options(WaitOptions):
    """`add_docker_metadata`: writes facts of a container to `container`."""

    host: Annotated[Text, AfterValidator(_host)] = Field(
        default="unix:///var/run/docker.sock", description="Where Docker's API is."
    )
    ssl: TlsOptions | None = Field(default=None, description="TLS of a tcp:// host.")
    match_fields: Listed[Path] = Field(
        default=(), description="Fields that may hold the id of a container."
    )
    match_pids: Listed[Path] = Field(
        default=("process.pid", "process.parent.pid"),
        description="Fields that may hold the number of a process in a container.",
    )
    match_source: Flag = Field(
        default=True, description="Look for the id in log.file.path, too."
    )
    match_source_index: Count = Field(
        default=4, description="Place of the id among the parts of that path, from 0."
    )
    match_short_id: Flag = Field(
        default=False, description="Take the first 12 characters of an id for it."
    )
    hostfs: Text = Field(
        default="/", description="Where the machine's file system is mounted."
    )
    cleanup_timeout: Duration = Field(
        default=60.0, ge=0, description="How long a container is known after its end."
    )
    labels: LabelOptions = Field(default=LabelOptions(), description="Labels.")


class AddDockerMetadata:
    """The processor."""

    def __init__(self, options: Options, containers: Containers) -> None:
        """Tell of these containers."""
        self.sources: Sequence[Source] = (containers,)
        self._options = options
        self._containers = containers

    def __call__(self, event: Event) -> Event:
        """Write what is known of the event's container."""
        found = self._found(event)
        if found is None:
            return event
        present: Any = get(event, "container")
        if isinstance(present, dict):
            found = merged(cast("Fields", present), found, overwrite=True)
        put(event, "container", found)
        return event

    def _found(self, event: Event) -> Fields | None:
        options, containers = self._options, self._containers
        short = options.match_short_id
        part = _part(get(event, _FILE), options) if options.match_source else None
        found = containers.find(part, short=short) if part else None
        for path in options.match_pids if found is None else ():
            pid = get(event, path)
            identity = container_of(pid, options.hostfs) if type(pid) is int else None
            if identity is not None:
                return containers.find(identity)
        for path in options.match_fields if found is None else ():
            value = get(event, path)
            known = (
                containers.find(value, short=short) if isinstance(value, str) else None
            )
            if known is not None:
                return known
        return found


def _part(path: Any, options: Options) -> str | None:
    parts = path.strip("/").split("/") if isinstance(path, str) else []
    place = options.match_source_index
    return parts[place] if place < len(parts) else None


def build(section: Section, context: ProcessorContext) -> AnyProcessor:
    """Return the processor; where no Docker answers it does nothing."""
    options = unpacked(section, Options)
    pause = options.wait_for_metadata_retry_period
    manner = Manner(options.cleanup_timeout, pause, options.labels.dedot)
    place = _place(options)
    containers = context.sources.of(
        (Containers, options.host, options.ssl, manner),
        lambda: Containers(place, context.clock, manner),
    )
    processor = AddDockerMetadata(options, containers)
    if not options.wait_for_metadata:
        return processor
    seconds = options.wait_for_metadata_timeout
    return Waiting(processor, containers.readiness, seconds)


def _place(options: Options) -> Place:
    scheme, _, rest = options.host.partition("://")
    if scheme == "unix":
        return Place("http://docker", socket=rest)
    has_tls = options.ssl is not None and options.ssl.enabled
    scheme = "https" if has_tls or scheme == "https" else "http"
    tls = context_for(options.ssl) if scheme == "https" else None
    return Place(f"{scheme}://{rest.rstrip('/')}", tls=tls)

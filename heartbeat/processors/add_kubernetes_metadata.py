"""`add_kubernetes_metadata`: the pod that an event is about.

Owns that processor and how an event names a pod. Must not know Kubernetes' API.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path as File
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, cast

from pydantic import AfterValidator, Field

from heartbeat.conditions.document import find
from heartbeat.config import Duration, Fields, Flag, Listed, Text, Words
from heartbeat.config import Options as Plain
from heartbeat.errors import ConfigError
from heartbeat.event import Event
from heartbeat.formats.string import FormatString
from heartbeat.processors import kubeconfig
from heartbeat.processors.access import document, get, put
from heartbeat.processors.merging import merged
from heartbeat.processors.options import unpacked
from heartbeat.processors.pods import INDEXERS, Interest, Pods
from heartbeat.processors.readiness import Waiting, WaitOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from heartbeat.config import Section
    from heartbeat.processors.base import AnyProcessor, ProcessorContext, Source
    from heartbeat.processors.kubeconfig import Access

LOOKED_UP: Final = ("monitor.ip",)
"""Fields that hold a pod's address unless options name others."""

SCOPES: Final = ("node", "cluster")

Matcher: TypeAlias = Callable[[Event], "list[str]"]
"""Returns the keys by which an event may know its pod."""

log = logging.getLogger(__name__)


def _scope(text: str) -> str:
    if text not in SCOPES:
        raise ValueError(f"invalid scope {text}, valid values include cluster, node")
    return text


class DedotOptions(Plain):
    """How names with dots become members."""

    dedot: Flag = Field(default=True, description="Write _ for dots in names.")


class DefaultOptions(Plain):
    """What counts beside what is written."""

    enabled: Flag = Field(default=True, description="Whether it counts.")


class Options(WaitOptions):
    """`add_kubernetes_metadata`: writes facts of a pod to `kubernetes`."""

    kube_config: Text = Field(
        default="",
        description="File that tells how the API is reached; by default as pods do, or"
        " as the variable KUBECONFIG says.",
    )
    node: Text = Field(
        default="", description="Node whose pods are known; by default its own."
    )
    scope: Annotated[Text, AfterValidator(_scope), Words(SCOPES)] = Field(
        default="node", description="Whose pods are known."
    )
    namespace: Text = Field(
        default="", description="Namespace whose pods are known; all if empty."
    )
    sync_period: Duration = Field(
        default=600.0, gt=0, description="How often all pods are listed anew."
    )
    cleanup_timeout: Duration = Field(
        default=60.0, ge=0, description="How long a pod is known after its end."
    )
    indexers: Listed[Fields] = Field(
        default=(), description="How pods are known: ip_port, container, ..."
    )
    matchers: Listed[Fields] = Field(
        default=(),
        description="How events name pods: fields.lookup_fields, field_format.format.",
    )
    default_indexers: DefaultOptions = Field(
        default=DefaultOptions(), description="Know pods by ip_port and container, too."
    )
    default_matchers: DefaultOptions = Field(
        default=DefaultOptions(),
        description="Take monitor.ip for a pod's address, too.",
    )
    wait_for_metadata_retry_period: Duration = Field(
        default=3.0, gt=0, description="How long after a failure it is tried again."
    )
    include_annotations: Listed[Text] = Field(
        default=(), description="Annotations to write."
    )
    labels: DedotOptions = Field(default=DedotOptions(), description="Labels.")
    annotations: DedotOptions = Field(
        default=DedotOptions(), description="Annotations."
    )


class Nowhere:
    """What stands for the pods outside of Kubernetes."""

    async def run(self) -> None:
        """Say so, once for all processors."""
        log.info("add_kubernetes_metadata: this is no pod and there is no kube_config")

    def find(self, _key: str) -> None:
        """Return nothing."""


class AddKubernetesMetadata:
    """The processor."""

    def __init__(self, pods: Pods | Nowhere, matchers: Sequence[Matcher]) -> None:
        """Tell of these pods."""
        self.sources: Sequence[Source] = (pods,)
        self._pods = pods
        self._matchers = matchers

    def __call__(self, event: Event) -> Event:
        """Write what is known of the event's pod."""
        keys = (key for matcher in self._matchers for key in matcher(event))
        found = next(filter(None, map(self._pods.find, keys)), None)
        for name, facts in (found or {}).items():
            present: Any = get(event, name)
            if isinstance(present, dict):
                facts = merged(cast("Any", present), facts, overwrite=True)  # noqa: PLW2901
            put(event, name, facts)
        return event


def build(section: Section, context: ProcessorContext) -> AnyProcessor:
    """Return the processor; outside of Kubernetes it does nothing."""
    options = unpacked(section, Options)
    interest = _interest(section, options, context)
    matchers = list(_matchers(section, options))
    if not matchers:
        raise ConfigError([section.problem("there is no matcher", "matchers")])
    access = _access(section, options, context)
    if access is None:
        nowhere = context.sources.of((Nowhere,), Nowhere)
        return AddKubernetesMetadata(nowhere, matchers)
    pods = context.sources.of(
        (Pods, access, interest), lambda: Pods(access, context.clock, interest)
    )
    processor = AddKubernetesMetadata(pods, matchers)
    if not options.wait_for_metadata:
        return processor
    return Waiting(processor, pods.readiness, options.wait_for_metadata_timeout)


def _access(
    section: Section, options: Options, context: ProcessorContext
) -> Access | None:
    named = options.kube_config
    inside = None if named else kubeconfig.within_pod(context.environment)
    file = named or context.environment.get("KUBECONFIG", "")
    if inside is not None or not file:
        return inside
    try:
        return kubeconfig.from_file(context.config / File(file))
    except ValueError as error:
        raise ConfigError([section.problem(str(error), "kube_config")]) from error


def _interest(
    section: Section, options: Options, context: ProcessorContext
) -> Interest:
    written = [name for entry in options.indexers for name in entry]
    unknown = sorted(set(written) - set(INDEXERS))
    if unknown:
        message = f"unknown indexer {unknown[0]}, use one of {', '.join(INDEXERS)}"
        raise ConfigError([section.problem(message, "indexers")])
    implied = INDEXERS[:2] if options.default_indexers.enabled else ()
    return Interest(
        context.environment.get("HOSTNAME") or context.hostname,
        options.node or context.environment.get("NODE_NAME", ""),
        options.scope == "cluster",
        options.namespace,
        tuple(dict.fromkeys((*implied, *written))),
        options.include_annotations,
        options.labels.dedot,
        options.annotations.dedot,
        options.cleanup_timeout,
        options.sync_period,
        options.wait_for_metadata_retry_period,
    )


def _matchers(section: Section, options: Options) -> Iterator[Matcher]:
    for entry in options.matchers:
        for name, settings in entry.items():
            try:
                yield _matcher(name, settings or {})
            except (ValueError, AttributeError) as error:
                raise ConfigError([section.problem(str(error), "matchers")]) from error
    if options.default_matchers.enabled:
        yield _by_fields(LOOKED_UP)


def _matcher(name: str, settings: Mapping[str, Any]) -> Matcher:
    """Return a matcher as options describe it; raises `ValueError`."""
    if name == "fields":
        names = settings.get("lookup_fields") or ()
        paths = tuple(map(str, (names,) if isinstance(names, str) else names))
        if not paths:
            raise ValueError("the matcher fields needs lookup_fields")
        return _by_fields(paths)
    if name == "field_format":
        return _by_format(FormatString(str(settings.get("format", ""))))
    raise ValueError(f"unknown matcher {name}, use fields or field_format")


def _by_fields(paths: Sequence[str]) -> Matcher:
    def match(event: Event) -> list[str]:
        values = (get(event, path) for path in paths)
        return [value for value in values if isinstance(value, str)]

    return match


def _by_format(form: FormatString) -> Matcher:
    def match(event: Event) -> list[str]:
        fields = document(event)
        key = form.render(event.timestamp, lambda path: find(fields, path))
        return [key] if key else []

    return match

"""Documents about this process for Elasticsearch's Stack Monitoring (`monitoring.*`).

Owns where they go, their form and their rhythm. Must not know what the figures mean.
They have no queue on the disk: what cannot be sent for long is given up, because old
figures are of no use to anybody.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson

from heartbeat.announce import Outage
from heartbeat.config import Section
from heartbeat.config.cloud import CloudOptions, cloud_settings
from heartbeat.config.monitoring import ReporterOptions, names_monitoring
from heartbeat.config.tree import Node, node_of
from heartbeat.deflate import compress
from heartbeat.errors import ConfigError, OutputUnavailable
from heartbeat.event import milliseconds
from heartbeat.outputs.elasticsearch.access import access_of, open_client
from heartbeat.outputs.elasticsearch.options import read_options
from heartbeat.outputs.elasticsearch.server import OK, read_object, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from heartbeat.clock import Clock
    from heartbeat.config import Settings
    from heartbeat.net import Network
    from heartbeat.outputs.elasticsearch.access import Access
    from heartbeat.outputs.elasticsearch.client import Client

log = logging.getLogger(__name__)

PATH: Final = "monitoring.elasticsearch"
INDEX: Final = ".monitoring-beats-7-"
CHECK_SECONDS: Final = 30.0
"""Where monitoring is off in the cluster it is asked again so often."""

DEFAULT_USER: Final = "beats_system"
_OWN = frozenset(ReporterOptions.model_fields)
_NOT_INHERITED = _OWN | {
    "index",
    "indices",
    "pipeline",
    "pipelines",
    "non_indexable_policy",
    "preset",
    "worker",
    "workers",
    "enabled",
    "queue",
}
_IDENTITY = frozenset({"username", "password", "api_key", "service_token"})

Figures: TypeAlias = "Callable[[], Mapping[str, Any]]"


@dataclass(frozen=True, slots=True)
class Plan:
    """Where documents go and how; `cluster_uuid` is empty if that is to be asked for.

    Only a cluster that documents of monitors go to as well is asked for its own.
    """

    access: Access
    options: ReporterOptions
    cluster_uuid: str
    asks_cluster: bool


def plan_of(settings: Settings, network: Network) -> Plan | None:
    """Return where documents go, None if nobody wants any; raises `ConfigError`."""
    written = settings.root.get("monitoring")
    options = settings.options.monitoring
    if written is None or not names_monitoring(settings.root, options):
        return None
    own = written.get("elasticsearch") or Section(Node({}), written.scope, PATH)
    cloud = _cloud(written)
    inherited = settings.outputs.get("elasticsearch")
    if own.get("hosts") is not None or cloud:
        inherited = None
    elif inherited is None:
        text = "monitoring needs hosts: no output.elasticsearch to take them from"
        raise ConfigError([written.problem(text)])
    section = _united(own, inherited, cloud)
    return Plan(
        access_of(read_options(section), network),
        section.peek(ReporterOptions),
        options.cluster_uuid,
        asks_cluster=inherited is not None,
    )


def _cloud(written: Section) -> dict[str, Node]:
    """Return the options that `monitoring.cloud` sets."""
    section = written.get("cloud")
    if section is None:
        return {}
    try:
        found = cloud_settings(section.unpack(CloudOptions))
    except ValueError as error:
        raise ConfigError([section.problem(str(error))]) from error
    return {
        path.removeprefix("output.elasticsearch."): node_of(value, section.place)
        for path, value in found.items()
    }


def _united(
    own: Section, inherited: Section | None, cloud: Mapping[str, Node]
) -> Section:
    """Return the options to reach the cluster with, our own before the output's."""
    mine = {name: member.node for name, member in own.members().items()} | dict(cloud)
    theirs = inherited.members() if inherited is not None else {}
    left_out = _NOT_INHERITED | (
        _IDENTITY if mine.keys() & _IDENTITY else frozenset[str]()
    )
    nodes = {k: v.node for k, v in theirs.items() if k not in left_out} | mine
    if "api_key" in nodes and "password" in nodes:
        raise ConfigError(
            [
                own.problem(
                    "cannot set both api_key and username/password for monitoring"
                    " client"
                )
            ]
        )
    if "password" in nodes and "username" not in nodes:
        nodes["username"] = node_of(DEFAULT_USER)
    return Section(Node(nodes, own.place), own.scope, PATH, known=_OWN, area="output")


class Reporter:
    """Sends documents about this process."""

    def __init__(
        self, plan: Plan, beat: Mapping[str, str], stats: Figures, state: Figures
    ) -> None:
        """Take what the documents are about: `beat` says who we are."""
        self._plan = plan
        self._beat = dict(beat)
        self._kinds = (
            _Kind("stats", "metrics", plan.options.metrics.period, stats),
            _Kind("state", "state", plan.options.state.period, state),
        )
        self._waiting: deque[_Document] = deque(maxlen=plan.options.buffer_size)
        self._client: Client | None = None
        self._cluster_uuid = plan.cluster_uuid
        self._failures = 0

    async def run(self, clock: Clock) -> None:
        """Send until cancelled; never raises for what the cluster does."""
        outage = Outage(clock)
        resume_at = clock.monotonic()
        due = dict.fromkeys(self._kinds, resume_at)
        try:
            while True:
                now = clock.monotonic()
                for kind in self._kinds:
                    if now >= due[kind]:
                        self._waiting.append(self._document(kind, clock.now()))
                        due[kind] = max(due[kind] + kind.period, now)
                if self._waiting and now >= resume_at:
                    resume_at = now + await self._attempt(clock, outage)
                wakes = [*due.values(), *([resume_at] if self._waiting else [])]
                await clock.sleep_until(max(min(wakes), now + 0.001))
        finally:
            await self._close()

    async def _attempt(self, clock: Clock, outage: Outage) -> float:
        """Try to send what waits; return the seconds to leave the cluster alone."""
        try:
            wait = await self._connected(clock)
            if not wait:
                await self._send(clock)
        except OutputUnavailable as error:
            await self._close()
            begin = outage.failed()
            if begin is not None:
                log.warning("monitoring: %scannot send figures: %s", begin, error)
            return self._back_off()
        self._failures = 0
        lasted = outage.worked()
        if lasted is not None:
            log.info("monitoring: figures are sent again after %s", lasted)
        return wait

    async def _connected(self, clock: Clock) -> float:
        """Find out whether figures are wanted; return how long to wait if not."""
        if self._client is not None:
            return 0.0
        client = await open_client(self._plan.access, clock)
        self._client = client
        answer = await client.get(
            "/_xpack", query={"filter_path": "features.monitoring.enabled"}
        )
        if answer.status != OK:
            raise refused(answer, clock)
        features = read_object(answer.body).get("features", {})
        if not features.get("monitoring", {}).get("enabled"):
            log.debug("monitoring is switched off in the cluster")
            self._waiting.clear()
            await self._close()
            return CHECK_SECONDS
        if self._plan.asks_cluster and not self._cluster_uuid:
            told = read_object((await client.get("/")).body)
            self._cluster_uuid = str(told.get("cluster_uuid", ""))
        return 0.0

    async def _send(self, clock: Clock) -> None:
        """Send all that waits, a request at a time."""
        while self._waiting:
            part = [*self._waiting][: self._plan.options.bulk_max_size]
            body = b"".join(self._lines(document) for document in part)
            try:
                await self._post(body, clock)
            except OutputUnavailable:
                self._give_up_oldest(part)
                raise
            for _ in part:
                self._waiting.popleft()

    async def _post(self, body: bytes, clock: Clock) -> None:
        headers: dict[str, str] = {}
        level = self._plan.options.compression_level
        if level:
            body = compress(body, level)
            headers["content-encoding"] = "gzip"
        assert self._client is not None  # noqa: S101 - connected by the caller
        query = {"filter_path": "errors,items.*.error"}
        answer = await self._client.post("/_bulk", body, query=query, headers=headers)
        if answer.status != OK:
            raise refused(answer, clock)
        told = read_object(answer.body)
        if told.get("errors"):
            reason = orjson.dumps(told.get("items")).decode()[:300]
            raise OutputUnavailable(f"{answer.url}: figures were not taken: {reason}")

    def _give_up_oldest(self, part: list[_Document]) -> None:
        """Count an attempt; what had its last one goes."""
        for document in part:
            document.attempts += 1
        while self._waiting and (
            self._waiting[0].attempts > self._plan.options.max_retries
        ):
            self._waiting.popleft()

    def _back_off(self) -> float:
        backoff = self._plan.options.backoff
        wait: float = backoff.init * 2.0 ** min(self._failures, 16)
        self._failures += 1
        return min(wait, backoff.max)

    def _document(self, kind: _Kind, now_ns: int) -> _Document:
        name = f"beats_{kind.name}"
        moment = milliseconds(now_ns)
        about: dict[str, Any] = {
            "timestamp": moment,
            "beat": self._beat,
            kind.member: kind.figures(),
        }
        if self._plan.options.tags:
            about["tags"] = list(self._plan.options.tags)
        members = {
            "timestamp": moment,
            "interval_ms": round(kind.period * 1000),
            "type": name,
            name: about,
        }
        day = moment[:10].replace("-", ".")
        return _Document(f"{INDEX}{day}", members)

    def _lines(self, document: _Document) -> bytes:
        members = document.members
        if self._cluster_uuid:
            members = {**members, "cluster_uuid": self._cluster_uuid}
        action = {"create": {"_index": document.index}}
        return orjson.dumps(action) + b"\n" + orjson.dumps(members) + b"\n"

    async def _close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """A kind of document: `name` in its type, `member` for its figures."""

    name: str
    member: str
    period: float
    figures: Figures


@dataclass(slots=True)
class _Document:
    index: str
    members: dict[str, Any]
    attempts: int = 0

"""Every field of a document, its type in the index and what it says.

Owns the one table that the index template, `docs/fields.md` and a test of the documents
are made of: a field that is written and not here fails that test. Fields that only
Kibana asks for are here as well, because a query for an unmapped field fails. Must not
know how a template looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT: Final = {"text": {"type": "text", "norms": False}}
SIMPLE: Final = {"text": {"type": "text", "analyzer": "simple", "norms": False}}
EXACT: Final = {"keyword": {"type": "keyword", "ignore_above": 1024}}


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its dotted path.

    `multi` are the further forms it is indexed in, `parameters` what else its mapping
    says. `is_written` is false for what heartbeat leaves to others, but Kibana reads.
    """

    path: str
    type: str
    says: str
    multi: Mapping[str, Any] | None = None
    parameters: Mapping[str, Any] | None = None
    is_written: bool = True

    @property
    def is_open(self) -> bool:
        """Say whether it has members that are not in the table."""
        return self.type in {"object", "date_range", "geo_point"}


def _state(path: str, of: str) -> tuple[Field, ...]:
    """Return the members of a state, the present one or the one that it ended."""
    return (
        Field(f"{path}.id", "keyword", f"Id of {of}."),
        Field(f"{path}.status", "keyword", f"Status of {of}: up, down or flap."),
        Field(f"{path}.started_at", "date", f"When {of} began."),
        Field(f"{path}.duration_ms", "long", f"How long {of} lasts, in milliseconds."),
        Field(f"{path}.checks", "integer", f"Checks during {of}."),
        Field(f"{path}.up", "integer", f"Checks that found it up during {of}."),
        Field(f"{path}.down", "integer", f"Checks that found it down during {of}."),
        Field(f"{path}.flap_history", "object", "Statuses while flapping.", None, OFF),
    )


def _party(path: str, who: str) -> tuple[Field, ...]:
    return (
        Field(f"{path}.common_name", "keyword", f"Common name of the {who}.", TEXT),
        Field(f"{path}.distinguished_name", "keyword", f"Whole name of the {who}."),
    )


def _microseconds(path: str, what: str) -> Field:
    return Field(path, "long", f"{what}, in microseconds.")


def _quantiles(path: str, what: str) -> tuple[Field, ...]:
    return (
        _microseconds(f"{path}.p50.us", f"{what}, the median"),
        _microseconds(f"{path}.p99.us", f"{what}, all but one percent"),
        _microseconds(f"{path}.max.us", f"{what}, at most"),
    )


def _foreign(path: str, type: str, says: str) -> Field:  # noqa: A002 - as in mappings
    return Field(path, type, says, is_written=False)


OFF: Final = {"enabled": False}

# `data_stream.*` is no constant_keyword here: where Logstash puts documents of several
# streams into one index, all but those of the first would be refused.
_DOCUMENT: Final = (
    Field("@timestamp", "date", "When the result was there."),
    Field("tags", "keyword", "Tags of the monitor and of the process."),
    Field("fields", "object", "Fields of the operator's own."),
    Field("agent.build.original", "keyword", "Version of heartbeat itself."),
    Field("agent.ephemeral_id", "keyword", "Id of this run of the process."),
    Field("agent.id", "keyword", "Id of this installation."),
    Field("agent.name", "keyword", "Name of this instance."),
    Field("agent.type", "keyword", "heartbeat."),
    Field("agent.version", "keyword", "Version that the document is compatible with."),
    Field("ecs.version", "keyword", "Version of the Elastic Common Schema."),
    Field("event.dataset", "keyword", "Type of the monitor, or its own dataset."),
    Field("event.type", "keyword", "heartbeat/summary on the last of an attempt."),
    Field("data_stream.type", "keyword", "First part of the stream's name."),
    Field("data_stream.dataset", "keyword", "Middle of the stream's name."),
    Field("data_stream.namespace", "keyword", "Last part of its name."),
    Field("service.name", "keyword", "Service that the monitor belongs to."),
)

_MONITOR: Final = (
    Field("monitor.id", "keyword", "Id of the monitor.", SIMPLE),
    Field("monitor.name", "keyword", "Name of the monitor.", SIMPLE),
    Field("monitor.type", "keyword", "http, icmp or tcp; heartbeat for itself."),
    Field("monitor.status", "keyword", "up or down."),
    Field("monitor.check_group", "keyword", "What documents of one run share."),
    Field("monitor.origin", "keyword", "Where the monitor was defined."),
    Field("monitor.interval", "long", "Seconds between checks, if always the same."),
    Field("monitor.ip", "ip", "Address that was checked."),
    Field("monitor.timespan", "date_range", "The time that the result stands for."),
    _microseconds("monitor.duration.us", "How long the check took"),
    Field("observer.name", "keyword", "Location that the check ran from."),
    Field("observer.geo.name", "keyword", "Name of that place."),
    Field("observer.geo.location", "geo_point", "Latitude and longitude of the place."),
    Field("observer.geo.city_name", "keyword", "City of the place."),
    Field("observer.geo.continent_name", "keyword", "Continent of the place."),
    Field("observer.geo.country_iso_code", "keyword", "Code of the place's country."),
    Field("observer.geo.country_name", "keyword", "Country of the place."),
    Field("observer.geo.region_iso_code", "keyword", "Code of the place's region."),
    Field("observer.geo.region_name", "keyword", "Region of the place."),
    Field("summary.up", "integer", "Addresses of the run that were up."),
    Field("summary.down", "integer", "Addresses of the run that were down."),
    Field("summary.status", "keyword", "down if any of them was."),
    Field("summary.attempt", "short", "Number of the attempt, from 1."),
    Field("summary.max_attempts", "short", "Most attempts there would have been."),
    Field("summary.final_attempt", "boolean", "Whether no attempt follows."),
    Field("summary.retry_group", "keyword", "What attempts of one run share."),
)

_LAYERS: Final = (
    Field("url.full", "keyword", "What is checked, as a URL.", TEXT | EXACT),
    Field("url.scheme", "keyword", "Scheme of the URL."),
    Field("url.domain", "keyword", "Host of the URL."),
    Field("url.port", "long", "Port of the URL."),
    Field("url.path", "keyword", "Path of the URL."),
    Field("url.query", "keyword", "Query of the URL."),
    Field("url.username", "keyword", "User of the URL."),
    Field("url.password", "keyword", "<hidden>, if the URL has one."),
    Field("error.type", "keyword", "io, or validate if an answer was not right."),
    Field("error.code", "keyword", "Code of the error, see docs/errors.md."),
    Field("error.message", "text", "Why it is down."),
    Field("error.stack_trace", "keyword", "Always null.", TEXT),
    Field("resolve.ip", "ip", "Address that the name resolved to."),
    _microseconds("resolve.rtt.us", "How long the lookup took"),
    _microseconds("tcp.rtt.connect.us", "How long connecting took"),
    _microseconds("tcp.rtt.validate.us", "How long the answer took"),
    _microseconds("socks5.rtt.connect.us", "How long the SOCKS5 proxy took"),
    Field("icmp.requests", "integer", "Echo requests that were sent."),
    _microseconds("icmp.rtt.us", "Round trip of the echo"),
    Field("http.response.status_code", "long", "Status of the response."),
    Field("http.response.headers", "object", "Its headers; not indexed.", None, OFF),
    Field("http.response.mime_type", "keyword", "What its body looks like."),
    Field("http.response.redirects", "keyword", "Where redirects led."),
    Field("http.response.body.bytes", "long", "Size of the body."),
    Field("http.response.body.hash", "keyword", "SHA-256 of the body."),
    Field("http.response.body.content", "keyword", "Begin of the body.", TEXT),
    _microseconds("http.rtt.validate.us", "Sending, waiting and reading"),
    _microseconds("http.rtt.write_request.us", "Sending the request"),
    _microseconds("http.rtt.response_header.us", "Sending and waiting for the header"),
    _microseconds("http.rtt.content.us", "Reading the body"),
    _microseconds("http.rtt.total.us", "The whole request, connecting included"),
)

_X509: Final = "tls.server.x509"
_TLS: Final = (
    Field("tls.established", "boolean", "Whether the handshake came to its end."),
    Field("tls.cipher", "keyword", "Cipher suite of the connection."),
    Field("tls.version", "keyword", "Version of the protocol."),
    Field("tls.version_protocol", "keyword", "Name of the protocol."),
    _microseconds("tls.rtt.handshake.us", "How long the handshake took"),
    Field("tls.certificate_not_valid_before", "date", "As not_before, for alerts."),
    Field("tls.certificate_not_valid_after", "date", "As not_after, for alerts."),
    Field("tls.server.hash.sha1", "keyword", "SHA-1 of the certificate."),
    Field("tls.server.hash.sha256", "keyword", "SHA-256 of the certificate."),
    Field(f"{_X509}.not_before", "date", "When the certificate begins to be valid."),
    Field(f"{_X509}.not_after", "date", "When the certificate expires."),
    Field(f"{_X509}.serial_number", "keyword", "Serial number of the certificate."),
    Field(f"{_X509}.signature_algorithm", "keyword", "How it is signed."),
    Field(f"{_X509}.public_key_algorithm", "keyword", "Kind of its key."),
    Field(f"{_X509}.public_key_curve", "keyword", "Curve of an ECDSA key."),
    Field(f"{_X509}.public_key_size", "long", "Size of an RSA or DSA key."),
    Field(
        f"{_X509}.public_key_exponent",
        "long",
        "Exponent of an RSA key; not indexed.",
        parameters={"index": False, "doc_values": False},
    ),
    *_party(f"{_X509}.issuer", "issuer"),
    *_party(f"{_X509}.subject", "subject"),
)

_HOP: Final = "heartbeat.hops"
_SCHEDULER: Final = "heartbeat.scheduler"
_OWN: Final = (
    Field("heartbeat.resolve.stale", "boolean", "The address is of an older lookup."),
    _microseconds("heartbeat.proxy.rtt.connect.us", "How long the HTTP proxy took"),
    _microseconds("heartbeat.clock.step.us", "By how much the wall clock was set"),
    _microseconds("heartbeat.gap.us", "How long nobody looked at the target before"),
    Field("heartbeat.level", "keyword", "up, degraded, down or unknown."),
    Field("heartbeat.slow", "keyword", "Phases that took longer than they may."),
    Field("heartbeat.icmp.sent", "integer", "Echo requests of a fixed count."),
    Field("heartbeat.icmp.received", "integer", "How many were answered."),
    Field("heartbeat.icmp.duplicates", "integer", "Answers beyond the first."),
    Field("heartbeat.icmp.loss", "float", "Percentage that was not answered."),
    _microseconds("heartbeat.icmp.rtt.min.us", "Shortest round trip"),
    _microseconds("heartbeat.icmp.rtt.avg.us", "Mean round trip"),
    _microseconds("heartbeat.icmp.rtt.max.us", "Longest round trip"),
    _microseconds("heartbeat.icmp.rtt.mdev.us", "Deviation of the round trips"),
    _microseconds("heartbeat.icmp.jitter.us", "Mean difference between neighbours"),
    Field("heartbeat.version", "keyword", "Version of heartbeat itself."),
    Field("heartbeat.uptime.ms", "long", "How long the process has run, in ms."),
    Field("heartbeat.config.hash", "keyword", "Changes with any option or monitor."),
    Field("heartbeat.monitors", "long", "Monitors that run."),
    Field("heartbeat.endpoints", "long", "Endpoints of these monitors."),
    Field(f"{_SCHEDULER}.due", "long", "Runs that fell due since the start."),
    Field(f"{_SCHEDULER}.running", "long", "Runs under way."),
    Field(f"{_SCHEDULER}.waiting", "long", "Runs that wait for a limit."),
    Field(f"{_SCHEDULER}.missed", "long", "Runs over a second late, and left out."),
    Field(f"{_SCHEDULER}.in_maintenance", "long", "Runs left out on purpose."),
    *_quantiles(f"{_SCHEDULER}.lateness", "How late runs began within a minute"),
    *_quantiles(f"{_SCHEDULER}.loop_lag", "How late timers fired within a minute"),
    Field("heartbeat.queue.waiting", "long", "Events the slowest output has to take."),
    Field("heartbeat.queue.acked", "long", "Events delivered, of all outputs."),
    Field("heartbeat.queue.dropped", "long", "Events lost to a full queue."),
    Field("heartbeat.queue.dead_letter", "long", "Events that receivers refused."),
    Field("heartbeat.queue.is_failing", "boolean", "Whether the disk takes nothing."),
    Field("heartbeat.queue.unavailable", "keyword", "Outputs out of reach."),
    Field(f"{_HOP}.url", "keyword", "URL of a request of the chain."),
    Field(f"{_HOP}.ip", "ip", "Address that it went to."),
    Field(f"{_HOP}.status_code", "long", "Status of its response."),
    _microseconds(f"{_HOP}.resolve.us", "How long the lookup took"),
    _microseconds(f"{_HOP}.connect.us", "How long connecting took"),
    _microseconds(f"{_HOP}.tunnel.us", "How long the proxy took"),
    _microseconds(f"{_HOP}.tls.us", "How long the handshake took"),
    _microseconds(f"{_HOP}.response_header.us", "Sending and waiting for the header"),
)

_FOREIGN: Final = (
    _foreign("config_id", "keyword", "Monitor of Kibana's own."),
    _foreign("run_once", "boolean", "Test run of Kibana's own."),
    _foreign("test_run_id", "keyword", "Test run of Kibana's own."),
    _foreign("labels", "object", "Labels that a pipeline adds."),
    _foreign("meta.space_id", "keyword", "Kibana space."),
    _foreign("event.ingested", "date", "When a pipeline took the document."),
    _foreign("error.id", "keyword", "Id of an error."),
    _foreign("monitor.fleet_managed", "boolean", "Whether Fleet runs the monitor."),
    _foreign("monitor.project.id", "keyword", "Project of the monitor."),
    _foreign("monitor.project.name", "keyword", "Project of the monitor."),
    _foreign("observer.hostname", "keyword", "Host that the check ran on."),
    _foreign("observer.ip", "ip", "Address of that host."),
    _foreign("host.name", "keyword", "Host that a pipeline adds."),
    _foreign("host.ip", "ip", "Its address."),
    _foreign("container.id", "keyword", "Container that a pipeline adds."),
    _foreign("kubernetes.pod.uid", "keyword", "Pod that a pipeline adds."),
    _foreign("http.version", "keyword", "Version of HTTP."),
    _foreign("http.request.method", "keyword", "Method of the request."),
    _foreign("http.response.bytes", "long", "Size of the response."),
    _foreign("http.rtt.validate_body.us", "long", "Reading and judging the body."),
    _foreign("tls.resumed", "boolean", "Whether a session was resumed."),
    _foreign("tls.next_protocol", "keyword", "Protocol that was agreed on."),
    _foreign(f"{_X509}.version_number", "keyword", "Version of the certificate."),
    _foreign("url.fragment", "keyword", "Fragment of the URL."),
    _foreign("synthetics.type", "keyword", "Kind of a browser monitor's document."),
    _foreign("synthetics.step.index", "integer", "Step of a browser monitor."),
    _foreign("synthetics.step.name", "keyword", "Step of a browser monitor."),
    _foreign("synthetics.journey.name", "keyword", "Journey of a browser monitor."),
)

FIELDS: Final = (
    *_DOCUMENT,
    *_MONITOR,
    *_state("state", "the state"),
    *_state("state.ends", "the state before, on the first document of a new one"),
    *_LAYERS,
    *_TLS,
    *_OWN,
    *_FOREIGN,
)


def missing(document: Mapping[str, Any]) -> list[str]:
    """Return the paths of a document that are not in the table, sorted.

    Nulls and empty lists and objects count as absent, as they do for the index.
    """
    known = {field.path: field for field in FIELDS}
    return sorted(_missing(document, known, ""))


def _missing(
    members: Mapping[str, Any], known: Mapping[str, Field], path: str
) -> set[str]:
    found: set[str] = set()
    for name, value in members.items():
        place = f"{path}{name}"
        if place in known and (known[place].is_open or not isinstance(value, dict)):
            continue
        is_list = isinstance(value, list | tuple)
        for item in cast("list[Any]", value if is_list else [value]):
            if isinstance(item, dict):
                found |= _missing(cast("dict[str, Any]", item), known, f"{place}.")
            elif item is not None:
                found.add(place)
    return found

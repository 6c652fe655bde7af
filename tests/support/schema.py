"""Strict schemas of documents, to be put together from parts.

A schema maps dotted paths to what is expected there: a value, or a matcher. A document
fails with a field too many, a field too few or a wrong value. Owns what the contract
says about documents; must not know how they are made.

    assert_document(document, summary("up", type="tcp"), url("tcp://a:1"), tcp())
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Schema: TypeAlias = "dict[str, Any]"


@dataclass(frozen=True, slots=True)
class Matches:
    """Expects a value that a function agrees to."""

    what: str
    agrees: Callable[[Any], bool]

    def __repr__(self) -> str:
        return f"<{self.what}>"


def pattern(expression: str) -> Matches:
    """Expect a string that matches the whole regular expression."""
    return Matches(
        f"text like {expression}",
        lambda value: (
            isinstance(value, str) and re.fullmatch(expression, value) is not None
        ),
    )


def is_a(*kinds: type) -> Matches:
    """Expect a value of exactly one of these types."""
    names = " or ".join(kind.__name__ for kind in kinds)
    return Matches(names, lambda value: type(value) in kinds)


_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"

TEXT = is_a(str)
NUMBER = is_a(int)
MICROSECONDS = Matches("whole number, 0 or more", lambda v: type(v) is int and v >= 0)
TIMESTAMP = pattern(_TIME + r"\.\d{3}Z")
PRECISE_TIMESTAMP = pattern(_TIME + r"(\.\d{1,9})?Z")
STATE_ID = pattern(r"[A-Za-z0-9_-]+-[0-9a-f]+-[0-9a-f]+")


def common(status: str, type: str, **monitor: Any) -> Schema:  # noqa: A002
    """Every document: what the monitor is, and how it is now.

    `monitor` are further members of `monitor`, or other values for the usual ones.
    """
    members = {
        "id": TEXT,
        "name": TEXT,
        "type": type,
        "interval": NUMBER,
        "status": status,
        "check_group": pattern(_UUID + r"-[1-9]\d*"),
        "timespan.gte": TIMESTAMP,
        "timespan.lt": TIMESTAMP,
    }
    agent = {
        f"agent.{name}": TEXT
        for name in (
            "build.original",
            "ephemeral_id",
            "id",
            "name",
            "type",
            "version",
        )
    }
    return {
        "@timestamp": TIMESTAMP,
        "ecs.version": "8.0.0",
        "event.dataset": type,
        **agent,
        **_under("monitor", members | monitor),
    }


def summary(status: str, type: str, **summary: Any) -> Schema:  # noqa: A002
    """Block S: the fields of a check with a single document, on its final attempt.

    `summary` are other values for the members of `summary`.
    """
    members = {
        "up": int(status == "up"),
        "down": int(status == "down"),
        "status": status,
        "attempt": 1,
        "max_attempts": 1,
        "final_attempt": True,
        "retry_group": pattern(_UUID),
    }
    return {
        **common(status, type),
        "event.type": "heartbeat/summary",
        "monitor.duration.us": MICROSECONDS,
        **_under("summary", members | summary),
        **state(status),
    }


def state(status: str, **members: Any) -> Schema:
    """Describe `state` on the first check of a monitor, or with other members."""
    first: dict[str, Any] = {
        "id": STATE_ID,
        "started_at": PRECISE_TIMESTAMP,
        "duration_ms": "0",
        "status": status,
        "checks": 1,
        "up": int(status == "up"),
        "down": int(status == "down"),
        "flap_history": [],
        "ends": None,
    }
    return _under("state", first | members)


def address(ip: str) -> Schema:
    """Describe the address that was talked to."""
    return {"monitor.ip": ip}


def resolve(ip: str) -> Schema:
    """Describe a lookup; absent for literals."""
    return {"resolve.ip": ip, "resolve.rtt.us": MICROSECONDS}


def url(full: str, **members: Any) -> Schema:
    """Describe `url`: its text, and the members that differ from what it says."""
    found = re.fullmatch(r"(\w+(?:\+\w+)?)://(\[[^]]+]|[^/:?]+)(?::(\d+))?(.*)", full)
    if found is None:
        raise AssertionError(f"no URL: {full}")
    scheme, domain, port, rest = found.groups()
    path, _, query = rest.partition("?")
    number = int(port) if port else {"http": 80, "https": 443}.get(scheme)
    parts: dict[str, Any] = {
        "full": full,
        "scheme": scheme,
        "domain": domain.strip("[]"),
    }
    optional = {"port": number, "path": path, "query": query}
    parts |= {name: value for name, value in optional.items() if value}
    return _under("url", parts | members)


def tcp(*, validated: bool = False) -> Schema:
    """Describe a connection, and whether an answer was looked at."""
    return {"tcp.rtt.connect.us": MICROSECONDS} | (
        {"tcp.rtt.validate.us": MICROSECONDS} if validated else {}
    )


def icmp(requests: int = 1) -> Schema:
    """Describe an echo reply."""
    return {"icmp.requests": requests, "icmp.rtt.us": MICROSECONDS}


def http(status_code: int = 200, **body: Any) -> Schema:
    """Describe an answer; `body` are members of `http.response.body`."""
    phases = ("write_request", "response_header", "content", "validate", "total")
    members = {"bytes": NUMBER, "hash": pattern("[0-9a-f]{64}")} | body
    return {
        "http.response.status_code": status_code,
        "http.response.mime_type": TEXT,
        "http.response.headers": is_a(dict),
        **_under("http.response.body", members),
        **{f"http.rtt.{phase}.us": MICROSECONDS for phase in phases},
    }


def certificate(key: str = "RSA", **members: Any) -> Schema:
    """Describe a certificate with an `RSA`, `ECDSA` or `Ed25519` key.

    `members` are further members of `x509` or other values, dots written as `__`.
    """
    kinds: dict[str, Schema] = {
        "RSA": {"public_key_size": NUMBER, "public_key_exponent": 65537},
        "ECDSA": {"public_key_curve": TEXT},
        "Ed25519": {},
    }
    x509 = {
        "subject.common_name": TEXT,
        "subject.distinguished_name": TEXT,
        "issuer.common_name": TEXT,
        "issuer.distinguished_name": TEXT,
        "serial_number": pattern(r"\d+"),
        "signature_algorithm": TEXT,
        "public_key_algorithm": key,
        **kinds[key],
        "not_before": TIMESTAMP,
        "not_after": TIMESTAMP,
    }
    x509 |= {name.replace("__", "."): value for name, value in members.items()}
    return {
        "tls.server.hash.sha1": pattern("[0-9a-f]{40}"),
        "tls.server.hash.sha256": pattern("[0-9a-f]{64}"),
        **_under("tls.server.x509", x509),
    }


def tls(**members: Any) -> Schema:
    """Describe an established session; its certificate comes on top."""
    session = {
        "established": True,
        "version": TEXT,
        "version_protocol": "tls",
        "cipher": TEXT,
        "rtt.handshake.us": MICROSECONDS,
    }
    return _under("tls", session | members)


def error(type: str, message: str | Matches, code: str | None = None) -> Schema:  # noqa: A002
    """Describe why a check is down."""
    members: dict[str, Any] = {"type": type, "message": message}
    if code is not None:
        members |= {"code": code, "stack_trace": None}
    return _under("error", members)


def faults(document: Mapping[str, Any], *parts: Schema) -> list[str]:
    """Return what is wrong with a document; later parts replace earlier ones."""
    schema = {path: value for part in parts for path, value in part.items()}
    found = dict(_leaves(document, schema))
    missing = [f"missing: {path}" for path in schema if path not in found]
    extra = [f"too many: {path} = {found[path]!r}" for path in found.keys() - schema]
    wrong = [
        f"{path}: {found[path]!r} instead of {schema[path]!r}"
        for path in found.keys() & schema
        if not _fits(found[path], schema[path])
    ]
    return sorted(missing + extra + wrong)


def assert_document(document: Mapping[str, Any], *parts: Schema) -> None:
    """Fail with every fault of the document at once."""
    found = faults(document, *parts)
    if found:
        raise AssertionError("\n".join(found))


def _under(path: str, members: Mapping[str, Any]) -> Schema:
    return {f"{path}.{name}": value for name, value in members.items()}


def _fits(value: object, expected: object) -> bool:
    if isinstance(expected, Matches):
        return expected.agrees(value)
    return type(value) is type(expected) and value == expected


def _leaves(
    fields: Mapping[str, Any], schema: Schema, path: str = ""
) -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        place = f"{path}{name}"
        if isinstance(value, dict) and value and place not in schema:
            yield from _leaves(cast("Schema", value), schema, f"{place}.")
        else:
            yield place, value

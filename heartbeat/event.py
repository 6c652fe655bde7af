"""What a check found, the document made of it, and the bytes of that document.

Owns the values that travel: `Result` (from a check), `Event` (a document under
construction, the one mutable thing), `Record` (a document encoded once, with its
routing). Must not know any protocol, output or how values are stored.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

import orjson

from heartbeat.errors import CheckError  # noqa: TC001 - a field type
from heartbeat.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Fields: TypeAlias = dict[str, Any]
"""A nested document: members are Fields, lists, strings, numbers, booleans or None."""

Named: TypeAlias = bytes
"""Parts of an id, each behind its length."""

UP = "up"
DOWN = "down"


class Facts(Protocol):
    """What one layer measured or learned; knows its own place in the document."""

    def put(self, fields: Fields) -> None:
        """Write the facts into the nested document, beside what others wrote."""


@frozen
class Result:
    """The outcome of a check at one address.

    `ip` is the address talked to, if one was known; `error` is None exactly when the
    target is up.
    """

    ip: str | None = None
    error: CheckError | None = None
    facts: Sequence[Facts] = ()

    @property
    def status(self) -> str:
        """Return `up` or `down`."""
        return UP if self.error is None else DOWN


@frozen
class Routing:
    """Where a document goes and what makes it unique, apart from its content.

    `id` becomes `_id`; `index` and `pipeline` are what the monitor asks for, None where
    the output decides. `extra` is what processors put into `@metadata` beside these.
    """

    id: str
    index: str | None = None
    pipeline: str | None = None
    extra: Mapping[str, Any] | None = None

    @property
    def place(self) -> str | None:
        """Return the index asked for: a processor's `@metadata.index` comes first."""
        if self.extra is None:
            return self.index
        wanted = self.extra.get("index")
        return wanted if wanted and isinstance(wanted, str) else self.index

    def metadata(self) -> Fields:
        """Return the members for `@metadata`."""
        members: Fields = dict(self.extra or {})
        members["_id"] = self.id
        if self.index is not None:
            members["raw_index"] = self.index
        if self.pipeline is not None:
            members["pipeline"] = self.pipeline
        return members


@dataclass(slots=True)
class Event:
    """A document while it is being made.

    `timestamp` is nanoseconds since the epoch and becomes `@timestamp`; `fields` is
    everything else.
    """

    timestamp: int
    routing: Routing
    fields: Fields = field(default_factory=dict[str, Any])


@frozen
class Record:
    """A document encoded once.

    `body` is one JSON object without a line end whose first member is `@timestamp`;
    outputs splice it and never encode it again. `sequence` is its place in the store, 0
    before it has one. `timestamp` is nanoseconds since the epoch.
    """

    body: bytes
    routing: Routing
    timestamp: int
    sequence: int = 0


def encode(event: Event) -> Record:
    """Return the event as bytes: compact UTF-8 JSON, `@timestamp` first.

    Strings that are not valid UTF-8 get U+FFFD in the bad places; numbers that JSON
    does not have become null.
    """
    document = {"@timestamp": milliseconds(event.timestamp), **event.fields}
    try:
        body = orjson.dumps(document)
    except (orjson.JSONEncodeError, TypeError):
        body = orjson.dumps(printable(document))
    return Record(body, event.routing, event.timestamp)


def with_metadata(record: Record, metadata: bytes) -> bytes:
    """Return the record's body with `@metadata` spliced in behind `@timestamp`.

    `metadata` is an encoded JSON object. All outputs but Elasticsearch want it there.
    """
    end = record.body.index(b'"', len(b'{"@timestamp":"')) + 1
    rest = record.body[end:]
    return b"".join((record.body[:end], b',"@metadata":', metadata, rest))


def printable(value: Any) -> Any:
    """Return the value with everything replaced that JSON cannot hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, dict):
        members = cast("Fields", value)
        return {str(printable(str(k))): printable(v) for k, v in members.items()}
    if isinstance(value, (list, tuple)):
        return [printable(item) for item in cast("Iterable[Any]", value)]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return float(value)
    return value if value is None or isinstance(value, (int, float)) else str(value)


def event_id(*parts: str | Named) -> str:
    """Return a stable id for what the parts name: 32 hexadecimal digits.

    The same monitor, location, tick, attempt, endpoint and address always give the same
    id, so a document that is sent twice is one document in Elasticsearch. Parts that
    are the same for many ids may be `named` beforehand.
    """
    texts = [part if isinstance(part, bytes) else named(part) for part in parts]
    return blake2b(b"".join(texts), digest_size=16).hexdigest()


def named(*parts: str) -> Named:
    """Return parts in the form in which `event_id` looks at them."""
    texts = [part.encode("utf-8", "surrogateescape") for part in parts]
    return b"".join([len(text).to_bytes(4, "big") + text for text in texts])


@lru_cache(maxsize=256)
def _second(second: int) -> str:
    """Return a whole second as text, without an offset.

    Kept from call to call: events carry the present and the near future over and over,
    and this is several times cheaper than datetime.
    """
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def milliseconds(timestamp: int) -> str:
    """Return nanoseconds since the epoch as `2026-11-22T21:00:26.183Z`, truncated."""
    return _millisecond(timestamp // 1_000_000)


@lru_cache(maxsize=256)
def _millisecond(moment: int) -> str:
    """Return a whole millisecond as text: a document tells its own moment twice."""
    second, rest = divmod(moment, 1000)
    return f"{_second(second)}.{rest:03d}Z"


def nanoseconds(timestamp: int) -> str:
    """Return nanoseconds since the epoch as `2026-11-22T21:00:26.183819029Z`.

    The fraction loses trailing zeros, as in the reference's `state.started_at`.
    """
    second, rest = divmod(timestamp, 1_000_000_000)
    text = _second(second)
    fraction = f"{rest:09d}".rstrip("0")
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"


def microseconds(seconds: float) -> Fields:
    """Return a duration as documents carry it: `{"us": 12345}`, never negative."""
    return {"us": max(int(seconds * 1_000_000), 0)}

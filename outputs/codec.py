"""A record as the text that console, file and other outputs write.

Owns `codec.*`. Must not know where texts go.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import orjson
from pydantic import Field, field_validator

from heartbeat.config import Flag, Options, Text
from heartbeat.errors import ConfigError, HeartbeatError
from heartbeat.event import with_metadata
from heartbeat.outputs.base import BEAT, Rejection
from heartbeat.outputs.fields import RecordFields
from heartbeat.outputs.selector import format_of

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Record
    from heartbeat.formats import FormatString
    from heartbeat.outputs.base import Batch, OutputContext

ESCAPED = ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026"))
SECOND = 1_000_000_000

STAMP = len(b'{"@timestamp":"')
WHOLE_SECONDS = STAMP + len("2026-11-22T21:00:26")


class JsonOptions(Options):
    """`codec.json`."""

    pretty: Flag = Field(default=False, description="Several lines, indented.")
    escape_html: Flag = Field(default=False, description="Write <, > and & escaped.")
    escapehtml: Flag = Field(default=False, description="The same as escape_html.")
    local_time: Flag = Field(default=False, description="@timestamp in local time.")
    localtime: Flag = Field(default=False, description="The same as local_time.")


class FormatOptions(Options):
    """`codec.format`."""

    string: Text = Field(
        default="", description="Format string, such as %{[monitor.id]} %{+HH:mm:ss}."
    )

    @field_validator("string")
    @classmethod
    def _is_given(cls, string: str) -> str:
        if not string:
            raise ValueError("missing required field")
        return string


class CodecOptions(Options):
    """`codec`."""

    as_json: JsonOptions = Field(
        default=JsonOptions(), alias="json", description="One JSON object for an event."
    )
    format: FormatOptions | None = Field(
        default=None, description="Text made from fields."
    )


class EncodingFailed(HeartbeatError):  # noqa: N818 - a verdict, not a fault
    """A record has no text in this codec, and never will."""


class Codec(Protocol):
    """Turns a record into text."""

    def __call__(self, record: Record) -> bytes:
        """Return the text with the codec's end; raises `EncodingFailed`."""
        ...


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an output puts around the texts of a codec.

    `beat` is what receivers name indices after; `end` closes every text.
    """

    beat: str = BEAT
    end: bytes = b"\n"


LINES = Envelope()


@dataclass(slots=True)
class Encoded:
    """A batch in a codec: `texts` belong to `records`, one each."""

    records: list[Record] = field(default_factory=list["Record"])
    texts: list[bytes] = field(default_factory=list[bytes])
    rejected: list[Rejection] = field(default_factory=list[Rejection])


def encode_batch(codec: Codec, batch: Batch) -> Encoded:
    """Return the texts of a batch, and what has none."""
    encoded = Encoded()
    for record in batch:
        try:
            encoded.texts.append(codec(record))
        except EncodingFailed as error:
            encoded.rejected.append(Rejection(record, str(error), "encoding"))
        else:
            encoded.records.append(record)
    return encoded


def build_codec(
    section: Section, context: OutputContext, envelope: Envelope = LINES
) -> Codec:
    """Return the codec that the section of an output wants, JSON by default.

    Raises `ConfigError`.
    """
    codec = section.get("codec")
    if codec is None or codec.is_null():
        return JsonCodec(JsonOptions(), context, envelope)
    members = codec.members()
    for name, member in members.items():
        if name not in {"json", "format"}:
            message = f"'{name}' output codec is not available"
            raise ConfigError([member.problem(message)])
    if len(members) > 1:
        raise ConfigError([codec.problem("more than one namespace configured")])
    options = codec.unpack(CodecOptions)
    if options.format is None:
        return JsonCodec(options.as_json, context, envelope)
    written = format_of(codec, "format.string", options.format.string)
    return FormatCodec(written, envelope)


class FormatCodec:
    """A text made from the fields of the document."""

    def __init__(self, written: FormatString, envelope: Envelope = LINES) -> None:
        """Keep the format string."""
        self._format = written
        self._end = envelope.end

    def __call__(self, record: Record) -> bytes:
        """Return the text; raises `EncodingFailed` where a field is missing."""
        text = self._format.render(record.timestamp, RecordFields(record))
        if text is None:
            names = ", ".join(self._format.paths)
            raise EncodingFailed(f"codec.format needs all of these fields: {names}")
        return text.encode("utf-8", "replace") + self._end


class JsonCodec:
    """The document with `@metadata`, as JSON."""

    def __init__(
        self,
        options: JsonOptions,
        context: OutputContext,
        envelope: Envelope = LINES,
    ) -> None:
        """Keep the options."""
        self._context = context
        self._beat = envelope.beat
        self._end = envelope.end
        self._is_pretty = options.pretty
        self._escapes = options.escape_html or options.escapehtml
        self._is_local = options.local_time or options.localtime

    def __call__(self, record: Record) -> bytes:
        """Return the document, in several lines if the codec is to be pretty."""
        metadata = self._context.metadata(record.routing, self._beat)
        text = with_metadata(record, metadata)
        if self._is_local:
            text = _in_local_time(text, record.timestamp)
        if self._is_pretty:
            document: Any = orjson.loads(text)
            text = orjson.dumps(document, option=orjson.OPT_INDENT_2)
        if self._escapes:
            text = escape_html(text)
        return text + self._end


def escape_html(text: bytes) -> bytes:
    """Return JSON with `<`, `>` and `&` escaped, which only strings can contain."""
    for plain, escaped in ESCAPED:
        text = text.replace(plain, escaped)
    return text


def _in_local_time(text: bytes, timestamp: int) -> bytes:
    """Return the document with its first member in the zone of the machine."""
    local = time.localtime(timestamp // SECOND)
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", local).encode()
    end = text.index(b'Z"', WHOLE_SECONDS)
    offset = time.strftime("%z", local)
    zone = f"{offset[:3]}:{offset[3:]}".encode() if local.tm_gmtoff else b"Z"
    return b"".join(
        (text[:STAMP], moment, text[WHOLE_SECONDS:end], zone, text[end + 1 :])
    )

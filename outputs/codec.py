"""A record as the line that console, file and other outputs write.

Owns `codec.*`. Must not know where lines go.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

import orjson
from pydantic import Field

from heartbeat.config import Fields, Flag, Options
from heartbeat.errors import ConfigError
from heartbeat.event import with_metadata

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Record
    from heartbeat.outputs.base import OutputContext

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


class CodecOptions(Options):
    """`codec`."""

    as_json: JsonOptions = Field(
        default=JsonOptions(), alias="json", description="One JSON object for an event."
    )
    format: Fields | None = Field(
        default=None, description="Not supported yet: text made from fields."
    )


class Codec(Protocol):
    """Turns a record into a line."""

    def __call__(self, record: Record) -> bytes:
        """Return the line, ended by a line end."""
        ...


def build_codec(section: Section, context: OutputContext) -> Codec:
    """Return the codec that the section of an output wants, JSON by default.

    Raises `ConfigError`.
    """
    codec = section.get("codec")
    if codec is None or codec.is_null():
        return JsonCodec(JsonOptions(), context)
    members = codec.members()
    for name, member in members.items():
        if name not in {"json", "format"}:
            message = f"'{name}' output codec is not available"
            raise ConfigError([member.problem(message)])
    if len(members) > 1:
        raise ConfigError([codec.problem("more than one namespace configured")])
    if "format" in members:
        message = "codec.format is not supported yet; leave it out for JSON"
        raise ConfigError([members["format"].problem(message)])
    return JsonCodec(codec.unpack(CodecOptions).as_json, context)


class JsonCodec:
    """The document with `@metadata`, as JSON."""

    def __init__(self, options: JsonOptions, context: OutputContext) -> None:
        """Keep the options."""
        self._context = context
        self._is_pretty = options.pretty
        self._escapes = options.escape_html or options.escapehtml
        self._is_local = options.local_time or options.localtime

    def __call__(self, record: Record) -> bytes:
        """Return one line, or several if the codec is to be pretty."""
        text = with_metadata(record, self._context.metadata(record.routing))
        if self._is_local:
            text = _in_local_time(text, record.timestamp)
        if self._is_pretty:
            document: Any = orjson.loads(text)
            text = orjson.dumps(document, option=orjson.OPT_INDENT_2)
        if self._escapes:
            text = escape_html(text)
        return text + b"\n"


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

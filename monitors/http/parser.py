"""From the bytes of a connection to the head and the body of one response.

Owns how responses are parsed and how broken ones are named. No I/O: bytes are fed in,
whoever feeds them knows where they come from. Must not know what a body is read for.

The parser is aiohttp's: in C where its extension was built, in Python elsewhere.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, cast

from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpProcessingError, HttpResponseParser

from heartbeat.errors import CheckFailed
from heartbeat.monitors.http.body import TRUNCATED
from heartbeat.monitors.http.response import Head
from heartbeat.monitors.http.text import quoted

if TYPE_CHECKING:
    from aiohttp.http import RawResponseMessage
    from aiohttp.streams import StreamReader

HEAD_LIMIT = 1 << 20
LINE_LIMIT = 64 << 10
HEADER_LIMIT = 1000
SWITCHING_PROTOCOLS = 101
FIRST_FINAL_STATUS = 200
_BUFFER = 1 << 30  # nothing is ever held back: every read is taken out before the next
_STATUS_DIGITS = 3

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_LINE_END = re.compile(r"\r?\n")
_VERSION = re.compile(r"HTTP/\d+\.\d+")
_FIELD_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


class _NoFlowControl(BaseProtocol):
    """Stands where the parser's payload expects a protocol to hold back."""

    def pause_reading(self) -> None:
        """Do nothing: the connection reads only when it is asked."""

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT001, FBT002
        """Do nothing, as above."""


_NO_FLOW_CONTROL = _NoFlowControl(cast("asyncio.AbstractEventLoop", None))


class ResponseParser:
    """Parses the response to one request.

    Interim responses (1xx) are skipped; 101 is final, for nothing else follows it.
    """

    __slots__ = ("_fault", "_has_body", "_parser", "_payload", "_seen", "head")

    def __init__(self, *, has_body: bool) -> None:
        """Expect a response, without a body to a HEAD request."""
        self._has_body = has_body
        self._parser = _new_parser(has_body=has_body)
        self._payload: StreamReader | None = None
        self._seen = b""
        self._fault: CheckFailed | None = None
        self.head: Head | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the response has been received to its end."""
        return self._payload is not None and self._payload.is_eof()

    def feed(self, data: bytes) -> None:
        """Take the next bytes; raises `CheckFailed` if they are no head of a response.

        A fault of the body is kept for `take`: the head is good.
        """
        if self.head is not None:
            self._feed_body(data)
            return
        self._seen += data
        try:
            self._find_head(self._parser.feed_data(data)[0])
        except HttpProcessingError as error:
            self._feed_apart(error)
        if self.head is None and len(self._seen) > HEAD_LIMIT:
            raise CheckFailed.io(_too_large())

    def feed_end(self) -> None:
        """Take note that no more bytes come; raises `CheckFailed` if some are due."""
        if self.head is None:
            raise CheckFailed.io("unexpected EOF" if self._seen else "EOF")
        try:
            self._parser.feed_eof()
        except HttpProcessingError as error:
            raise CheckFailed.io(TRUNCATED) from error

    def take(self) -> bytes:
        """Return the bytes of the body that came since the last call.

        Raises `CheckFailed` once something was wrong with it.
        """
        if self._fault is not None:
            raise self._fault
        return b"" if self._payload is None else self._payload.read_nowait(-1)

    def _find_head(self, messages: Any) -> None:
        for message, payload in cast(
            "list[tuple[RawResponseMessage, StreamReader]]", messages
        ):
            code = message.code
            if code >= FIRST_FINAL_STATUS or code == SWITCHING_PROTOCOLS:
                is_http_1_1 = message.version == (1, 1)
                self.head = Head(code, message.raw_headers, is_http_1_1)
                self._payload = payload
                self._seen = b""
                return

    def _feed_apart(self, cause: HttpProcessingError) -> None:
        """Feed everything again, head by head.

        The parser forgets the head when what follows it in the same bytes is broken:
        a bad chunk, or more than was announced.
        """
        seen, start = self._seen, 0
        self._parser = _new_parser(has_body=self._has_body)
        for blank in _BLANK_LINE.finditer(seen):
            try:
                self._find_head(self._parser.feed_data(seen[start : blank.end()])[0])
            except HttpProcessingError:
                break
            start = blank.end()
            if self.head is not None:
                self._feed_body(seen[start:])
                return
        raise CheckFailed.io(diagnosis(seen)) from cause

    def _feed_body(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpProcessingError as error:
            # Bytes behind a complete response are not ours to judge.
            if not self.is_complete:
                self._fault = CheckFailed.io("malformed chunked encoding")
                self._fault.__cause__ = error


def _new_parser(*, has_body: bool) -> HttpResponseParser:
    return HttpResponseParser(
        _NO_FLOW_CONTROL,
        asyncio.get_running_loop(),
        _BUFFER,
        max_line_size=LINE_LIMIT,
        max_headers=HEADER_LIMIT,
        max_field_size=LINE_LIMIT,
        response_with_body=has_body,
        read_until_eof=True,
        auto_decompress=False,
    )


def diagnosis(seen: bytes) -> str:
    """Return what is wrong with the head of a response, in the reference's words."""
    lines = _LINE_END.split(seen.decode("utf-8", "replace"))
    return (
        _status_line_fault(lines[0])
        or _header_fault(lines[1:])
        or _excess(lines)
        or _malformed("response", lines[0])
    )


def _status_line_fault(line: str) -> str | None:
    version, space, rest = line.strip().partition(" ")
    if not space:
        return _malformed("response", line)
    status = rest.lstrip().partition(" ")[0]
    if len(status) != _STATUS_DIGITS or not status.isdigit():
        return _malformed("status code", status)
    if not _VERSION.fullmatch(version):
        return _malformed("version", version)
    return None


def _header_fault(lines: list[str]) -> str | None:
    for line in lines:
        name, colon, value = line.partition(":")
        if not line:
            return None
        if not colon:
            return f"malformed MIME header: missing colon: {quoted(line)}"
        if not _FIELD_NAME.fullmatch(name):
            return f"malformed MIME header line: {line}"
        if name.lower() == "content-length" and not value.strip().isdigit():
            return f"bad Content-Length {quoted(value.strip())}"
    return None


def _excess(lines: list[str]) -> str | None:
    """Return which limit a head of good lines is beyond, if it is."""
    head = lines[: lines.index("")] if "" in lines else lines
    if any(len(line) > LINE_LIMIT for line in head):
        return f"net/http: server response header line exceeded {LINE_LIMIT} bytes"
    if len(head) > HEADER_LIMIT:
        return f"net/http: server response had more than {HEADER_LIMIT} headers"
    return None


def _malformed(what: str, text: str) -> str:
    return f"malformed HTTP {what} {quoted(text)}"


def _too_large() -> str:
    return f"net/http: server response headers exceeded {HEAD_LIMIT} bytes; aborted"

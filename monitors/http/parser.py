"""From the bytes of a connection to the head and the body of one response.

Owns how responses are parsed. No I/O: bytes are fed in, whoever feeds them knows where
they come from. Must not know what a body is read for or how a broken head is named.

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
from heartbeat.monitors.http.diagnosis import (
    HEAD_LIMIT,
    HEADER_LIMIT,
    INTERIM_LIMIT,
    LINE_LIMIT,
    TOO_LARGE,
    TOO_MANY_INTERIM,
    diagnosis,
)
from heartbeat.monitors.http.response import Head

if TYPE_CHECKING:
    from aiohttp.http import RawResponseMessage
    from aiohttp.streams import StreamReader

SWITCHING_PROTOCOLS = 101
FIRST_FINAL_STATUS = 200

PIECE = 4 << 10
"""So much is parsed at a time until the head is there: a read may be much more, and all
of it beyond a limit."""

MALFORMED_CHUNKS = "malformed chunked encoding"

_BUFFER = 1 << 30  # nothing is ever held back: every read is taken out before the next

_BLANK_LINE = re.compile(rb"\n\r?\n")


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

    __slots__ = (
        "_has_body",
        "_interim",
        "_is_broken",
        "_parser",
        "_payload",
        "_seen",
        "_size",
        "head",
    )

    def __init__(self, *, has_body: bool) -> None:
        """Expect a response, without a body to a HEAD request."""
        self._has_body = has_body
        self._parser = _new_parser(has_body=has_body)
        self._payload: StreamReader | None = None
        self._seen: list[bytes] = []
        self._size = 0
        self._interim = 0
        self._is_broken = False
        self.head: Head | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the response has been received to its end."""
        return self._payload is not None and self._payload.is_eof()

    def feed(self, data: bytes) -> None:
        """Take the next bytes; raises `CheckFailed` if they are no head of a response.

        A fault of the body is kept for `raise_fault`: the head is good.
        """
        start = 0
        while self.head is None and start < len(data):
            self._feed_head(data[start : start + PIECE])
            start += PIECE
        if start < len(data):
            self._feed_body(data[start:])

    def feed_end(self) -> None:
        """Take note that no more bytes come; raises `CheckFailed` if some are due."""
        if self.head is None:
            raise CheckFailed.io("unexpected EOF" if self._size else "EOF")
        try:
            self._parser.feed_eof()
        except HttpProcessingError as error:
            raise CheckFailed.io(TRUNCATED) from error

    def take(self) -> bytes:
        """Return the bytes of the body that came since the last call."""
        if self._payload is None:
            return b""
        try:
            return self._payload.read_nowait(-1)
        except HttpProcessingError:
            # The parser in Python gives up what came before a fault.
            self._is_broken = True
            return b""

    def raise_fault(self) -> None:
        """Raise `CheckFailed` if something was wrong with the body: no more comes."""
        if self._is_broken:
            raise CheckFailed.io(MALFORMED_CHUNKS)

    def _feed_head(self, piece: bytes) -> None:
        self._seen.append(piece)
        self._size += len(piece)
        try:
            self._find_head(self._parser.feed_data(piece)[0])
        except HttpProcessingError as error:
            self._feed_apart(error)
        if self.head is None and self._size > HEAD_LIMIT:
            raise CheckFailed.io(TOO_LARGE)

    def _find_head(self, messages: Any) -> None:
        for message, payload in cast(
            "list[tuple[RawResponseMessage, StreamReader]]", messages
        ):
            code = message.code
            if code >= FIRST_FINAL_STATUS or code == SWITCHING_PROTOCOLS:
                is_http_1_1 = message.version == (1, 1)
                self.head = Head(code, message.raw_headers, is_http_1_1)
                self._payload = payload
                self._seen.clear()
                return
            self._interim += 1
            if self._interim > INTERIM_LIMIT:
                raise CheckFailed.io(TOO_MANY_INTERIM)

    def _feed_apart(self, cause: HttpProcessingError) -> None:
        """Feed everything again, head by head.

        The parser forgets the head when what follows it in the same bytes is broken:
        a bad chunk, or more than was announced.
        """
        seen, start = b"".join(self._seen), 0
        self._parser = _new_parser(has_body=self._has_body)
        self._interim = 0
        for blank in _BLANK_LINE.finditer(seen):
            try:
                self._find_head(self._parser.feed_data(seen[start : blank.end()])[0])
            except HttpProcessingError:
                break
            start = blank.end()
            if self.head is not None:
                self._feed_body(seen[start:])
                return
        raise CheckFailed.io(diagnosis(seen[start:])) from cause

    def _feed_body(self, data: bytes) -> None:
        # Bytes behind a complete response are not ours to judge.
        if self._is_broken or self.is_complete:
            return
        try:
            self._parser.feed_data(data)
        except HttpProcessingError:
            self._is_broken = not self.is_complete


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

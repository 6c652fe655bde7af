"""One request and its response on a connection.

Owns the order of the phases, the moment each ended and the words for what goes wrong in
between. Must not know how the connection came about or what the response must be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.errors import CheckFailed
from heartbeat.monitors.http.body import (
    BODY_LIMIT,
    GZIP_MAGIC,
    INFLATED_LIMIT,
    PIECE,
    BodySink,
    Gunzip,
)
from heartbeat.monitors.http.encodings import INFLATERS
from heartbeat.monitors.http.parser import ResponseParser
from heartbeat.monitors.http.request import Gzip
from heartbeat.net import read_text
from heartbeat.net.wording import is_deadline

if TYPE_CHECKING:
    from heartbeat.clock import Clock, Deadline
    from heartbeat.monitors.http.encodings import Inflater
    from heartbeat.monitors.http.request import Request
    from heartbeat.monitors.http.response import Body, Head
    from heartbeat.net import Connection

UNWRITTEN = "http: request timed out before writing finished"


class Moments:
    """When the phases of a visit began or ended, in monotonic seconds.

    `called` is before connecting, `begun` before sending, `written` after it,
    `answered` when the head of the response was there, None if it never was, `ended`
    after the verdict.
    """

    __slots__ = ("answered", "begun", "called", "ended", "written")

    def __init__(self, called: float) -> None:
        """Begin, before the connection is made."""
        self.called = self.begun = self.written = self.ended = called
        self.answered: float | None = None


class Exchange:
    """Sends a request and reads the response: first `head`, then `body`."""

    __slots__ = (
        "_clock",
        "_connection",
        "_deadline",
        "_first",
        "_inflater",
        "_parser",
        "_sink",
    )

    def __init__(
        self, connection: Connection, deadline: Deadline, clock: Clock
    ) -> None:
        """Use an open connection; whoever opened it closes it."""
        self._connection = connection
        self._deadline = deadline
        self._clock = clock
        self._inflater: Inflater | None = None
        self._first = b""

    async def head(self, request: Request, moments: Moments) -> Head:
        """Send the request and return the head of the final response.

        A body compressed without being asked for must begin like one, too: as in the
        reference, what does not is no response at all. Raises `CheckFailed`.
        """
        self._parser = parser = ResponseParser(has_body=request.method != "HEAD")
        await self._send(request, moments)
        try:
            while parser.head is None:
                await self._more()
            moments.answered = self._deadline.now()
            return await self._unwrapped(parser.head, request)
        except OSError as error:
            if is_deadline(error):
                text = "http: request timed out while waiting for response"
            else:
                text = read_text(error, self._connection)
            raise CheckFailed.io(text) from error

    def received(self) -> Body:
        """Return what came of the body so far, once `body` was called."""
        return self._sink.body()

    async def body(self, keep: int) -> Body:
        """Read the body to its end, `keep` bytes of it as the sample.

        Raises `CheckFailed`.
        """
        parser, inflater = self._parser, self._inflater
        limit = BODY_LIMIT if inflater is None else INFLATED_LIMIT
        self._sink = sink = BodySink(keep, limit)
        data = self._first
        try:
            while True:
                data += parser.take()
                if inflater is None:
                    sink.add(data)
                else:
                    await self._inflate(inflater, data, sink)
                if parser.is_complete:
                    break
                data = b""
                await self._more()
        except OSError as error:
            raise CheckFailed.io(read_text(error, self._connection)) from error
        if inflater is not None:
            inflater.finish()
        return sink.body()

    async def _send(self, request: Request, moments: Moments) -> None:
        connection = self._connection
        moments.begun = self._deadline.now()
        connection.write(request.data)
        try:
            await connection.drain(self._deadline)
        except OSError as error:
            if is_deadline(error):
                text = UNWRITTEN
            else:
                text = read_text(error, connection, "write")
            raise CheckFailed.io(text) from error
        moments.written = self._deadline.now()

    async def _more(self) -> None:
        self._parser.raise_fault()
        data = await self._connection.read(self._deadline)
        if data:
            self._parser.feed(data)
        else:
            self._parser.feed_end()

    async def _unwrapped(self, head: Head, request: Request) -> Head:
        """Prepare to decompress the body, if it is to be; return the head to report."""
        encoding = head.header("Content-Encoding")
        if request.gzip is Gzip.ALWAYS:
            if encoding == "gzip":
                await self._begin_gzip()
        elif request.gzip is Gzip.ASKED and encoding.lower() == "gzip":
            self._inflater = Gunzip()
            return head.without("Content-Encoding", "Content-Length")
        if request.gzip is not Gzip.NEVER and encoding in INFLATERS:
            self._inflater = INFLATERS[encoding]()
        return head

    async def _begin_gzip(self) -> None:
        """Wait for the magic number; a body that is empty has none and needs none."""
        parser = self._parser
        first = parser.take()
        while len(first) < len(GZIP_MAGIC) and not parser.is_complete:
            await self._more()
            first += parser.take()
        if not GZIP_MAGIC.startswith(first[: len(GZIP_MAGIC)]):
            raise CheckFailed.io("gzip: invalid header")
        if first:
            self._first, self._inflater = first, Gunzip()

    async def _inflate(self, inflater: Inflater, data: bytes, sink: BodySink) -> None:
        for piece in inflater.inflate(data):
            sink.add(piece)
            if len(piece) >= PIECE:
                # Little input may become very much: let others and the deadline in.
                await self._clock.sleep_until(0.0)
                if self._deadline.expired:
                    raise TimeoutError

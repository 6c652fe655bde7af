"""The exchange on a connection that fails where a real one hardly ever does."""

from __future__ import annotations

import errno
import gzip
from typing import TYPE_CHECKING

import pytest

from heartbeat.clock import Deadline
from heartbeat.errors import CheckFailed
from heartbeat.monitors.http.body import PIECE
from heartbeat.monitors.http.exchange import Exchange, Moments
from heartbeat.monitors.http.request import Request
from tests.support.web import answer

if TYPE_CHECKING:
    from tests.support.clock import FakeClock

REQUEST = Request("GET", 'Get "http://h/": ', b"GET / HTTP/1.1\r\n\r\n")


class ScriptedConnection:
    """Gives out pieces, then the end; every step takes a quarter of a second."""

    local = "10.0.0.1:40000"
    peer = "10.0.0.2:80"

    def __init__(
        self, *pieces: bytes, clock: FakeClock, drain_error: OSError | None = None
    ) -> None:
        """Fail to drain if an error is given."""
        self.pieces = list(pieces)
        self.clock = clock
        self.drain_error = drain_error
        self.written = b""

    async def read(self, deadline: Deadline) -> bytes:
        """Return the next piece, nothing at the end."""
        del deadline
        self.clock.jump(0.25)
        return self.pieces.pop(0) if self.pieces else b""

    def write(self, data: bytes) -> None:
        """Keep what is written."""
        self.written += data

    async def drain(self, deadline: Deadline) -> None:
        """Fail if told to."""
        del deadline
        self.clock.jump(0.25)
        if self.drain_error is not None:
            raise self.drain_error

    def close(self) -> None:
        """Do nothing: whoever opened it does."""


async def test_moments(clock: FakeClock) -> None:
    """Every phase is stamped when it is over."""
    whole = answer(b"hello")
    connection = ScriptedConnection(whole[:5], whole[5:-2], whole[-2:], clock=clock)
    exchange = Exchange(connection, Deadline(clock, 5), clock)
    moments = Moments(clock.monotonic())

    await exchange.head(REQUEST, moments)
    body = await exchange.body(2)

    assert connection.written == REQUEST.data
    assert (moments.called, moments.begun, moments.written, moments.answered) == (
        1000.0,
        1000.0,
        1000.25,
        1000.75,
    )
    assert (body.size, body.sample, clock.monotonic()) == (5, b"he", 1001.0)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), "broken pipe"),
        (TimeoutError(errno.ETIMEDOUT, "Timed out"), "connection timed out"),
    ],
)
async def test_request_that_breaks_off(
    clock: FakeClock, error: OSError, text: str
) -> None:
    """A connection that fails while the request is written is named by its ends.

    The system gives up on a peer, too: that is no deadline of the check.
    """
    connection = ScriptedConnection(clock=clock, drain_error=error)
    exchange = Exchange(connection, Deadline(clock, 5), clock)

    with pytest.raises(CheckFailed) as caught:
        await exchange.head(REQUEST, Moments(0.0))

    ends = "10.0.0.1:40000->10.0.0.2:80"
    assert str(caught.value) == f"write tcp {ends}: write: {text}"


async def test_beginning_of_gzip_in_drops(clock: FakeClock) -> None:
    """The magic number of a compressed body may come byte by byte."""
    packed = gzip.compress(b"text")
    whole = answer(packed, "Content-Encoding: gzip")
    head = len(whole) - len(packed)
    pieces = (whole[:head], *(bytes([byte]) for byte in packed))
    connection = ScriptedConnection(*pieces, clock=clock)
    exchange = Exchange(connection, Deadline(clock, 5), clock)

    await exchange.head(REQUEST, Moments(0.0))

    assert (await exchange.body(10)).sample == b"text"


async def test_decompression_lets_the_deadline_in(clock: FakeClock) -> None:
    """However long little input is decompressed, the check ends in time."""
    packed = gzip.compress(bytes(2 * PIECE))
    whole = answer(packed, "Content-Encoding: gzip")
    connection = ScriptedConnection(whole, clock=clock)
    deadline = Deadline(clock, 0.25)
    deadline.start()
    exchange = Exchange(connection, deadline, clock)
    await exchange.head(REQUEST, Moments(0.0))
    await clock.advance(0.25)

    with pytest.raises(CheckFailed) as caught:
        await exchange.body(10)

    ends = "10.0.0.1:40000->10.0.0.2:80"
    assert str(caught.value) == f"read tcp {ends}: i/o timeout"

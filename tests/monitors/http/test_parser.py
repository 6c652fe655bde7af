"""The parser: from bytes, cut anywhere, to head and body or a named fault."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import aiohttp.http_parser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heartbeat.errors import CheckFailed
from heartbeat.monitors.http import parser as module
from heartbeat.monitors.http.diagnosis import (
    HEAD_LIMIT,
    HEADER_LIMIT,
    INTERIM_LIMIT,
    LINE_LIMIT,
)
from heartbeat.monitors.http.parser import PIECE, ResponseParser
from tests.support.web import answer, chunked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from heartbeat.monitors.http.response import Head

IMPLEMENTATIONS = {
    "c": aiohttp.http_parser.HttpResponseParser,
    "python": aiohttp.http_parser.HttpResponseParserPy,
}


@pytest.fixture(params=IMPLEMENTATIONS, autouse=True)
def _implementation(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run every test with aiohttp's parser in C and with that in Python."""
    chosen: Any = IMPLEMENTATIONS[request.param]
    monkeypatch.setattr(module, "HttpResponseParser", chosen)


def test_parser_is_in_c() -> None:
    """Where aiohttp has its extension, it is used."""
    assert IMPLEMENTATIONS["c"].__module__ == "aiohttp._http_parser"


async def parsed(
    *pieces: bytes, has_body: bool = True, ends: bool = False
) -> tuple[Head | None, bytes, bool]:
    """Return head, body and whether the response is complete."""
    parser = ResponseParser(has_body=has_body)
    body = b""
    for piece in pieces:
        parser.feed(piece)
        body += parser.take()
        if parser.is_complete:
            break
        parser.raise_fault()
    if ends and not parser.is_complete:
        parser.feed_end()
        body += parser.take()
    return parser.head, body, parser.is_complete


async def fault(*pieces: bytes, ends: bool = False) -> str:
    """Return what is said to be wrong with a response."""
    with pytest.raises(CheckFailed) as caught:
        await parsed(*pieces, ends=ends)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (answer(b"hello"), b"hello"),
        (answer(), b""),
        (chunked(b"one ", b"two"), b"one two"),
        (chunked(), b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", b""),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", b"ok"),
    ],
)
async def test_whole_response(data: bytes, expected: bytes) -> None:
    """A response says itself where it ends."""
    _, body, is_complete = await parsed(data)

    assert (expected, True) == (body, is_complete)


async def test_head() -> None:
    """Status and headers come as they were sent."""
    head, _, _ = await parsed(answer(b"", "x-A:  1 ", status="299 Very Own"))

    assert head is not None
    assert (head.status, head.is_http_1_1) == (299, True)
    assert head.headers == ((b"x-A", b"1"), (b"Content-Length", b"0"))


async def test_old_version() -> None:
    """HTTP/1.0 is told from HTTP/1.1; without a length the end ends the body."""
    head, body, is_complete = await parsed(b"HTTP/1.0 200 OK\r\n\r\nuntil", ends=True)

    assert head is not None
    assert (head.is_http_1_1, body, is_complete) == (False, b"until", True)


@pytest.mark.parametrize("interim", ["100 Continue", "103 Early Hints"])
async def test_interim_responses_are_skipped(interim: str) -> None:
    """An interim response is not the result."""
    data = f"HTTP/1.1 {interim}\r\nLink: x\r\n\r\n".encode() * 2 + answer(b"final")

    head, body, _ = await parsed(data)

    assert head is not None
    assert (head.status, body) == (200, b"final")


async def test_switching_protocols_is_final() -> None:
    """Nothing that is HTTP follows a 101."""
    data = (
        b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
    )

    head, _, is_complete = await parsed(data + b"\x81\x00")

    assert head is not None
    assert (head.status, is_complete) == (101, True)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (answer(b"hello") + b"more than announced", b"hello"),
        (answer(b"hello") * 2, b"hello"),
        (answer(b"hello", "Connection: close") + b"x", b"hello"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + answer(b"hello") + b"x", b"hello"),
        (b"HTTP/1.1 204 No Content\r\n\r\nbody nevertheless", b""),
        (chunked(b"hello") + b"x", b"hello"),
    ],
)
async def test_bytes_behind_the_response(data: bytes, expected: bytes) -> None:
    """What follows a complete response does not spoil it."""
    _, body, is_complete = await parsed(data)

    assert (expected, True) == (body, is_complete)


async def test_bytes_behind_a_split_response() -> None:
    """The same in a later piece than the head."""
    data = answer(b"hello") + b"more"

    _, body, is_complete = await parsed(data[:-6], data[-6:])

    assert (body, is_complete) == (b"hello", True)


async def test_body_of_head_is_not_waited_for() -> None:
    """The answer to HEAD announces a body that does not come."""
    _, body, is_complete = await parsed(answer(length=14), has_body=False)

    assert (body, is_complete) == (b"", True)


async def test_body_of_head_is_ignored() -> None:
    """The answer to HEAD may wrongly come with a body."""
    _, body, is_complete = await parsed(answer(b"hello"), has_body=False)

    assert (body, is_complete) == (b"", True)


async def test_body_fault_leaves_the_head(request: pytest.FixtureRequest) -> None:
    """A broken body does not make its head unknown, nor what came of it uncounted."""
    parser = ResponseParser(has_body=True)
    parser.feed(chunked(b"hello ").removesuffix(b"0\r\n\r\n") + b"zz\r\n")

    is_in_c = request.node.callspec.params["_implementation"] == "c"
    assert parser.head is not None
    assert (b"hello " if is_in_c else b"") == parser.take()
    with pytest.raises(CheckFailed, match="malformed chunked encoding"):
        parser.raise_fault()


async def test_nothing_comes_after_a_body_fault() -> None:
    """Once a body is broken, what follows is no part of it."""
    parser = ResponseParser(has_body=True)
    parser.feed(chunked().removesuffix(b"0\r\n\r\n") + b"zz\r\n")
    parser.feed(chunked(b"hello"))

    assert parser.take() == b""
    with pytest.raises(CheckFailed, match="malformed chunked encoding"):
        parser.raise_fault()


async def test_body_fault_later() -> None:
    """The same in a later piece than the head."""
    whole = chunked(b"hello ").removesuffix(b"0\r\n\r\n")

    assert await fault(whole, b"zz\r\n") == "malformed chunked encoding"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "EOF"),
        (b"HTTP/1.1 200 OK\r\nConten", "unexpected EOF"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "unexpected EOF"),
        (answer(b"short", length=9), "connection closed unexpectedly: unexpected EOF"),
        (chunked(b"x")[:-5], "connection closed unexpectedly: unexpected EOF"),
    ],
)
async def test_early_end(data: bytes, message: str) -> None:
    """A connection that ends too early is told from one that never spoke."""
    assert message == await fault(*([data] if data else []), ends=True)


async def test_malformed_head() -> None:
    """What is no HTTP is named."""
    assert await fault(b"garbage\r\n\r\n") == 'malformed HTTP response "garbage"'


async def test_malformed_head_after_a_good_one() -> None:
    """An interim response is not blamed for what follows it."""
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"

    assert await fault(interim + b"garbage\r\n\r\n") == (
        'malformed HTTP response "garbage"'
    )


async def test_endless_line() -> None:
    """A header line has a limit."""
    data = b"HTTP/1.1 200 OK\r\nX: " + b"x" * (LINE_LIMIT + 10) + b"\r\n\r\n"

    expected = "net/http: server response header line exceeded 65536 bytes"
    assert expected == await fault(data)
    assert expected == await fault(data.removesuffix(b"\r\n\r\n"))


async def test_endless_head() -> None:
    """A head of very many lines has one, too."""
    line = b"X-A: " + b"x" * 32_000 + b"\r\n"
    pieces = [b"HTTP/1.1 200 OK\r\n"] + [line] * (HEAD_LIMIT // len(line) + 1)

    assert "exceeded 1048576 bytes" in await fault(*pieces)


async def test_many_headers() -> None:
    """The number of headers has one as well."""
    data = b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 1001 + b"\r\nbody"

    assert await fault(data) == "net/http: server response had more than 1000 headers"


async def test_endless_headers() -> None:
    """The limit is named, not the line that the bytes so far end in."""
    endless = b"".join(b"X-%d: v\r\n" % number for number in range(2 * HEADER_LIMIT))

    assert await fault(b"HTTP/1.1 200 OK\r\n" + endless[:-6]) == (
        "net/http: server response had more than 1000 headers"
    )


INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"


async def test_some_interim_responses() -> None:
    """As many interim responses as the limit are waited through."""
    _, body, _ = await parsed(INTERIM * INTERIM_LIMIT + answer(b"final"))

    assert body == b"final"


@pytest.mark.parametrize(
    "pieces",
    [
        [INTERIM * (INTERIM_LIMIT + 1)],
        [INTERIM] * (INTERIM_LIMIT + 1),
        [INTERIM * (INTERIM_LIMIT + 1) + b"garbage\r\n\r\n"],
    ],
)
async def test_many_interim_responses(pieces: list[bytes]) -> None:
    """More of them are refused, however they come and whatever follows."""
    assert await fault(*pieces) == "net/http: too many 1xx informational responses"


async def test_large_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is read at once, the head is parsed a piece at a time."""
    fed: list[int] = []
    implementation: Any = vars(module)["HttpResponseParser"]

    class Counting:
        def __init__(self, *args: object, **options: object) -> None:
            self.parser = implementation(*args, **options)

        def feed_data(self, data: bytes) -> object:
            fed.append(len(data))
            return self.parser.feed_data(data)

    monkeypatch.setattr(module, "HttpResponseParser", Counting)
    body = b"x" * 3 * PIECE
    whole = answer(body, "X-A: " + "a" * PIECE)

    assert (await parsed(whole))[1] == body
    assert [PIECE, PIECE, len(whole) - 2 * PIECE] == fed


async def test_head_found_apart_in_a_large_read() -> None:
    """What follows a head that had to be fed again is fed once."""
    body = b"x" * 2 * PIECE
    interim = b"HTTP/1.1 204 No Content\r\n\r\n"

    head, rest, is_complete = await parsed(interim + body)

    assert head is not None
    assert (head.status, rest, is_complete) == (204, b"", True)


def cuts(data: bytes, places: list[int]) -> Iterator[bytes]:
    """Yield the pieces between the places."""
    bounds = sorted({0, len(data), *(place % len(data) for place in places)})
    return (data[a:b] for a, b in pairwise(bounds))


RESPONSES = {
    answer(b"hello, world", "X-A: 1"): b"hello, world",
    chunked(b"hello, ", b"world"): b"hello, world",
    b"HTTP/1.1 103 Early\r\nA: b\r\n\r\n" + answer(b"hello, world"): b"hello, world",
    answer(b"hello, world") + b" and more": b"hello, world",
}


@pytest.mark.parametrize("data", RESPONSES)
@given(places=st.lists(st.integers(0, 200), max_size=6))
@settings(max_examples=40)
def test_cut_anywhere(data: bytes, places: list[int]) -> None:
    """However the bytes are cut, the response is the same."""
    head, body, is_complete = asyncio.run(parsed(*cuts(data, places)))

    assert head is not None
    assert (head.status, body, is_complete) == (200, RESPONSES[data], True)


@given(
    st.sampled_from([b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\n", chunked(b"a")[:-5]]),
    st.lists(st.binary(max_size=40), max_size=4),
)
@settings(max_examples=80)
def test_any_bytes(start: bytes, pieces: list[bytes]) -> None:
    """Whatever a server sends, there is a response or a named fault."""
    with suppress(CheckFailed):
        asyncio.run(parsed(start, *pieces, ends=True))

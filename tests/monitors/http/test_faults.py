"""The HTTP check against servers that fail: what documents say of it."""

from __future__ import annotations

import asyncio
import gzip
import socket
from typing import TYPE_CHECKING

import pytest

from heartbeat.errors import CheckError, ErrorCode, ErrorType
from heartbeat.monitors.http.body import INFLATED_LIMIT, PIECE
from tests.support.certificates import good, other_root, server_context
from tests.support.servers import refused_port, say_and_go, serve
from tests.support.visit import Visit
from tests.support.web import Act, answer, chunked, serving

if TYPE_CHECKING:
    from tests.support.visit import Visitor

HELLO = answer(b"hello, world!\n")
ALL_PHASES = {"write_request", "response_header", "content", "validate", "total"}


FAULTS: list[tuple[tuple[bytes | Act, ...], str]] = [
    ((), "EOF"),
    ((b"HTTP/1.1 200 OK\r\nConten",), "unexpected EOF"),
    ((b"this is not http\r\n\r\n",), 'malformed HTTP status code "is"'),
]


@pytest.mark.parametrize(("script", "message"), FAULTS)
async def test_no_response(
    visitor: Visitor, script: tuple[bytes | Act, ...], message: str
) -> None:
    """Without a response there is a reason, and how long it took."""
    visit = await visitor.visit(*script)

    assert visit.error is not None
    assert (visit.error.type, visit.error.code) == (ErrorType.IO, None)
    assert visit.message == f'Get "http://127.0.0.1:PORT/": {message}'
    assert visit.fields["http"] == {"rtt": {"validate": {"us": 0}}}


async def test_reset_before_the_response(visitor: Visitor) -> None:
    """A connection that is reset says so."""
    visit = await visitor.visit(Act.RESET)

    assert visit.message.startswith('Get "http://127.0.0.1:PORT/": read tcp 127.0.0.1:')
    assert visit.message.endswith("->127.0.0.1:PORT: read: connection reset by peer")


async def test_short_body(visitor: Visitor) -> None:
    """Of a body that ends too early nothing is told, only the head."""
    visit = await visitor.visit(answer(b"short", length=500))

    assert visit.message == (
        "failed reading HTTP response body: "
        "connection closed unexpectedly: unexpected EOF"
    )
    assert visit.response["status_code"] == 200
    assert visit.response["body"] == {}
    assert "mime_type" not in visit.response
    assert visit.rtt == ALL_PHASES


async def test_broken_body(visitor: Visitor) -> None:
    """Of a body that breaks off otherwise, what came is told."""
    broken = chunked(b"hello ").removesuffix(b"0\r\n\r\n") + b"zz\r\n"

    visit = await visitor.visit(broken)

    assert visit.message == (
        "failed reading HTTP response body: malformed chunked encoding"
    )
    assert visit.response["status_code"] == 200
    assert visit.response["body"]["bytes"] == len(b"hello ")
    assert visit.rtt == ALL_PHASES


async def test_reset_within_the_body(visitor: Visitor) -> None:
    """A reset within the body is not taken for its end."""
    visit = await visitor.visit(answer(b"part", length=100), Act.RESET)

    assert visit.message.startswith("failed reading HTTP response body: read tcp ")
    assert visit.message.endswith("read: connection reset by peer")


async def test_silent_server(visitor: Visitor) -> None:
    """A server that does not answer is waited for until the deadline."""
    visit = await visitor.wait_out(Act.PAUSE)

    assert visit.message == (
        'Get "http://127.0.0.1:PORT/": '
        "http: request timed out while waiting for response"
    )
    assert visit.fields["http"] == {"rtt": {"validate": {"us": 5_000_000}}}


async def test_stalled_body(visitor: Visitor) -> None:
    """The deadline covers the body, too."""
    visit = await visitor.wait_out(answer(b"begin", length=10), Act.PAUSE)

    assert visit.message.startswith("failed reading HTTP response body: read tcp ")
    assert visit.message.endswith(": i/o timeout")
    assert visit.response["body"]["content"] == "begin"


async def test_request_nobody_reads(visitor: Visitor) -> None:
    """A request that cannot be written ends at the deadline."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        (check,) = visitor.build(
            urls=[f"http://127.0.0.1:{server.getsockname()[1]}/"],
            timeout=5,
            check={"request": {"body": "x" * 20_000_000}},
        )
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(visitor.run(check))
            await visitor.clock.advance(5)
        (result,) = await running

    assert result.error is not None
    assert result.error.message.endswith("request timed out before writing finished")


async def test_no_time(visitor: Visitor) -> None:
    """A timeout of 0 ends every check once it is connected."""
    visit = await visitor.visit(HELLO, timeout=0)

    assert visit.message == (
        'Get "http://127.0.0.1:PORT/": http: request timed out before writing finished'
    )
    assert {"tcp", "http"} == visit.fields.keys()


async def test_refused(visitor: Visitor) -> None:
    """A refused connection is coded and has no facts of HTTP."""
    ends = f"127.0.0.1:{refused_port()}"
    (check,) = visitor.build(urls=[f"http://{ends}/"])

    (result,) = await visitor.run(check)

    assert result.error == CheckError(
        ErrorType.IO,
        f"Could not connect to '{ends}' with error: "
        f"dial tcp {ends}: connect: connection refused",
        ErrorCode.NET_COULD_NOT_CONNECT,
    )
    assert (result.ip, list(result.facts)) == ("127.0.0.1", [])


async def test_unsupported_scheme(visitor: Visitor) -> None:
    """A scheme that is not HTTP is found out when it is to be spoken."""
    (check,) = visitor.build(urls=["ftp://127.0.0.1:21/"])

    (result,) = await visitor.run(check)

    assert result.error == CheckError(
        ErrorType.IO, 'Get "ftp://127.0.0.1:21/": http: unsupported scheme ftp'
    )


async def test_unknown_host(visitor: Visitor) -> None:
    """A lookup that fails is reported as it is."""
    (check,) = visitor.build(urls=["http://no.such.host.invalid/"])

    (result,) = await visitor.run(check)

    assert result.error is not None
    assert result.error.message.startswith("lookup no.such.host.invalid")
    assert (result.ip, list(result.facts)) == (None, [])


async def test_no_gzip(visitor: Visitor) -> None:
    """What claims to be compressed and is not is no response."""
    visit = await visitor.visit(answer(b"plain text", "Content-Encoding: gzip"))

    assert visit.message == 'Get "http://127.0.0.1:PORT/": gzip: invalid header'
    assert "response" not in visit.fields["http"]
    assert ALL_PHASES - {"total"} == visit.rtt


async def test_cut_gzip(visitor: Visitor) -> None:
    """A compressed body that ends too early is a failed body."""
    packed = gzip.compress(b"text")[:-4]

    visit = await visitor.visit(answer(packed, "Content-Encoding: gzip"))

    assert visit.message == (
        "failed reading HTTP response body: "
        "connection closed unexpectedly: unexpected EOF"
    )


async def test_decompression_bomb(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small body that becomes a huge one ends the check."""
    limit = 2 * PIECE
    monkeypatch.setattr("heartbeat.monitors.http.exchange.INFLATED_LIMIT", limit)
    packed = gzip.compress(bytes(limit + 1))

    visit = await visitor.visit(answer(packed, "Content-Encoding: gzip"))

    assert limit < INFLATED_LIMIT
    assert visit.message == (
        f"failed reading HTTP response body: body is larger than {limit} bytes"
    )


async def test_untrusted_certificate(visitor: Visitor) -> None:
    """A failed handshake is a failure of the request, without facts of HTTP."""
    async with serving(HELLO, tls=server_context(good())) as web:
        (check,) = visitor.build(
            urls=[f"https://127.0.0.1:{web.port}/"],
            ssl={"certificate_authorities": [other_root().pem]},
        )
        visit = Visit((await visitor.run(check))[0], web)

    assert visit.message == (
        'Get "https://127.0.0.1:PORT/": x509: certificate signed by unknown authority'
    )
    assert "http" not in visit.fields


@pytest.mark.parametrize(
    ("greeting", "message"),
    [
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            "http: server gave HTTP response to HTTPS client",
        ),
        (
            b"220 mail.example ESMTP\r\n",
            "tls: first record does not look like a TLS handshake",
        ),
    ],
)
async def test_https_where_no_tls_is(
    visitor: Visitor, greeting: bytes, message: str
) -> None:
    """A peer that answers TLS with HTTP is told from one that speaks something else."""
    async with serve(say_and_go(greeting)) as port:
        (check,) = visitor.build(urls=[f"https://127.0.0.1:{port}/"])
        (result,) = await visitor.run(check)

    assert result.error == CheckError(
        ErrorType.IO, f'Get "https://127.0.0.1:{port}/": {message}'
    )

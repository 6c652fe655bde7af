"""The HTTP check against real sockets: what documents say of good and bad servers."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from typing import TYPE_CHECKING

import pytest

from heartbeat.errors import CheckError, ErrorCode, ErrorType
from heartbeat.monitors.http.expectation import JUDGED_AT_ONCE
from tests.support.certificates import good, root, server_context
from tests.support.visit import Visit
from tests.support.web import answer, chunked, serving

if TYPE_CHECKING:
    from tests.support.visit import Visitor

HELLO = answer(b"hello, world!\n", "Content-Type: text/plain")
ALL_PHASES = {"write_request", "response_header", "content", "validate", "total"}


async def test_up(visitor: Visitor) -> None:
    """A good answer is reported whole, without its content."""
    visit = await visitor.visit(HELLO)

    assert visit.error is None
    assert visit.result.ip == "127.0.0.1"
    assert visit.response == {
        "status_code": 200,
        "headers": {"Content-Type": "text/plain", "Content-Length": "14"},
        "body": {
            "bytes": 14,
            "hash": "4dca0fd5f424a31b03ab807cbae77eb32bf2d089eed1cee154b3afed458de0dc",
        },
        "mime_type": "text/plain; charset=utf-8",
    }
    assert visit.rtt == ALL_PHASES
    assert {"tcp", "http"} == visit.fields.keys()


async def test_down_by_status(visitor: Visitor) -> None:
    """A bad status is coded, and the content shown by default."""
    visit = await visitor.visit(answer(b"nothing here\n", status="404 Whatever"))

    assert visit.error == CheckError(
        ErrorType.IO,
        "Bad HTTP status Not Found encountered",
        ErrorCode.BAD_HTTP_STATUS,
    )
    assert visit.response["body"]["content"] == "nothing here\n"
    assert visit.rtt == ALL_PHASES


async def test_down_by_expectation(visitor: Visitor) -> None:
    """What the operator expects is checked after the body was read."""
    visit = await visitor.visit(HELLO, check={"response": {"body": "goodbye"}})

    assert visit.error == CheckError(
        ErrorType.VALIDATE, "only positive pattern mismatch"
    )


async def test_large_body_is_searched_whole(visitor: Visitor) -> None:
    """A pattern is found far behind what is reported of the body."""
    body = b"x" * JUDGED_AT_ONCE + b"needle"

    visit = await visitor.visit(
        answer(body),
        check={"response": {"body": "needle$"}},
        response={"include_body": "always", "include_body_max_bytes": 5},
    )

    assert visit.error is None
    assert visit.response["body"] == {
        "bytes": len(body),
        "hash": hashlib.sha256(body).hexdigest(),
        "content": "xxxxx",
    }


@pytest.mark.parametrize(
    ("policy", "status", "is_shown"),
    [
        ("Always", "200 OK", True),
        ("always", "500 No", True),
        ("on_error", "200 OK", False),
        ("on_error", "500 No", True),
        ("never", "200 OK", False),
        ("never", "500 No", False),
    ],
)
async def test_include_body(
    visitor: Visitor, policy: str, status: str, *, is_shown: bool
) -> None:
    """Content is shown as the operator wants it."""
    visit = await visitor.visit(
        answer(b"text", status=status), response={"include_body": policy}
    )

    assert is_shown == ("content" in visit.response["body"])


async def test_content_is_cut_by_bytes(visitor: Visitor) -> None:
    """Content may end within a character."""
    visit = await visitor.visit(
        answer("grüße".encode()),
        response={"include_body": "always", "include_body_max_bytes": 3},
    )

    assert visit.response["body"]["content"] == "gr\ufffd"


async def test_without_headers(visitor: Visitor) -> None:
    """Headers are left out if nobody wants them."""
    visit = await visitor.visit(HELLO, response={"include_headers": False})

    assert "headers" not in visit.response


async def test_unknown_content_has_no_type(visitor: Visitor) -> None:
    """Bytes that look like nothing known have no MIME type."""
    visit = await visitor.visit(answer(bytes(range(256))))

    assert "mime_type" not in visit.response


async def test_interim_response(visitor: Visitor) -> None:
    """An interim response is not the result."""
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"

    visit = await visitor.visit(early + answer(status="503 Down"))

    assert visit.response["status_code"] == 503


async def test_chunked(visitor: Visitor) -> None:
    """A body may come in chunks."""
    visit = await visitor.visit(chunked(b"one ", b"two"))

    assert (visit.error, visit.response["body"]["bytes"]) == (None, 7)


async def test_head(visitor: Visitor) -> None:
    """HEAD is answered without the body that is announced."""
    visit = await visitor.visit(
        answer(length=14), check={"request": {"method": "head"}}
    )

    assert visit.request.startswith(b"HEAD / HTTP/1.1\r\n")
    assert (visit.error, visit.response["body"]["bytes"]) == (None, 0)


async def test_request_body(visitor: Visitor) -> None:
    """A large request body is sent to its end before the answer is read."""
    body = "x" * 300_000

    visit = await visitor.visit(
        HELLO, check={"request": {"method": "POST", "body": body}}
    )

    assert visit.error is None
    assert visit.request.endswith(body.encode())


async def test_gzip(visitor: Visitor) -> None:
    """A compressed body is checked and reported decompressed."""
    packed = gzip.compress(b"squeezed text\n" * 20)

    visit = await visitor.visit(
        answer(packed, "Content-Encoding: gzip"),
        check={"response": {"body": "squeezed"}},
        response={"include_body": "always", "include_body_max_bytes": 8},
    )

    assert visit.error is None
    assert visit.response["body"]["bytes"] == 280
    assert visit.response["body"]["content"] == "squeezed"
    assert visit.response["headers"]["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified", "200 OK"])
async def test_gzip_without_body(visitor: Visitor, status: str) -> None:
    """A response without a body has nothing to decompress."""
    visit = await visitor.visit(answer(b"", "Content-Encoding: gzip", status=status))

    assert (visit.error, visit.response["body"]["bytes"]) == (None, 0)


async def test_named_host(visitor: Visitor) -> None:
    """A name that had to be looked up is reported with its address."""
    async with serving(HELLO) as web:
        (check,) = visitor.build(urls=[f"http://localhost:{web.port}/"], ipv6=False)
        (result,) = await visitor.run(check)

    assert result.error is None
    assert Visit(result, web).fields["resolve"]["ip"] == "127.0.0.1"


async def test_same_check_twice_at_once(visitor: Visitor) -> None:
    """A check keeps nothing of one run that could mix with another."""
    async with serving(HELLO) as web:
        (check,) = visitor.build(urls=[web.url()])
        results = await asyncio.gather(visitor.run(check), visitor.run(check))

    assert [result.error for (result,) in results] == [None, None]


async def test_tls(visitor: Visitor) -> None:
    """A URL with https is asked over TLS, and the certificate reported."""
    tls = server_context(good())
    async with serving(HELLO, tls=tls) as web:
        (check,) = visitor.build(
            urls=[f"https://127.0.0.1:{web.port}/"],
            ssl={"certificate_authorities": [root().pem]},
        )
        visit = Visit((await visitor.run(check))[0], web)

    assert visit.error is None
    assert visit.fields["tls"]["established"] is True
    assert visit.response["body"]["bytes"] == 14

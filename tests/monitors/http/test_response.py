"""Heads of responses: access to headers, and how documents show them."""

from __future__ import annotations

import pytest

from heartbeat.monitors.http.response import Head

HEADERS = (
    (b"x-lower-case", b"v"),
    (b"X-MULTI", b"one"),
    (b"x-multi", b"two"),
    (b"X-Multi", b"three"),
    (b"x-odd_Name", b"gr\xc3\xbc\xff"),
    (b"X-Empty", b""),
)


def test_document() -> None:
    """Names get the usual case; several values become a list."""
    assert Head(200, HEADERS).document() == {
        "X-Lower-Case": "v",
        "X-Multi": ["one", "two", "three"],
        "X-Odd_name": "grü\ufffd",
        "X-Empty": "",
    }


def test_header() -> None:
    """A header is found in any case; its first value counts."""
    head = Head(200, HEADERS)

    assert [head.header(name) for name in ("X-mUlti", "x-empty", "X-None")] == [
        "one",
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("value", "is_http_1_1", "is_shown"),
    [
        (b"close", True, False),
        (b"X-A, Close", True, False),
        (b"keep-alive", True, True),
        (b"", True, True),
        (b"closed", True, True),
        (b"close", False, True),
    ],
)
def test_connection_header(value: bytes, *, is_http_1_1: bool, is_shown: bool) -> None:
    """The end of an HTTP/1.1 connection is announced to us, not to readers."""
    head = Head(200, ((b"connection", value),), is_http_1_1)

    assert is_shown == ("Connection" in head.document())


def test_repeated_connection_header() -> None:
    """The end of the connection may be announced in the second of two headers."""
    head = Head(200, ((b"Connection", b"x-a"), (b"Connection", b"close")))

    assert head.document() == {}


def test_framing_headers_are_not_shown() -> None:
    """What only frames the message is consumed with it."""
    headers = (
        (b"Transfer-Encoding", b"chunked"),
        (b"Content-Length", b"5"),
        (b"Trailer", b"X-T"),
        (b"Server", b"s"),
    )

    assert Head(200, headers).document() == {"Server": "s"}

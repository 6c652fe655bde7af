"""What is said of a broken head: the cause, in few words, however much there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.monitors.http.diagnosis import (
    HEADER_LIMIT,
    LENGTH_AND_CODING,
    LINE_LIMIT,
    LONGEST_QUOTE,
    TOO_LONG_LINE,
    TOO_MANY_HEADERS,
    TOO_MANY_LENGTHS,
    diagnosis,
)

START = b"HTTP/1.1 200 OK\r\n"
END = b"\r\n\r\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"this is not http", 'malformed HTTP status code "is"'),
        (b"garbage", 'malformed HTTP response "garbage"'),
        (b"SSH-2.0-OpenSSH", 'malformed HTTP response "SSH-2.0-OpenSSH"'),
        (b"HTTP/1.1 abc OK", 'malformed HTTP status code "abc"'),
        (b"HTTP/1.1 20 OK", 'malformed HTTP status code "20"'),
        (b"HTP/1.1 200 OK", 'malformed HTTP version "HTP/1.1"'),
        (
            b"HTTP/1.1 200 O\rK",
            r'malformed HTTP response: bare CR in "HTTP/1.1 200 O\rK"',
        ),
    ],
)
def test_status_line(line: bytes, message: str) -> None:
    """What is no HTTP is quoted, in the reference's words."""
    assert message == diagnosis(line + END)
    assert message == diagnosis(line)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"nocolon", 'malformed MIME header: missing colon: "nocolon"'),
        (b"b@d: x", "malformed MIME header line: b@d: x"),
        (b" first: folded", "malformed MIME header line:  first: folded"),
        (b"X: a\0b", r'malformed MIME header line: NUL in "X: a\u0000b"'),
        (b"X: a\rY: b", r'malformed MIME header line: bare CR in "X: a\rY: b"'),
        (b"X: a\r\n b\0", r'malformed MIME header line: NUL in " b\u0000"'),
        (b"Content-Length: x", 'bad Content-Length "x"'),
        (b"Content-Length: -5", 'bad Content-Length "-5"'),
        (b"Content-Length:", 'bad Content-Length ""'),
        (b"Content-Length: " + b"9" * 20, f'bad Content-Length "{"9" * 20}"'),
        (
            b"Content-Length: 5\r\ncontent-length:7",
            f'{TOO_MANY_LENGTHS}; got ["5" "7"]',
        ),
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked", LENGTH_AND_CODING),
        (b"X: " + b"x" * LINE_LIMIT, TOO_LONG_LINE),
        (b"X: 1\r\n" * HEADER_LIMIT + b"X: 1", TOO_MANY_HEADERS),
    ],
)
def test_header(line: bytes, message: str) -> None:
    """What a good status line is followed by is named, whatever else is good."""
    assert message == diagnosis(START + line + END)
    assert message == diagnosis(START + line + b"\r\nX: y" + END)


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        (b"X-1", 'malformed HTTP response "HTTP/1.1 200 OK"'),
        (b"Content-Length: ", 'malformed HTTP response "HTTP/1.1 200 OK"'),
        (b"b@d", "malformed MIME header line: b@d"),
        (b"X: " + b"x" * LINE_LIMIT, TOO_LONG_LINE),
    ],
)
def test_line_cut_short(rest: bytes, message: str) -> None:
    """A line whose end is not there yet is not blamed for lacking it."""
    assert message == diagnosis(START + rest)


def test_long_status_line() -> None:
    """The first line has the limit of the others."""
    assert diagnosis(START[:-2] + b"x" * LINE_LIMIT) == TOO_LONG_LINE


@pytest.mark.parametrize(
    "rest", [b"X: 1\r\n\r\n", b"X: 1\r\n\r\nContent-Length: x\r\n"]
)
def test_nothing_found(rest: bytes) -> None:
    """Where every line is good, the first stands for the whole; a body is no line."""
    assert diagnosis(START + rest) == 'malformed HTTP response "HTTP/1.1 200 OK"'


@pytest.mark.parametrize("line", [b"x" * 200_000, START + b"x" * 1000 + END])
def test_long_quote(line: bytes) -> None:
    """No more is quoted than a reader needs."""
    assert diagnosis(line).endswith(f'"{"x" * LONGEST_QUOTE}…"')


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes(data: bytes, has_status_line: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever it is, it gets one line of words."""
    message = diagnosis(START + data if has_status_line else data)

    assert message
    assert "\n" not in message

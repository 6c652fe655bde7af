"""HTTP CONNECT, byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.net import Proxy, ProxyKind
from heartbeat.net.dialogue import Refused
from heartbeat.net.httpconnect import HEAD_LIMIT, connect_by_http

OPEN = Proxy(ProxyKind.HTTP, "p", 80)


def held(proxy: Proxy, *answers: bytes) -> tuple[bytes, bytes]:
    """Answer a dialogue; return the request and what is left over."""
    dialogue = connect_by_http(proxy, "web.test", 443)
    request = next(dialogue) or b""
    dialogue.send(b"")
    try:
        for answer in answers:
            dialogue.send(answer)
    except StopIteration as end:
        return request, end.value
    raise AssertionError("the dialogue goes on")


def test_the_request() -> None:
    """The target is asked for by name and port."""
    request, rest = held(OPEN, b"HTTP/1.1 200 Connection established\r\n\r\n")

    assert request == (b"CONNECT web.test:443 HTTP/1.1\r\nHost: web.test:443\r\n\r\n")
    assert rest == b""


def test_a_target_with_an_ipv6_address() -> None:
    """An IPv6 address has brackets."""
    request = next(connect_by_http(OPEN, "::1", 443)) or b""

    assert request.startswith(b"CONNECT [::1]:443 HTTP/1.1\r\n")


def test_login_and_headers() -> None:
    """The login is sent; headers come on top, or in place of ours."""
    headers = {"X-Via": "hb", "host": "other"}
    request, _ = held(
        Proxy(ProxyKind.HTTP, "p", 80, "me", "pass", headers),
        b"HTTP/1.0 200 OK\n\n",
    )

    assert request == (
        b"CONNECT web.test:443 HTTP/1.1\r\n"
        b"Proxy-Authorization: Basic bWU6cGFzcw==\r\n"
        b"X-Via: hb\r\nhost: other\r\n\r\n"
    )


def test_what_the_target_says_at_once() -> None:
    """Bytes behind the answer are the target's."""
    _, rest = held(OPEN, b"HTTP/1.1 200", b" OK\r\nVia: p\r", b"\n\r\nSSH-2.0")

    assert rest == b"SSH-2.0"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((b"HTTP/1.1 502 Bad Gateway\r\n",), "Bad Gateway"),
        ((b"HTTP/1.1 503 \r\n",), "unknown status code 503"),
        ((b"HTTP/1.1 503\r\n",), "unknown status code 503"),
        ((b"SSH-2.0-x\r\n",), 'malformed HTTP response "SSH-2.0-x"'),
        ((b"\xff\x00\n",), r'malformed HTTP response "\xff\x00"'),
        ((b"",), "EOF"),
        ((b"HTTP/1.1 200 OK\r\n", b"a", b""), "unexpected EOF"),
        ((b"a" * 70_000,), f"the answer is longer than {HEAD_LIMIT} bytes"),
        (
            (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 12_000,),
            f"the answer is longer than {HEAD_LIMIT} bytes",
        ),
    ],
)
def test_refusals(answers: tuple[bytes, ...], expected: str) -> None:
    """The proxy's reason is all that is told, as in the reference."""
    with pytest.raises(Refused) as caught:
        held(OPEN, *answers)

    assert str(caught.value) == expected


@given(st.binary(max_size=100))
def test_any_answer_is_refused_or_taken(data: bytes) -> None:
    """No answer ends in another error."""
    for answer in (data, b"HTTP/1.1 200 OK\r\n" + data):
        try:
            _, rest = held(OPEN, answer, b"")
        except Refused:
            continue
        assert answer.endswith(rest)

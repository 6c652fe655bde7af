"""SOCKS 5, byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.net import Proxy, ProxyKind
from heartbeat.net.dialogue import Dialogue, Refused
from heartbeat.net.socks import connect_by_socks
from tests.support.proxies import LET_THROUGH

OPEN = Proxy(ProxyKind.SOCKS5, "p", 1080)
LOCKED = Proxy(ProxyKind.SOCKS5, "p", 1080, "me", "secret")


def held(dialogue: Dialogue, *answers: bytes) -> tuple[list[bytes], bytes]:
    """Answer a dialogue; return what it said and what it left over."""
    said: list[bytes] = []
    waiting = iter(answers)
    step = next(dialogue)
    while True:
        try:
            if step is None:
                step = dialogue.send(next(waiting))
            else:
                said.append(step)
                step = dialogue.send(b"")
        except StopIteration as end:
            return said, end.value


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("10.0.0.1", b"\x01\x0a\x00\x00\x01"),
        ("::1", b"\x04" + bytes(15) + b"\x01"),
        ("web.test", b"\x03\x08web.test"),
    ],
)
def test_an_open_proxy(host: str, address: bytes) -> None:
    """Addresses go as addresses, names as names."""
    said, rest = held(connect_by_socks(OPEN, host, 443), b"\x05\x00", LET_THROUGH)

    assert said == [b"\x05\x01\x00", b"\x05\x01\x00" + address + b"\x01\xbb"]
    assert rest == b""


def test_a_login() -> None:
    """A login is offered, and given where it is wanted."""
    answers = (b"\x05\x02", b"\x01\x00", LET_THROUGH)

    said, _ = held(connect_by_socks(LOCKED, "10.0.0.1", 1), *answers)

    assert said[:2] == [b"\x05\x02\x00\x02", b"\x01\x02me\x06secret"]


def test_a_login_nobody_wants() -> None:
    """A proxy may let us through without the login it was offered."""
    said, _ = held(connect_by_socks(LOCKED, "10.0.0.1", 1), b"\x05\x00", LET_THROUGH)

    assert len(said) == 2


@pytest.mark.parametrize(
    "end",
    [
        b"\x05\x00\x00\x04" + bytes(18),
        b"\x05\x00\x00\x03\x03abc\x00\x00",
        LET_THROUGH,
    ],
)
def test_what_the_target_says_at_once(end: bytes) -> None:
    """Bytes behind the proxy's last word, whatever its length, are the target's."""
    answers = (b"\x05\x00", end[:3], end[3:] + b"220 ready")

    _, rest = held(connect_by_socks(OPEN, "a", 1), *answers)

    assert rest == b"220 ready"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((b"HT",), "unexpected protocol version 72"),
        ((b"\x05\xff",), "no acceptable authentication methods"),
        ((b"\x05\x02",), "unsupported authentication method 2"),
        ((b"\x05\x00", b"\x04\x00\x00\x01"), "unexpected protocol version 4"),
        (
            (b"\x05\x00", b"\x05\x01\x00\x01"),
            "unknown error general SOCKS server failure",
        ),
        (
            (b"\x05\x00", b"\x05\x02\x00\x01"),
            "unknown error connection not allowed by ruleset",
        ),
        ((b"\x05\x00", b"\x05\x03\x00\x01"), "unknown error network unreachable"),
        ((b"\x05\x00", b"\x05\x04\x00\x01"), "unknown error host unreachable"),
        ((b"\x05\x00", b"\x05\x05\x00\x01"), "unknown error connection refused"),
        ((b"\x05\x00", b"\x05\x06\x00\x01"), "unknown error TTL expired"),
        ((b"\x05\x00", b"\x05\x07\x00\x01"), "unknown error command not supported"),
        (
            (b"\x05\x00", b"\x05\x08\x00\x01"),
            "unknown error address type not supported",
        ),
        ((b"\x05\x00", b"\x05\x63\x00\x01"), "unknown error unknown code: 99"),
        ((b"\x05\x00", b"\x05\x00\x01\x01"), "non-zero reserved field"),
        ((b"\x05\x00", b"\x05\x00\x00\x02"), "unknown address type 2"),
        ((b"",), "EOF"),
        ((b"\x05", b""), "unexpected EOF"),
    ],
)
def test_refusals(answers: tuple[bytes, ...], expected: str) -> None:
    """Each refusal has the reference's words."""
    with pytest.raises(Refused, match=f"^{expected}$"):
        held(connect_by_socks(OPEN, "a", 1), *answers)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"\x01\x01", "username/password authentication failed"),
        (b"\x05\x00", "invalid username/password version"),
    ],
)
def test_refused_logins(answer: bytes, expected: str) -> None:
    """A login may be wrong, or the answer to it."""
    with pytest.raises(Refused, match=f"^{expected}$"):
        held(connect_by_socks(LOCKED, "a", 1), b"\x05\x02", answer)


def test_what_does_not_fit() -> None:
    """Names and logins have at most 255 bytes."""
    with pytest.raises(Refused, match="FQDN too long"):
        held(connect_by_socks(OPEN, "a" * 256, 1), b"\x05\x00")
    long = Proxy(ProxyKind.SOCKS5, "p", 1080, "ü" * 128)
    with pytest.raises(Refused, match="invalid username/password"):
        held(connect_by_socks(long, "a", 1), b"\x05\x02")


@given(st.binary(max_size=300))
def test_any_answer_is_refused_or_taken(data: bytes) -> None:
    """No answer ends in another error, in whatever pieces it comes."""
    pieces = [data[place : place + 1] for place in range(len(data))]
    try:
        _, rest = held(connect_by_socks(LOCKED, "a", 1), *pieces, b"")
    except Refused:
        return
    assert data.endswith(rest)

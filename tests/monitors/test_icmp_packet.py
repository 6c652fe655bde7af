"""The bytes of ICMP messages."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.monitors.icmp.packet import PAYLOAD, Fault, Reply, echo_request, parse
from tests.support.ping import checksum, datagram, message, refusal, reply

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBER = st.integers(0, 0xFFFF)
VERSIONS = pytest.mark.parametrize("version", [4, 6])
TARGET = {4: "203.0.113.7", 6: "2001:db8::7"}
SOURCE = {4: "192.0.2.1", 6: "2001:db8::1"}
UNREACHABLE = {4: 3, 6: 1}


@given(identifier=NUMBER, sequence=NUMBER)
def test_a_request_sums_up(identifier: int, sequence: int) -> None:
    """The checksum of a request is right whatever numbers it carries."""
    request = echo_request(4, identifier, sequence)

    assert checksum(request) == 0


@given(identifier=NUMBER, sequence=NUMBER)
def test_a_request_carries_its_numbers(identifier: int, sequence: int) -> None:
    """An IPv6 request has type 128, code 0, both numbers and the payload."""
    request = echo_request(6, identifier, sequence)

    assert struct.unpack("!BBHHH", request[:8])[:2] == (128, 0)
    assert struct.unpack("!HH", request[4:8]) == (identifier, sequence)
    assert request[8:] == PAYLOAD


@given(identifier=NUMBER, sequence=NUMBER, body=st.binary(max_size=200))
def test_a_reply_says_its_numbers(identifier: int, sequence: int, body: bytes) -> None:
    """A reply is recognised by type, whatever its payload and length."""
    numbers = struct.pack("!HH", identifier, sequence)

    assert parse(4, message(0, 0, numbers, body)) == Reply(identifier, sequence)
    assert parse(6, message(129, 0, numbers, body)) == Reply(identifier, sequence)


def test_an_ip_header_is_skipped() -> None:
    """Raw IPv4 sockets hand the IP header over, of any length."""
    answer = reply(echo_request(4, 7, 8))
    packet = datagram(4, answer, source=TARGET[4], target=SOURCE[4])

    assert parse(4, packet) == Reply(7, 8)


@given(position=st.integers(0, 63), value=st.integers(1, 255))
def test_a_damaged_reply_says_nothing(position: int, value: int) -> None:
    """A wrong checksum makes an IPv4 message worthless."""
    damaged = bytearray(reply(echo_request(4, 7, 8)))
    damaged[position] ^= value

    assert parse(4, bytes(damaged)) is None


@VERSIONS
@given(data=st.binary(max_size=120))
def test_any_bytes_can_be_read(version: int, data: bytes) -> None:
    """Nothing that arrives raises."""
    found = parse(version, data)

    assert found is None or isinstance(found, Reply | Fault)


@VERSIONS
@given(data=st.binary(max_size=120))
def test_any_quote_can_be_read(version: int, data: bytes) -> None:
    """Nothing that an error quotes raises."""
    found = parse(version, message(UNREACHABLE[version], 1, body=data))

    assert found is None or isinstance(found, Fault)


@VERSIONS
def test_an_error_names_the_request_it_quotes(version: int) -> None:
    """An error says which request it is about and where that was sent."""
    request = echo_request(version, 7, 8)
    kind = UNREACHABLE[version]

    found = parse(version, refusal(version, kind, 1, request, TARGET[version]))

    assert found == Fault(version, kind, 1, 7, 8, TARGET[version])


def _cut(request: bytes, version: int) -> bytes:
    return refusal(version, UNREACHABLE[version], 1, request[:4], TARGET[version])


def _an_answer(request: bytes, version: int) -> bytes:
    answer = reply(request, {4: 0, 6: 129}[version])
    return refusal(version, UNREACHABLE[version], 1, answer, TARGET[version])


def _udp(request: bytes, version: int) -> bytes:
    ends = {"source": SOURCE[version], "target": TARGET[version]}
    quote = datagram(version, request, protocol=17, **ends)
    return message(UNREACHABLE[version], 1, body=quote)


@VERSIONS
@pytest.mark.parametrize("build", [_cut, _an_answer, _udp])
def test_an_error_about_something_else_says_nothing(
    version: int, build: Callable[[bytes, int], bytes]
) -> None:
    """An error counts only if it quotes enough of an echo request."""
    error = build(echo_request(version, 7, 8), version)

    assert parse(version, error) is None


@pytest.mark.parametrize("kind", [4, 5, 8, 13, 14])
def test_other_types_say_nothing(kind: int) -> None:
    """Source quench, redirects, requests and timestamps are no verdict."""
    assert parse(4, refusal(4, kind, 0, echo_request(4, 7, 8), TARGET[4])) is None


def test_a_packet_of_another_protocol_says_nothing() -> None:
    """What is no ICMP behind its IP header is ignored."""
    answer = reply(echo_request(4, 7, 8))
    ends = {"source": TARGET[4], "target": SOURCE[4]}

    assert parse(4, datagram(4, answer, protocol=17, **ends)) is None


@pytest.mark.parametrize(
    ("version", "kind", "code", "expected"),
    [
        (4, 3, 0, "destination network unreachable from 192.0.2.9"),
        (4, 3, 1, "destination host unreachable from 192.0.2.9"),
        (4, 3, 10, "destination host prohibited from 192.0.2.9"),
        (4, 11, 0, "time to live exceeded from 192.0.2.9"),
        (4, 12, 0, "error type: 12, code: 0 from 192.0.2.9"),
        (6, 1, 0, "no route to destination from 192.0.2.9"),
        (6, 3, 0, "hop limit exceeded from 192.0.2.9"),
    ],
)
def test_an_error_has_words(version: int, kind: int, code: int, expected: str) -> None:
    """The text says what is wrong and who said it."""
    fault = Fault(version, kind, code, 7, 8, TARGET[version])

    assert fault.text("192.0.2.9") == expected

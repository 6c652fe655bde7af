"""The bytes of ICMP messages."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.monitors.icmp.packet import Fault, Reply, echo_request, parse, payload
from tests.support.ping import checksum, datagram, message, refusal, reply

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBER = st.integers(0, 0xFFFF)
VERSIONS = pytest.mark.parametrize("version", [4, 6])
TARGET = {4: "203.0.113.7", 6: "2001:db8::7"}
SOURCE = {4: "192.0.2.1", 6: "2001:db8::1"}
UNREACHABLE = {4: 3, 6: 1}
USUAL = payload(56)
REQUEST = echo_request(4, 7, 8, USUAL)


@given(identifier=NUMBER, sequence=NUMBER, size=st.integers(0, 200))
def test_a_request_sums_up(identifier: int, sequence: int, size: int) -> None:
    """The checksum of a request is right whatever it carries."""
    request = echo_request(4, identifier, sequence, payload(size))

    assert checksum(request) == 0


@given(identifier=NUMBER, sequence=NUMBER)
def test_a_request_carries_its_numbers(identifier: int, sequence: int) -> None:
    """An IPv6 request has type 128, code 0, both numbers and the payload."""
    request = echo_request(6, identifier, sequence, USUAL)

    assert struct.unpack("!BBHHH", request[:8])[:2] == (128, 0)
    assert struct.unpack("!HH", request[4:8]) == (identifier, sequence)
    assert request[8:] == USUAL.data


@given(identifier=NUMBER, sequence=NUMBER, body=st.binary(max_size=200))
def test_a_reply_says_its_numbers(identifier: int, sequence: int, body: bytes) -> None:
    """A reply is recognised by type, whatever its payload and length."""
    numbers = struct.pack("!HH", identifier, sequence)

    expected = Reply(identifier, sequence, body)
    assert parse(4, message(0, 0, numbers, body)) == expected
    assert parse(6, message(129, 0, numbers, body)) == expected


def test_an_ip_header_is_skipped() -> None:
    """Raw IPv4 sockets hand the IP header over, of any length."""
    answer = reply(REQUEST)
    packet = datagram(4, answer, source=TARGET[4], target=SOURCE[4])

    assert parse(4, packet) == Reply(7, 8, USUAL.data)


@given(position=st.integers(2, 63), value=st.integers(1, 255))
def test_a_damaged_reply_says_that_it_is(position: int, value: int) -> None:
    """A wrong checksum is noticed wherever an IPv4 reply was damaged."""
    damaged = bytearray(reply(REQUEST))
    damaged[position] ^= value

    found = parse(4, bytes(damaged))

    assert isinstance(found, Reply)
    assert not found.is_intact


def test_a_damaged_error_says_nothing() -> None:
    """What a router said is not believed when it was damaged on the way."""
    damaged = bytearray(refusal(4, 3, 1, REQUEST, TARGET[4]))
    damaged[-1] ^= 1

    assert parse(4, bytes(damaged)) is None


@pytest.mark.parametrize("size", [0, 7, 8, 56, 57, 9000])
def test_a_payload_has_its_size(size: int) -> None:
    """The pattern is cut or continued."""
    assert len(payload(size).data) == size


def test_the_customary_pattern_follows_the_token() -> None:
    """Behind eight bytes of our own a ping looks like any other."""
    assert USUAL.data[8:] == bytes(range(8, 56))


@pytest.mark.parametrize(
    ("version", "kind", "code", "rest", "expected"),
    [
        (4, 3, 4, b"\0\0\x05\0", 1280),
        (6, 2, 0, b"\0\0\x05\0", 1280),
        (4, 3, 1, b"\0\0\x05\0", 0),
    ],
)
def test_the_limit_of_the_next_hop_is_read(
    version: int, kind: int, code: int, rest: bytes, expected: int
) -> None:
    """Only errors about sizes have it."""
    request = echo_request(version, 7, 8, USUAL)
    error = refusal(version, kind, code, request, TARGET[version])

    found = parse(version, message(kind, code, rest, error[8:]))

    assert isinstance(found, Fault)
    assert found.mtu == expected


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
    request = echo_request(version, 7, 8, USUAL)
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
    error = build(echo_request(version, 7, 8, USUAL), version)

    assert parse(version, error) is None


@pytest.mark.parametrize("kind", [4, 5, 8, 13, 14])
def test_other_types_say_nothing(kind: int) -> None:
    """Source quench, redirects, requests and timestamps are no verdict."""
    assert parse(4, refusal(4, kind, 0, REQUEST, TARGET[4])) is None


def test_a_packet_of_another_protocol_says_nothing() -> None:
    """What is no ICMP behind its IP header is ignored."""
    answer = reply(REQUEST)
    ends = {"source": TARGET[4], "target": SOURCE[4]}

    assert parse(4, datagram(4, answer, protocol=17, **ends)) is None


@pytest.mark.parametrize(
    ("version", "kind", "code", "expected"),
    [
        (4, 3, 0, "destination network unreachable from 192.0.2.9"),
        (4, 3, 1, "destination host unreachable from 192.0.2.9"),
        (4, 3, 10, "destination host prohibited from 192.0.2.9"),
        (4, 11, 0, "time to live exceeded from 192.0.2.9"),
        (4, 12, 0, "parameter problem, code 0 from 192.0.2.9"),
        (6, 1, 0, "no route to destination from 192.0.2.9"),
        (6, 3, 0, "hop limit exceeded from 192.0.2.9"),
        (6, 4, 1, "parameter problem, code 1 from 192.0.2.9"),
    ],
)
def test_an_error_has_words(version: int, kind: int, code: int, expected: str) -> None:
    """The text says what is wrong and who said it."""
    fault = Fault(version, kind, code, 7, 8, TARGET[version])

    assert fault.text("192.0.2.9") == expected


@pytest.mark.parametrize(
    ("version", "kind", "code", "mtu", "expected"),
    [
        (4, 3, 4, 1280, "fragmentation needed (the next hop takes 1280 bytes) from r"),
        (6, 2, 0, 1280, "packet too big (the next hop takes 1280 bytes) from r"),
        (4, 3, 4, 0, "fragmentation needed from r"),
        (4, 12, 0, 20, "parameter problem, code 0 from r"),
    ],
)
def test_an_error_about_sizes_tells_the_limit(
    version: int, kind: int, code: int, mtu: int, expected: str
) -> None:
    """The number is told only where it is a size."""
    fault = Fault(version, kind, code, 7, 8, TARGET[version], mtu)

    assert fault.text("r") == expected

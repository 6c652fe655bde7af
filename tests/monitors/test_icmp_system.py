"""What the operating system offers for ping.

UDP sockets stand in for ICMP ones where only privileges make the difference: stamps,
error queues and options work alike.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
import time
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.monitors.icmp import system
from heartbeat.monitors.icmp.packet import Fault, echo_request, payload
from heartbeat.monitors.icmp.system import (
    BUFFER_SIZE,
    Manner,
    Opened,
    Queued,
    open_socket,
    stamp_and_drops,
    take_queued,
)
from tests.support.ping import ScriptedSocket, dropped, queued, stamped

if TYPE_CHECKING:
    from collections.abc import Iterator

REAL = socket.socket
USUAL = Manner()
REQUEST = echo_request(4, 7, 8, payload(56))
LOOPBACK = {4: "127.0.0.1", 6: "::1"}
VERSIONS = pytest.mark.parametrize("version", [4, 6])


def all_queued(sock: socket.socket, version: int) -> list[Queued]:
    """Take everything out of a socket's error queue."""
    return list(iter(lambda: take_queued(sock, version), None))


class RecordingSocket:
    """Takes every option but those it is told to refuse."""

    def __init__(self, refused: tuple[int, ...] = ()) -> None:
        self.refused = refused
        self.options: dict[tuple[int, int], int | bytes] = {}
        self.type = socket.SOCK_RAW
        self.is_closed = False

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        """Keep the option or refuse it."""
        if option in self.refused:
            raise PermissionError
        self.options[level, option] = value

    def settimeout(self, _seconds: float) -> None:
        """Take it."""

    setblocking = settimeout

    def bind(self, _address: object) -> None:
        """Fail as a system without this address family does."""
        raise OSError(errno.EADDRNOTAVAIL, "no")

    def close(self) -> None:
        """Remember it."""
        self.is_closed = True


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> RecordingSocket:
    """Return the socket that will be opened next, of whatever kind."""
    recording = RecordingSocket()

    def opened(*_: int) -> RecordingSocket:
        return recording

    monkeypatch.setattr(socket, "socket", opened)
    return recording


@pytest.fixture
def unprivileged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forbid raw sockets, and let UDP stand in for ICMP datagram sockets."""

    def opened(family: int, kind: int, protocol: int) -> socket.socket:
        del protocol
        if kind == socket.SOCK_RAW:
            raise PermissionError
        return REAL(family, kind)

    monkeypatch.setattr(socket, "socket", opened)


@pytest.fixture(params=[4, 6])
def opened(
    request: pytest.FixtureRequest, unprivileged: None
) -> Iterator[tuple[int, Opened]]:
    """Return an IP version and its datagram socket."""
    del unprivileged
    found = open_socket(request.param, USUAL)
    yield request.param, found
    found.sock.close()


def _passed(options: dict[Any, Any], level: int) -> set[int]:
    value = options[level, 1]
    words = struct.unpack(f"={len(value) // 4}I", value)
    return {
        index * 32 + bit
        for index, word in enumerate(words)
        for bit in range(32)
        if not word >> bit & 1
    }


@pytest.mark.parametrize(
    ("version", "level", "expected"),
    [(4, 255, {0, 3, 11, 12}), (6, socket.IPPROTO_ICMPV6, {1, 2, 3, 4, 129})],
)
def test_raw_sockets_filter(
    recorder: RecordingSocket, version: int, level: int, expected: set[int]
) -> None:
    """A raw socket gets replies and errors, and nothing else."""
    open_socket(version, USUAL)

    assert _passed(recorder.options, level) == expected


def test_a_raw_socket_leaves_the_identifier_to_us(recorder: RecordingSocket) -> None:
    """Nobody else chooses the identifier of raw requests."""
    assert open_socket(4, USUAL) == Opened(recorder, None)  # type: ignore[arg-type]


def test_buffers_are_forced(recorder: RecordingSocket) -> None:
    """With CAP_NET_ADMIN the buffers may exceed the system's limit."""
    open_socket(4, USUAL)

    assert recorder.options[socket.SOL_SOCKET, 33] == BUFFER_SIZE
    assert recorder.options[socket.SOL_SOCKET, 32] == BUFFER_SIZE


def test_buffers_are_asked_for_where_force_is_forbidden(
    recorder: RecordingSocket,
) -> None:
    """Without it they are as large as the system lets them be."""
    recorder.refused = (32, 33)

    open_socket(4, USUAL)

    assert recorder.options[socket.SOL_SOCKET, socket.SO_RCVBUF] == BUFFER_SIZE
    assert recorder.options[socket.SOL_SOCKET, socket.SO_SNDBUF] == BUFFER_SIZE


def test_a_ping_works_without_the_optional_options(recorder: RecordingSocket) -> None:
    """Stamps, drop counts and filters may be missing."""
    recorder.refused = (1, 35, 40)

    assert open_socket(4, USUAL).identifier is None


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (4, {(socket.IPPROTO_IP, 2): 3, (socket.IPPROTO_IP, 10): 3}),
        (
            6,
            {
                (socket.IPPROTO_IPV6, 16): 3,
                (socket.IPPROTO_IPV6, 23): 3,
                (socket.IPPROTO_IPV6, 62): 1,
            },
        ),
    ],
)
def test_the_manner_of_sending_is_set(
    recorder: RecordingSocket, version: int, expected: dict[tuple[int, int], int]
) -> None:
    """Both IP versions have options for how far and in how many pieces."""
    open_socket(version, Manner(ttl=3, df=True))

    assert expected.items() <= recorder.options.items()


def test_a_manner_the_system_does_not_know_is_an_error(
    recorder: RecordingSocket,
) -> None:
    """What was asked for is not silently left out, and nothing is leaked."""
    recorder.refused = (2,)

    with pytest.raises(OSError):  # noqa: PT011 - the system's own
        open_socket(4, Manner(ttl=3))

    assert recorder.is_closed


def test_a_datagram_socket_that_cannot_be_bound_is_closed(
    recorder: RecordingSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half-open socket is not leaked."""

    def opened(family: int, kind: int, protocol: int) -> RecordingSocket:
        del family, protocol
        if kind == socket.SOCK_RAW:
            raise PermissionError
        recorder.type = socket.SOCK_DGRAM
        return recorder

    monkeypatch.setattr(socket, "socket", opened)

    with pytest.raises(OSError, match="no"):
        open_socket(6, USUAL)

    assert recorder.is_closed


def test_the_kernel_chooses_a_datagram_identifier(opened: tuple[int, Opened]) -> None:
    """The identifier is the local port."""
    _, found = opened

    assert found.identifier == found.sock.getsockname()[1]


def test_packets_are_stamped(opened: tuple[int, Opened]) -> None:
    """The kernel says when it received a packet."""
    version, found = opened
    before = time.time_ns()  # noqa: TID251 - to be compared with the kernel's
    found.sock.sendto(b"x", (LOOPBACK[version], found.sock.getsockname()[1]))

    _, ancillary, _, _ = found.sock.recvmsg(64, system.ANCILLARY_SIZE)

    stamp, drops = stamp_and_drops(ancillary)
    assert before <= stamp <= time.time_ns()  # noqa: TID251 - the same
    assert drops == 0


def test_stamp_and_drops_are_told_apart() -> None:
    """Both come beside the data, in any order, among other things."""
    ancillary = [(0, 8, b"?"), *dropped(3), *stamped(1_500_000_000)]

    assert stamp_and_drops(ancillary) == (1_500_000_000, 3)


def test_nothing_beside_the_data_means_nothing() -> None:
    """Without a stamp the kernel has said nothing."""
    assert stamp_and_drops([]) == (0, 0)


def test_the_error_queue_says_who_and_why(opened: tuple[int, Opened]) -> None:
    """An error names the request, its target, the reason and the sender."""
    version, found = opened
    address = LOOPBACK[version]
    with REAL(system.FAMILIES[version].family, socket.SOCK_DGRAM) as taken:
        taken.bind((address, 0))
        nobody = taken.getsockname()[1]
    found.sock.sendto(echo_request(version, 7, 8, payload(56)), (address, nobody))
    select.select([], [], [found.sock], 0)

    kind, code = {4: (3, 3), 6: (1, 4)}[version]
    fault = Fault(version, kind, code, 7, 8, address)
    entries = all_queued(found.sock, version)
    assert [each for each in entries if not each.left] == [
        Queued(fault=fault, source=address)
    ]


@VERSIONS
@pytest.mark.usefixtures("unprivileged")
def test_the_error_queue_says_when_a_request_left(version: int) -> None:
    """The kernel stamps what is sent when it hands it to the device."""
    found = open_socket(version, USUAL)
    before = time.time_ns()  # noqa: TID251 - to be compared with the kernel's
    found.sock.sendto(b"x", (LOOPBACK[version], found.sock.getsockname()[1]))

    (entry,) = all_queued(found.sock, version)

    assert before <= entry.left <= time.time_ns()  # noqa: TID251 - the same
    found.sock.close()


@pytest.mark.parametrize(
    ("request_size", "entry", "expected"),
    [
        (8, queued(3, 1, "192.0.2.254", origin=1), [Queued()]),
        (7, queued(3, 1, "192.0.2.254"), [Queued()]),
        (8, (0, 8, b"?"), [Queued()]),
        (8, (0, 11, queued(3, 1, "192.0.2.254")[2][:16]), [Queued()]),
    ],
    ids=["from ourselves", "cut short", "something else", "from nobody"],
)
def test_other_entries_of_the_error_queue_are_left_out(
    request_size: int, entry: tuple[int, int, bytes], expected: list[Queued]
) -> None:
    """Only a whole ICMP error about a request with a sender counts."""
    sock: Any = ScriptedSocket()
    sock.queue_error(REQUEST[:request_size], "192.0.2.7", entry)

    assert all_queued(sock, 4) == expected
    sock.close()

"""Pings over the loopback interface, through the system's own sockets."""

from __future__ import annotations

import contextlib

import pytest

from heartbeat.clock import SystemClock
from heartbeat.monitors.icmp.flight import Ping
from heartbeat.monitors.icmp.packet import payload
from heartbeat.monitors.icmp.sockets import USUAL, Counters, EchoSockets
from heartbeat.monitors.icmp.system import Manner, open_socket
from tests.support.ping import round_trip


def _can_ping() -> bool:
    with contextlib.suppress(OSError):
        open_socket(4, USUAL).sock.close()
        return True
    return False


pytestmark = pytest.mark.skipif(
    not _can_ping(), reason="neither raw nor datagram ICMP sockets are permitted here"
)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1", "0:0::1"])
async def test_loopback_answers(address: str) -> None:
    """The machine answers itself, and the round trip is a small positive time."""
    sockets = EchoSockets(SystemClock())
    echo, ping = sockets.to(address), Ping(address)

    echo.send(ping)

    assert 0 < await round_trip(ping) < 10
    sockets.close()


@pytest.mark.slow
async def test_ten_thousand_at_once() -> None:
    """Of a burst of requests to as many addresses none is lost, and none sent twice."""
    sockets = EchoSockets(SystemClock())
    pings = [Ping(f"127.1.{high}.{low}") for high in range(40) for low in range(250)]
    echo = sockets.to("127.0.0.1")

    for ping in pings:
        echo.send(ping)
    outcomes = {await ping.outcome for ping in pings}

    assert outcomes == {None}
    assert {len(ping.sequences) for ping in pings} == {1}
    assert echo.counters == Counters()
    sockets.close()


@pytest.mark.parametrize("size", [0, 1, 9_000])
async def test_payloads_of_any_size_come_back(size: int) -> None:
    """What a large request brings back is read to its end."""
    sockets = EchoSockets(SystemClock())
    echo, ping = sockets.to("127.0.0.1"), Ping("127.0.0.1", payload(size))

    echo.send(ping)

    assert await ping.outcome is None
    assert len(ping.answers) == 1
    sockets.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_a_request_in_one_piece(address: str) -> None:
    """The system lets requests be sent that no router may break up."""
    sockets = EchoSockets(SystemClock())
    echo, ping = sockets.to(address, Manner(ttl=9, df=True)), Ping(address)

    echo.send(ping)

    assert 0 < await round_trip(ping) < 10
    sockets.close()


async def test_a_request_too_large_for_the_interface() -> None:
    """Where fragments are forbidden, the interface's limit is the first one met."""
    sockets = EchoSockets(SystemClock())
    echo, ping = sockets.to("::1", Manner(df=True)), Ping("::1", payload(65_507))

    echo.send(ping)

    assert await ping.outcome == (
        "could not write to conn: write ip6 ::->::1: sendto: message too long"
    )
    sockets.close()

"""Pings over the loopback interface, through the system's own sockets."""

from __future__ import annotations

import contextlib

import pytest

from heartbeat.clock import SystemClock
from heartbeat.monitors.icmp.flight import Ping
from heartbeat.monitors.icmp.sockets import EchoSockets
from heartbeat.monitors.icmp.system import open_socket


def _can_ping() -> bool:
    with contextlib.suppress(OSError):
        open_socket(4).sock.close()
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
    outcome = await ping.outcome

    assert isinstance(outcome, float)
    assert 0 < outcome < 10
    sockets.close()


async def test_many_at_once() -> None:
    """More pings than a burst all get their answers."""
    sockets = EchoSockets(SystemClock())
    pings = [Ping(f"127.0.0.{number}") for number in range(1, 255)] * 2
    echo = sockets.to("127.0.0.1")

    for ping in pings:
        echo.send(ping)
    outcomes = [await ping.outcome for ping in pings]

    assert all(isinstance(outcome, float) for outcome in outcomes)
    sockets.close()

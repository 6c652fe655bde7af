"""When the kernel saw what a socket hands out."""

from __future__ import annotations

import socket

from heartbeat.clock import SystemClock
from heartbeat.net.arrival import ROOM, arrival, tell_arrivals


def test_the_kernel_tells_when_data_came() -> None:
    """Between the moment they were sent and the moment they were read."""
    clock = SystemClock()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
    with ours, theirs:
        tell_arrivals(ours)
        before = clock.now()
        theirs.send(b"there")
        data, beside, _, _ = ours.recvmsg(100, ROOM)
        after = clock.now()

    assert data == b"there"
    assert before <= arrival(beside) <= after


def test_who_was_not_asked_tells_nothing() -> None:
    """Without a stamp there is no moment."""
    assert arrival([(socket.SOL_SOCKET, 40, b"\0\0\0\1")]) == 0


def test_a_socket_that_cannot_tell_is_no_harm() -> None:
    """Reading goes on without."""
    with socket.socket() as closed:
        pass
    tell_arrivals(closed)

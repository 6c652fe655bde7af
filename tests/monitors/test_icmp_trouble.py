"""The shared sockets when they fail, lack privileges or cannot be opened."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.errors import CheckFailed
from heartbeat.monitors.icmp.flight import Ping
from heartbeat.monitors.icmp.sockets import EchoSocket, EchoSockets
from heartbeat.monitors.icmp.system import Manner
from tests.support.clock import FakeClock, settle
from tests.support.ping import (
    ScriptedSockets,
    dropped,
    queued,
    reply,
    round_trip,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOST = "192.0.2.7"
ROUTER = "192.0.2.254"
IDENTIFIER = 4711


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that stands still."""
    return FakeClock()


@pytest.fixture
def raw() -> ScriptedSockets:
    """Return where raw sockets come from."""
    return ScriptedSockets()


@pytest.fixture
async def echo(clock: FakeClock, raw: ScriptedSockets) -> AsyncIterator[EchoSocket]:
    """Return a socket for IPv4 over a scripted raw one."""
    sockets = EchoSockets(clock, raw)
    yield sockets.to(HOST)
    sockets.close()


@pytest.fixture
def unprivileged() -> ScriptedSockets:
    """Return where datagram sockets come from."""
    return ScriptedSockets(IDENTIFIER)


@pytest.fixture
async def datagrams(
    clock: FakeClock, unprivileged: ScriptedSockets
) -> AsyncIterator[EchoSocket]:
    """Return a socket for IPv4 over a scripted datagram one."""
    sockets = EchoSockets(clock, unprivileged)
    yield sockets.to(HOST)
    sockets.close()


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _sent(echo: EchoSocket, address: str = HOST) -> Ping:
    ping = Ping(address)
    echo.send(ping)
    return ping


class TestTrouble:
    """Sockets that fail."""

    async def test_a_failed_socket_is_replaced(
        self, echo: EchoSocket, raw: ScriptedSockets
    ) -> None:
        """The answer to a ping that was under way comes through the new socket."""
        ping = _sent(echo)
        packet, _ = raw.last.sent[0]
        raw.last.break_down(_error(errno.ENETDOWN))
        await settle()

        raw.last.arrive(reply(packet), HOST)

        assert await round_trip(ping) == 0.0
        assert raw.opened[0].is_closed
        assert echo.counters.receive_errors == 1

    async def test_what_was_held_back_goes_through_the_new_socket(
        self, echo: EchoSocket, raw: ScriptedSockets
    ) -> None:
        """Requests that waited for room are not lost with the socket."""
        raw.last.refusals.extend([BlockingIOError()] * 2)
        _sent(echo)
        raw.last.break_down(_error(errno.ENETDOWN))

        await settle()

        assert len(raw.last.sent) == 1

    async def test_pings_end_when_no_socket_can_be_had(
        self, echo: EchoSocket, raw: ScriptedSockets
    ) -> None:
        """Neither those in flight nor those held back wait in vain."""
        in_flight = _sent(echo)
        raw.last.refusals.extend([BlockingIOError()] * 9)
        held = _sent(echo)
        raw.failures.append(_error(errno.EMFILE))

        raw.last.break_down(_error(errno.ENETDOWN))

        expected = "could not read from conn: too many open files"
        assert await in_flight.outcome == expected
        assert await held.outcome == expected
        assert echo.is_closed

    async def test_dropped_packets_are_counted(
        self,
        echo: EchoSocket,
        raw: ScriptedSockets,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """The kernel's running total is taken as a total, and told of once."""
        raw.last.arrive(b"", HOST, dropped(3))
        raw.last.arrive(b"", HOST, dropped(5))
        raw.last.arrive(b"", HOST, dropped(5))

        await settle()

        assert echo.counters.dropped == 5
        assert len(caplog.records) == 1
        assert "net.core.rmem_max" in caplog.text

    async def test_more_drops_are_told_of_later(
        self,
        echo: EchoSocket,
        raw: ScriptedSockets,
        clock: FakeClock,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """A minute after the first warning there may be another."""
        _sent(echo)
        raw.last.arrive(b"", HOST, dropped(3))
        await settle()
        clock.jump(60)
        raw.last.arrive(b"", HOST, dropped(4))
        await settle()

        assert [record.__dict__["dropped"] for record in caplog.records] == [3, 4]


class TestDatagramSocket:
    """What is different without privileges."""

    async def test_the_identifier_is_the_kernels(
        self, datagrams: EchoSocket, unprivileged: ScriptedSockets
    ) -> None:
        """Requests carry the number the kernel will put there anyway."""
        _sent(datagrams)

        packet, _ = unprivileged.last.sent[0]
        assert packet[4:6] == IDENTIFIER.to_bytes(2, "big")

    async def test_errors_come_through_the_queue(
        self, datagrams: EchoSocket, unprivileged: ScriptedSockets
    ) -> None:
        """An error in the queue is as good as one in a packet."""
        ping = _sent(datagrams)
        packet, _ = unprivileged.last.sent[0]

        unprivileged.last.queue_error(packet, HOST, queued(3, 1, ROUTER))
        await settle()

        assert ping.fault == f"destination host unreachable from {ROUTER}"

    async def test_answers_still_come_after_an_error(
        self, datagrams: EchoSocket, unprivileged: ScriptedSockets
    ) -> None:
        """An error about one target does not deafen the socket."""
        ping = _sent(datagrams)
        packet, _ = unprivileged.last.sent[0]
        unprivileged.last.queue_error(packet, HOST, queued(3, 1, ROUTER))
        await settle()

        unprivileged.last.arrive(reply(packet), HOST)

        assert await round_trip(ping) == 0.0

    async def test_the_error_of_another_target_does_not_end_a_ping(
        self, datagrams: EchoSocket, unprivileged: ScriptedSockets
    ) -> None:
        """A send that fails for what happened before is tried once more."""
        unprivileged.last.refusals.append(_error(errno.EHOSTUNREACH))

        ping = _sent(datagrams)

        assert not ping.outcome.done()
        assert len(unprivileged.last.sent) == 1

    async def test_a_real_refusal_ends_a_ping(
        self, datagrams: EchoSocket, unprivileged: ScriptedSockets
    ) -> None:
        """A send that fails again has no route."""
        unprivileged.last.refusals.extend([_error(errno.ENETUNREACH)] * 2)

        ping = _sent(datagrams)

        assert await ping.outcome == (
            "could not write to conn: write ip4 0.0.0.0->192.0.2.7: "
            "sendto: network is unreachable"
        )

    async def test_an_error_that_comes_while_reading_is_no_breakdown(
        self,
        datagrams: EchoSocket,
        unprivileged: ScriptedSockets,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A read that fails for an error in the queue takes it and goes on."""
        ping = _sent(datagrams)
        sock = unprivileged.last
        read = sock.recvmsg

        def queue_just_now(*arguments: Any) -> Any:
            monkeypatch.setattr(sock, "recvmsg", read)
            with pytest.raises(BlockingIOError):
                read(*arguments)
            sock.queue_error(sock.sent[0][0], HOST, queued(3, 1, ROUTER))
            raise BlockingIOError

        monkeypatch.setattr(sock, "recvmsg", queue_just_now)
        sock.break_down(_error(errno.EHOSTUNREACH))
        await settle()

        assert ping.fault == f"destination host unreachable from {ROUTER}"
        assert datagrams.counters.receive_errors == 0

    async def test_a_failed_socket_is_replaced(
        self, datagrams: EchoSocket, unprivileged: ScriptedSockets
    ) -> None:
        """A read that fails for no error in the queue is a breakdown."""
        unprivileged.last.break_down(_error(errno.ENETDOWN))

        await settle()

        assert len(unprivileged.opened) == 2
        assert datagrams.counters.receive_errors == 1


class TestOpening:
    """When sockets are opened, and what is said when they cannot be."""

    async def test_one_socket_serves_a_family(
        self, clock: FakeClock, raw: ScriptedSockets
    ) -> None:
        """All IPv4 addresses share a socket, IPv6 has its own."""
        sockets = EchoSockets(clock, raw)

        assert sockets.to(HOST) is sockets.to(ROUTER)
        assert sockets.to(HOST) is not sockets.to("::1")
        sockets.close()

    async def test_privileges_may_come_later(
        self, clock: FakeClock, raw: ScriptedSockets
    ) -> None:
        """Without privileges a check fails with advice, and the next one tries."""
        raw.failures.append(PermissionError(errno.EPERM, "no"))
        sockets = EchoSockets(clock, raw)

        with pytest.raises(
            CheckFailed,
            match=r"Insufficient privileges to perform ICMP ping\. "
            r".*CAP_NET_RAW.*net\.ipv4\.ping_group_range",
        ):
            sockets.to(HOST)

        assert not sockets.to(HOST).is_closed
        sockets.close()

    async def test_each_manner_has_a_socket(
        self, clock: FakeClock, raw: ScriptedSockets
    ) -> None:
        """What is a property of a socket is not changed under other pings."""
        sockets = EchoSockets(clock, raw)
        far = Manner(ttl=9)

        assert sockets.to(HOST, far) is sockets.to(ROUTER, far)
        assert sockets.to(HOST, far) is not sockets.to(HOST)
        assert raw.manners == [far, Manner()]
        sockets.close()

    async def test_a_family_may_be_missing(
        self, clock: FakeClock, raw: ScriptedSockets
    ) -> None:
        """A machine without IPv6 says so."""
        raw.failures.append(_error(errno.EAFNOSUPPORT))

        with pytest.raises(CheckFailed) as failure:
            EchoSockets(clock, raw).to("2001:db8::1")

        assert str(failure.value) == (
            "cannot ping IPv6 address '2001:db8::1', no IPv6 connection available: "
            "address family not supported by protocol"
        )

    async def test_a_closed_socket_is_opened_again(
        self, clock: FakeClock, raw: ScriptedSockets
    ) -> None:
        """A socket that gave up does not keep the next ping from working."""
        sockets = EchoSockets(clock, raw)
        sockets.to(HOST).close()

        assert not sockets.to(HOST).is_closed
        sockets.close()

    async def test_closing_twice_is_harmless(
        self, clock: FakeClock, raw: ScriptedSockets
    ) -> None:
        """A closed socket stays closed."""
        sockets = EchoSockets(clock, raw)
        sockets.to(HOST).close()

        sockets.close()
        sockets.close()

        assert raw.last.is_closed

"""The shared sockets, with a scripted one in the place of the system's."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from heartbeat.monitors.icmp.flight import Ping
from heartbeat.monitors.icmp.sockets import BATCH, BURST, EchoSocket, EchoSockets
from tests.support.clock import FakeClock, settle
from tests.support.ping import (
    ScriptedSockets,
    datagram,
    message,
    refusal,
    reply,
    round_trip,
    stamped,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

HOST = "192.0.2.7"
ROUTER = "192.0.2.254"


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


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _sent(echo: EchoSocket, address: str = HOST) -> Ping:
    ping = Ping(address)
    echo.send(ping)
    return ping


def _as_it_is(answer: bytes) -> bytes:
    return answer


def _damaged(answer: bytes) -> bytes:
    return answer[:-1] + b"?"


def _altered(answer: bytes) -> bytes:
    return message(0, 0, answer[4:8], b"?" + answer[9:])


def _cut(answer: bytes) -> bytes:
    return message(0, 0, answer[4:8], answer[8:12])


class TestMatching:
    """Which answer belongs to which ping."""

    async def test_a_reply_ends_the_ping(
        self, echo: EchoSocket, raw: ScriptedSockets
    ) -> None:
        """The answer of the target ends the wait."""
        ping = _sent(echo)
        packet, _ = raw.last.sent[0]

        raw.last.arrive(reply(packet), HOST)

        assert await round_trip(ping) == 0.0

    async def test_each_gets_its_own_answer(
        self, echo: EchoSocket, raw: ScriptedSockets, clock: FakeClock
    ) -> None:
        """Two pings to one host are told apart by their numbers."""
        first = _sent(echo)
        clock.jump(2)
        second = _sent(echo)

        for packet, _ in reversed(raw.last.sent):
            raw.last.arrive(reply(packet), HOST)

        assert (await round_trip(first), await round_trip(second)) == (2.0, 0.0)

    async def test_a_late_answer_counts_for_its_request(
        self, echo: EchoSocket, raw: ScriptedSockets, clock: FakeClock
    ) -> None:
        """The round trip is that of the request that was answered."""
        ping = _sent(echo)
        clock.jump(1)
        echo.send(ping)
        clock.jump(0.5)

        raw.last.arrive(reply(raw.last.sent[0][0]), HOST)

        assert await round_trip(ping) == 1.5

    @pytest.mark.parametrize("position", [4, 6])
    async def test_a_foreign_answer_is_ignored(
        self, echo: EchoSocket, raw: ScriptedSockets, position: int
    ) -> None:
        """Identifier and sequence must be ours, or it means nothing to us."""
        ping = _sent(echo)
        request = bytearray(raw.last.sent[0][0])
        request[position] ^= 0xFF

        raw.last.arrive(reply(bytes(request)), HOST)
        await settle()

        assert (ping.outcome.done(), ping.fault) == (False, "")

    @pytest.mark.parametrize(
        ("change", "source", "expected"),
        [
            (_as_it_is, ROUTER, f"answer from another address, {ROUTER}"),
            (_damaged, HOST, f"answer with a wrong checksum from {HOST}"),
            (_altered, HOST, f"answer with another payload from {HOST}"),
            (_cut, HOST, f"answer with another payload from {HOST}"),
        ],
        ids=["source", "checksum", "altered", "cut"],
    )
    async def test_a_flawed_answer_is_none_but_is_noticed(
        self,
        echo: EchoSocket,
        raw: ScriptedSockets,
        change: Callable[[bytes], bytes],
        source: str,
        expected: str,
    ) -> None:
        """Sender, checksum and payload must be right; what is wrong is remembered."""
        ping = _sent(echo)

        raw.last.arrive(change(reply(raw.last.sent[0][0])), source)
        await settle()

        assert (ping.outcome.done(), ping.fault) == (False, expected)
        assert echo.counters.flawed == 1

    async def test_nonsense_is_ignored(
        self, echo: EchoSocket, raw: ScriptedSockets
    ) -> None:
        """What is no message about a request changes nothing."""
        ping = _sent(echo)

        raw.last.arrive(b"\0", HOST)
        await settle()

        assert not ping.outcome.done()

    async def test_a_forgotten_ping_takes_no_answer(
        self, echo: EchoSocket, raw: ScriptedSockets
    ) -> None:
        """Once a check is over, its late answers mean nothing."""
        ping = _sent(echo)
        echo.forget(ping)

        raw.last.arrive(reply(raw.last.sent[0][0]), HOST)
        await settle()

        assert not ping.outcome.done()

    async def test_an_error_is_remembered(
        self, echo: EchoSocket, raw: ScriptedSockets
    ) -> None:
        """A router's refusal does not end the ping: the target may answer yet."""
        ping = _sent(echo)
        error = refusal(4, 3, 1, raw.last.sent[0][0], HOST)

        raw.last.arrive(datagram(4, error, source=ROUTER, target=HOST), ROUTER)
        await settle()

        assert ping.fault == f"destination host unreachable from {ROUTER}"
        assert not ping.outcome.done()

    async def test_an_error_about_another_target_is_ignored(
        self, echo: EchoSocket, raw: ScriptedSockets
    ) -> None:
        """The quote must be of a packet to this target."""
        ping = _sent(echo)

        raw.last.arrive(refusal(4, 3, 1, raw.last.sent[0][0], ROUTER), ROUTER)
        await settle()

        assert ping.fault == ""

    async def test_an_ipv6_sender_may_name_its_zone(
        self, clock: FakeClock, raw: ScriptedSockets
    ) -> None:
        """A link-local target answers with or without its zone."""
        sockets = EchoSockets(clock, raw)
        ping = _sent(sockets.to("fe80::1"), "fe80::1%lo")

        raw.last.arrive(reply(raw.last.sent[0][0], 129), "fe80::1%lo")

        assert await round_trip(ping) == 0.0
        sockets.close()


class TestRoundTrip:
    """Which of two clocks is believed."""

    @pytest.mark.parametrize(
        ("offset", "expected"),
        [(0.25, 0.25), (-3.0, 0.5), (3600.0, 0.5)],
        ids=["stamp", "wall clock set back", "wall clock set forward"],
    )
    async def test_the_stamp_of_the_kernel_counts_if_it_can_be(
        self,
        echo: EchoSocket,
        raw: ScriptedSockets,
        clock: FakeClock,
        offset: float,
        expected: float,
    ) -> None:
        """A stamp before sending or after reading is not believed."""
        ping = _sent(echo)
        stamp = clock.now() + round(offset * 1e9)
        clock.jump(0.5)

        raw.last.arrive(reply(raw.last.sent[0][0]), HOST, stamped(stamp))

        assert await round_trip(ping) == expected

    @pytest.mark.parametrize(
        ("left", "expected"), [(0.125, 0.125), (-1.0, 0.25)], ids=["this", "another"]
    )
    async def test_the_kernel_says_when_a_request_left(
        self,
        echo: EchoSocket,
        raw: ScriptedSockets,
        clock: FakeClock,
        left: float,
        expected: float,
    ) -> None:
        """Its round trip begins then; when others left does not matter."""
        raw.last.departures.append(clock.now() + round(left * 1e9))
        ping = _sent(echo)
        stamp = clock.now() + 250_000_000
        clock.jump(0.5)

        raw.last.arrive(reply(raw.last.sent[0][0]), HOST, stamped(stamp))

        assert await round_trip(ping) == expected

    async def test_a_departure_told_late_does_no_harm(
        self, echo: EchoSocket, raw: ScriptedSockets, clock: FakeClock
    ) -> None:
        """Our own stamp stands, and answers are still read."""
        ping = _sent(echo)
        stamp = clock.now() + 250_000_000
        raw.last.depart(clock.now() + 100_000_000)
        await settle()
        clock.jump(0.5)

        raw.last.arrive(reply(raw.last.sent[0][0]), HOST, stamped(stamp))

        assert await round_trip(ping) == 0.25


class TestSending:
    """Bursts, full buffers and refusals."""

    async def test_a_burst_is_paced(
        self, echo: EchoSocket, raw: ScriptedSockets
    ) -> None:
        """No more than a burst is sent before the loop gets a turn."""
        for _ in range(BURST + 1):
            _sent(echo)

        assert len(raw.last.sent) == BURST

        await settle()

        assert len(raw.last.sent) == BURST + 1

    async def test_reading_allows_the_next_burst(
        self, echo: EchoSocket, raw: ScriptedSockets
    ) -> None:
        """Once answers were read, sending may go on at once."""
        for _ in range(BURST):
            _sent(echo)
        raw.last.arrive(b"", HOST)
        await settle()

        for _ in range(BURST):
            _sent(echo)

        assert len(raw.last.sent) == 2 * BURST

    async def test_a_long_queue_takes_several_turns(
        self, echo: EchoSocket, raw: ScriptedSockets
    ) -> None:
        """Everything held back is sent in the end."""
        for _ in range(3 * BURST):
            _sent(echo)

        await settle()

        assert len(raw.last.sent) == 3 * BURST

    async def test_a_full_buffer_delays(
        self, echo: EchoSocket, raw: ScriptedSockets
    ) -> None:
        """What the system has no room for is sent later, in order, and once."""
        raw.last.refusals.extend([BlockingIOError(), BlockingIOError()])
        first = _sent(echo)
        echo.send(first)
        _sent(echo, ROUTER)

        await settle()

        assert [address for _, address in raw.last.sent] == [HOST, ROUTER]

    async def test_what_is_held_back_can_be_forgotten(
        self, echo: EchoSocket, raw: ScriptedSockets
    ) -> None:
        """A check that ended while its request waited sends nothing."""
        raw.last.refusals.append(BlockingIOError())
        echo.forget(_sent(echo))

        await settle()

        assert raw.last.sent == []

    async def test_a_refusal_is_the_outcome(
        self, echo: EchoSocket, raw: ScriptedSockets
    ) -> None:
        """Without a route there is no point in waiting."""
        raw.last.refusals.append(_error(errno.EHOSTUNREACH))

        ping = _sent(echo)

        assert await ping.outcome == (
            "could not write to conn: write ip4 0.0.0.0->192.0.2.7: "
            "sendto: no route to host"
        )

    async def test_many_answers_take_several_turns(
        self, echo: EchoSocket, raw: ScriptedSockets
    ) -> None:
        """A flood is read in batches, and nothing of it is lost."""
        pings = [_sent(echo) for _ in range(BATCH + 1)]
        for packet, _ in raw.last.sent:
            raw.last.arrive(reply(packet), HOST)

        assert [await round_trip(ping) for ping in pings] == [0.0] * (BATCH + 1)

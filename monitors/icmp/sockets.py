"""The sockets that all pings of the process share.

Owns sending, receiving and matching: an answer belongs to the request in flight with
its sequence number and this socket's identifier, comes from the address it was sent to
and brings its payload back. Must not know monitors or documents.

One socket for each address family (and manner of sending, where a monitor asks for an
unusual one), because every raw ICMP socket of a machine is given a copy of every ICMP
packet: a socket for each ping would make n pings cost n² packets.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from heartbeat.errors import CheckFailed, system_text
from heartbeat.monitors.icmp.flight import (
    InFlight,
    Ping,
    Request,
    version_of,
    without_zone,
)
from heartbeat.monitors.icmp.packet import Fault, Reply, echo_request, parse
from heartbeat.monitors.icmp.system import (
    ANCILLARY_SIZE,
    FAMILIES,
    MESSAGE_SIZE,
    Manner,
    Opened,
    Queued,
    open_socket,
    stamp_and_drops,
    take_queued,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.clock import Clock
    from heartbeat.net import Network

Opener: TypeAlias = "Callable[[int, Manner], Opened]"

BURST: Final = 200
"""Requests sent before the loop gets a turn to read the answers: less than the 256 that
the smallest receive buffer holds."""

BATCH: Final = 64
"""Packets read in one turn of the loop, so that other checks get theirs."""

NO_PRIVILEGE: Final = (
    "Insufficient privileges to perform ICMP ping. Give the process CAP_NET_RAW, or "
    "let one of its groups ping with the sysctl net.ipv4.ping_group_range."
)

USUAL: Final = Manner()
HEADERS: Final = 128
"""Room for what is around the payload of an answer."""

QUIET: Final = 60.0
"""Seconds between two warnings about dropped packets."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Counters:
    """What went wrong with a socket since the start.

    `receive_errors` made it necessary to open it again; `dropped` counts packets that
    the kernel threw away because the receive buffer was full or they were broken;
    `flawed` counts answers that were not what they should be.
    """

    receive_errors: int = 0
    dropped: int = 0
    flawed: int = 0


class EchoSocket:
    """The socket for one IP version and one manner of sending."""

    def __init__(
        self, version: int, clock: Clock, opener: Opener, manner: Manner = USUAL
    ) -> None:
        """Open it; raises `OSError`."""
        self._version = version
        self._clock = clock
        self._opener = opener
        self._manner = manner
        self._room = MESSAGE_SIZE
        self._loop = asyncio.get_running_loop()
        self._identifier = secrets.randbits(16)
        self._in_flight = InFlight()
        self._held: OrderedDict[Ping, None] = OrderedDict()
        self._budget = BURST
        self._drops = 0
        self._unstamped = 0
        self._may_be_deaf = False
        self._quiet_until = 0.0
        self.counters = Counters()
        self.is_closed = False
        self._open()

    def _open(self) -> None:
        opened = self._opener(self._version, self._manner)
        self._sock = opened.sock
        self._is_raw = opened.identifier is None
        if opened.identifier is not None:
            self._identifier = opened.identifier
        self._loop.add_reader(self._sock.fileno(), self._receive)

    @property
    def in_flight(self) -> int:
        """Return how many requests still may be answered."""
        return len(self._in_flight)

    def close(self) -> None:
        """Let go of the socket; a second call changes nothing."""
        if not self.is_closed:
            self.is_closed = True
            self._shut()

    def _shut(self) -> None:
        self._loop.remove_reader(self._sock.fileno())
        self._loop.remove_writer(self._sock.fileno())
        self._sock.close()

    def send(self, ping: Ping) -> None:
        """Send an echo request, now or as soon as the system takes it.

        Nothing is raised: a failure is the outcome of the ping.
        """
        if self._budget and not self._held and self._transmit(ping):
            self._budget -= 1
            return
        if not self._held:
            self._loop.add_writer(self._sock.fileno(), self._send_held)
        self._held[ping] = None

    def forget(self, ping: Ping) -> None:
        """Send no more for a ping and take no more answers."""
        self._held.pop(ping, None)
        self._in_flight.forget(ping)

    def _send_held(self) -> None:
        """Send what was held back: a burst a turn, while the system takes it."""
        self._budget = BURST
        while self._held and self._budget:
            ping = next(iter(self._held))
            if not self._transmit(ping):
                return
            self._budget -= 1
            del self._held[ping]
        if not self._held:
            self._loop.remove_writer(self._sock.fileno())

    def _transmit(self, ping: Ping) -> bool:
        """Send one request; return False if the system has no room for it now."""
        sequence = self._in_flight.next_sequence()
        content = ping.content
        self._room = max(self._room, len(content.data) + HEADERS)
        packet = echo_request(self._version, self._identifier, sequence, content)
        request = Request(ping, self._clock.now(), self._clock.monotonic())
        try:
            self._send_to(packet, ping.address)
        except BlockingIOError:
            return False
        except OSError as error:
            own = FAMILIES[self._version].any
            ping.finish(
                f"could not write to conn: write ip{self._version} "
                f"{own}->{ping.address}: sendto: {system_text(error)}"
            )
        else:
            self._in_flight.add(sequence, request)
            self._stamp(request)
        return True

    def _stamp(self, request: Request) -> None:
        """Let the kernel say when a request left, which it mostly has by now.

        Between our own stamp and that moment the system may have run something else.
        Where a request has to wait, for its neighbour to be found say, ours stands.
        """
        self._unstamped += 1
        while entry := take_queued(self._sock, self._version):
            if entry.left >= request.stamp:
                self._unstamped -= 1
                request.stamp = entry.left
                return
            self._take_entry(entry)

    def _send_to(self, packet: bytes, address: str) -> None:
        try:
            self._sock.sendto(packet, (address, 0))
        except BlockingIOError:
            raise
        except OSError:
            # On a datagram socket this may be the error of an earlier request, to any
            # address. Reading the error queue clears it, and the second try tells.
            if self._is_raw:
                raise
            self._take_queued()
            self._sock.sendto(packet, (address, 0))

    def _receive(self) -> None:
        self._budget = BURST
        if self._unstamped or not self._is_raw:
            self._take_queued()
        if self._may_be_deaf:
            self._watch_anew()
        for _ in range(BATCH):
            try:
                data, ancillary, _, address = self._sock.recvmsg(
                    self._room, ANCILLARY_SIZE
                )
            except BlockingIOError:
                return
            except OSError as error:
                if self._is_raw or not self._take_queued():
                    self._replace(error)
                elif self._may_be_deaf:
                    self._watch_anew()
                return
            stamp, drops = stamp_and_drops(ancillary)
            if drops > self._drops:
                self._count_drops(drops)
            message = parse(self._version, data)
            if message is not None:
                self._take(message, without_zone(address[0]), stamp)

    def _take(self, message: Reply | Fault, source: str, stamp: int) -> None:
        request = self._in_flight.get(message.sequence)
        if request is None or message.identifier != self._identifier:
            return
        ping = request.ping
        if isinstance(message, Fault):
            if message.target == ping.source:
                ping.fault = message.text(source)
            return
        flaw = _flaw(message, source, ping)
        if flaw:
            self.counters.flawed += 1
            ping.fault = flaw
        else:
            round_trip = self._round_trip(request, stamp)
            ping.answer(message.sequence, round_trip, stamp)

    def _round_trip(self, request: Request, stamp: int) -> float:
        """Return the seconds between request and answer.

        The kernel's stamp is not late when the loop is busy, but it is of the wall
        clock: if that was set in between, our own measure is the better one.
        """
        waited = self._clock.monotonic() - request.sent
        by_kernel = (stamp - request.stamp) / 1e9
        return by_kernel if 0 <= by_kernel <= waited else waited

    def _take_queued(self) -> bool:
        """Take what the kernel has in the error queue; tell if there was anything."""
        found = False
        while entry := take_queued(self._sock, self._version):
            found = True
            self._take_entry(entry)
        return found

    def _take_entry(self, entry: Queued) -> None:
        self._may_be_deaf = True
        if entry.fault is not None:
            self._take(entry.fault, entry.source, 0)
        elif entry.left and self._unstamped:
            self._unstamped -= 1

    def _watch_anew(self) -> None:
        """Watch the socket again: libuv stops once there is something in the queue."""
        self._may_be_deaf = False
        self._loop.remove_reader(self._sock.fileno())
        self._loop.add_reader(self._sock.fileno(), self._receive)

    def _count_drops(self, drops: int) -> None:
        """Add to the count what the kernel's running total grew by, and tell of it."""
        self.counters.dropped += drops - self._drops
        self._drops = drops
        if self._clock.monotonic() >= self._quiet_until:
            self._quiet_until = self._clock.monotonic() + QUIET
            _log.warning(
                "icmp packets were dropped by the kernel: the receive buffer, which "
                "net.core.rmem_max limits, was full, or they were broken",
                extra={"dropped": self.counters.dropped},
            )

    def _replace(self, error: OSError) -> None:
        """Open another socket after an error: no ping is to wait on a dead one."""
        self.counters.receive_errors += 1
        _log.warning(
            "icmp socket failed and is opened again: %s",
            system_text(error),
            extra={"errors": self.counters.receive_errors},
        )
        self._shut()
        self._drops = self._unstamped = 0
        try:
            self._open()
        except OSError as cause:
            self._give_up(cause)
            return
        if self._held:
            self._loop.add_writer(self._sock.fileno(), self._send_held)

    def _give_up(self, cause: OSError) -> None:
        """End every ping; the next one tries a new socket."""
        self.is_closed = True
        text = f"could not read from conn: {system_text(cause)}"
        self._in_flight.finish(text)
        for ping in self._held:
            ping.finish(text)


def _flaw(reply: Reply, source: str, ping: Ping) -> str:
    """Return why a reply to a request is no answer to the ping, "" if it is one."""
    if not reply.is_intact:
        return f"answer with a wrong checksum from {source}"
    if source != ping.source:
        return f"answer from another address, {source}"
    if reply.payload != ping.content.data:
        return f"answer with another payload from {source}"
    return ""


@dataclass(slots=True)
class EchoSockets:
    """The sockets of both IP versions, opened when they are first needed."""

    clock: Clock
    opener: Opener = open_socket
    _sockets: dict[tuple[int, Manner], EchoSocket] = field(
        default_factory=dict[tuple[int, Manner], EchoSocket]
    )

    @classmethod
    def of(cls, network: Network) -> EchoSockets:
        """Return new sockets, to be had from `Network.shared`."""
        return cls(network.clock)

    def to(self, address: str, manner: Manner = USUAL) -> EchoSocket:
        """Return the socket that reaches an address.

        Raises `CheckFailed` if there is none; every call tries again, because
        privileges and networks may come later.
        """
        kind = (version_of(address), manner)
        echo = self._sockets.get(kind)
        if echo is None or echo.is_closed:
            echo = self._sockets[kind] = self._opened(address, manner)
        return echo

    def _opened(self, address: str, manner: Manner) -> EchoSocket:
        version = version_of(address)
        try:
            return EchoSocket(version, self.clock, self.opener, manner)
        except PermissionError as error:
            raise CheckFailed.io(NO_PRIVILEGE) from error
        except OSError as error:
            raise CheckFailed.io(
                f"cannot ping IPv{version} address '{address}', "
                f"no IPv{version} connection available: {system_text(error)}"
            ) from error

    def close(self) -> None:
        """Close what is open."""
        for echo in self._sockets.values():
            echo.close()
        self._sockets.clear()

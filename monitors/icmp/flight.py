"""Pings and their requests in flight.

Owns the numbers that requests carry and which ping each stands for. Must not know
sockets or bytes.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from dataclasses import dataclass
from typing import Final

from heartbeat.monitors.icmp.figures import Echoes
from heartbeat.monitors.icmp.packet import CUSTOMARY_SIZE, IPV4, IPV6, Payload, payload

SEQUENCES: Final = 0x10000


def version_of(address: str) -> int:
    """Return the IP version of a literal address."""
    return IPV6 if ":" in address else IPV4


def without_zone(address: str) -> str:
    """Return an address without the zone that link-local ones may have."""
    return address.partition("%")[0]


class Ping:
    """One target, and what came of the requests sent to it.

    `outcome` becomes None when `wanted` requests were answered, or the text of the
    error that makes sending pointless. `answers` holds the round trips in seconds, by
    sequence number, and `came_ns` is when the last of them came by the kernel's wall
    clock, 0 if it did not tell; `fault` is what the target or a router last said or did
    instead of answering.
    """

    __slots__ = (
        "address",
        "answers",
        "came_ns",
        "content",
        "duplicates",
        "fault",
        "outcome",
        "sequences",
        "source",
        "wanted",
    )

    def __init__(
        self, address: str, content: Payload | None = None, wanted: int = 1
    ) -> None:
        """Wait for the literal `address` to answer `wanted` requests."""
        self.address = address
        self.source = _as_received(address)
        self.content = content or payload(CUSTOMARY_SIZE)
        self.wanted = wanted
        self.outcome: asyncio.Future[str | None] = (
            asyncio.get_running_loop().create_future()
        )
        self.sequences: list[int] = []
        self.answers: dict[int, float] = {}
        self.came_ns = 0
        self.duplicates = 0
        self.fault = ""

    def answer(self, sequence: int, round_trip: float, came_ns: int = 0) -> None:
        """Take an answer; only the first one to a request counts as such."""
        if sequence in self.answers:
            self.duplicates += 1
            return
        self.came_ns = came_ns
        self.answers[sequence] = round_trip
        if len(self.answers) == self.wanted:
            self.finish()

    def echoes(self) -> Echoes:
        """Return what came of the requests so far."""
        answers = self.answers
        round_trips = [answers[each] for each in self.sequences if each in answers]
        return Echoes(len(self.sequences), round_trips, self.duplicates)

    def finish(self, fault: str | None = None) -> None:
        """End the wait unless it is over already."""
        if not self.outcome.done():
            self.outcome.set_result(fault)


def _as_received(address: str) -> str:
    """Return an address in the form that the system gives the sender's in."""
    if version_of(address) == IPV4:
        return address
    packed = socket.inet_pton(socket.AF_INET6, without_zone(address))
    return socket.inet_ntop(socket.AF_INET6, packed)


@dataclass(slots=True)
class Request:
    """An echo request in flight: sent at `stamp` (wall clock, ns) and `sent`.

    The stamp is the kernel's where it tells when the request left.
    """

    ping: Ping
    stamp: int
    sent: float


class InFlight:
    """The requests sent from one socket, by sequence number."""

    __slots__ = ("_next", "_requests")

    def __init__(self) -> None:
        """Begin anywhere, so that a restarted process repeats no numbers."""
        self._next = secrets.randbelow(SEQUENCES)
        self._requests: dict[int, Request] = {}

    def __len__(self) -> int:
        return len(self._requests)

    def next_sequence(self) -> int:
        """Return a number that no request in flight has.

        When every number is in flight, the request that was sent first gives way.
        """
        sequence = self._next
        if len(self._requests) < SEQUENCES:
            while sequence in self._requests:
                sequence = (sequence + 1) % SEQUENCES
        self._next = (sequence + 1) % SEQUENCES
        return sequence

    def add(self, sequence: int, request: Request) -> None:
        """Expect an answer with this number."""
        self._requests[sequence] = request
        request.ping.sequences.append(sequence)

    def get(self, sequence: int) -> Request | None:
        """Return the request with this number, None if it is not in flight."""
        return self._requests.get(sequence)

    def forget(self, ping: Ping) -> None:
        """Expect no more answers for a ping."""
        for sequence in ping.sequences:
            request = self._requests.get(sequence)
            if request is not None and request.ping is ping:
                del self._requests[sequence]

    def finish(self, fault: str) -> None:
        """End every ping that waits."""
        for request in self._requests.values():
            request.ping.finish(fault)

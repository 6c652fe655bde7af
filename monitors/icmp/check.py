"""One ping: send, wait, send again, until an answer or the deadline.

Owns the options of `type: icmp`, the loop of requests and what a document says about
it. Must not know sockets beyond handing a ping to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from heartbeat.config import Duration  # noqa: TC001 - pydantic reads it
from heartbeat.errors import CheckFailed, ConfigError
from heartbeat.event import Facts, Fields, Result, microseconds
from heartbeat.monitors.addresses import (
    AddressOptions,
    Find,
    Hosts,
    each_address,
    finder,
    is_address,
)
from heartbeat.monitors.icmp.flight import Ping
from heartbeat.monitors.icmp.sockets import EchoSocket, EchoSockets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from heartbeat.clock import Clock, Deadline, Timer
    from heartbeat.config import MonitorSpec
    from heartbeat.monitors.base import Check, Url
    from heartbeat.net import Network


def _positive(seconds: float) -> float:
    if seconds <= 0:
        raise ValueError(f"wait must be positive, but this is {seconds:g}s")
    return seconds


class IcmpOptions(AddressOptions):
    """Every option of `type: icmp` beyond those of all monitors.

    `wait` is how many seconds an answer may take before another request is sent.
    """

    hosts: Hosts
    wait: Annotated[Duration, AfterValidator(_positive)] = 1.0


@dataclass(frozen=True, slots=True)
class IcmpFacts:
    """How many requests were sent and, if one was answered, its round trip."""

    requests: int
    rtt: float | None = None

    def put(self, fields: Fields) -> None:
        """Write `icmp.requests` and `icmp.rtt.us`."""
        icmp = fields.setdefault("icmp", {})
        icmp["requests"] = self.requests
        if self.rtt is not None:
            icmp["rtt"] = microseconds(self.rtt)


class Repeat:
    """Sends a ping's requests: one at once, then one every `wait` seconds."""

    __slots__ = ("_clock", "_echo", "_ping", "_timer", "_wait")

    _timer: Timer

    def __init__(self, echo: EchoSocket, ping: Ping, clock: Clock, wait: float) -> None:
        """Send the first request."""
        self._echo = echo
        self._ping = ping
        self._clock = clock
        self._wait = wait
        self._send()

    def _send(self) -> None:
        self._timer = self._clock.call_at(
            self._clock.monotonic() + self._wait, self._send
        )
        self._echo.send(self._ping)

    def stop(self) -> None:
        """Send no more and take no more answers."""
        self._timer.cancel()
        self._echo.forget(self._ping)


@dataclass(frozen=True, slots=True)
class IcmpCheck:
    """One host of an ICMP monitor; see `Check` for its members."""

    url: Url
    timeout: float
    find: Find
    sockets: EchoSockets
    wait: float

    def run(self, deadline: Deadline) -> AsyncIterator[Result]:
        """Ping once at every address the options ask for."""
        return each_address(self.find, self._probe, deadline, self.sockets.clock)

    async def _probe(
        self, address: str, deadline: Deadline, facts: list[Facts]
    ) -> None:
        ping = Ping(address)
        repeat = Repeat(self.sockets.to(address), ping, self.sockets.clock, self.wait)
        outcome: float | str
        try:
            outcome = await deadline.wait(ping.outcome)
        except TimeoutError:
            outcome = f"ping failed: {ping.fault}" if ping.fault else "ping timeout"
        finally:
            repeat.stop()
            requests = len(ping.sequences)
            # A timeout's traceback holds this frame, and the ping holds the timeout.
            del ping, repeat
        if not isinstance(outcome, str):
            facts.append(IcmpFacts(requests, outcome))
            return
        if requests:
            facts.append(IcmpFacts(requests))
        raise CheckFailed.io(outcome)


def host_url(host: str) -> Url:
    """Return the members of `url` for a host; raises `ConfigError`.

    Whatever is not an address is read as the rest of a URL, so that a host with a port
    or a path, which no lookup will find, shows up as what it is.
    """
    if is_address(host):
        shown = f"[{host}]" if ":" in host else host
        return {"full": f"icmp://{shown}", "scheme": "icmp", "domain": host}
    try:
        parts = urlsplit(f"icmp://{host}")
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"could not parse icmp host '{host}': {error}") from error
    domain = parts.netloc.rpartition("@")[2].partition(":")[0]
    url = {"full": f"icmp://{host}", "scheme": "icmp", "domain": domain}
    return (
        url
        | ({"port": port} if port is not None else {})
        | ({"path": parts.path} if parts.path else {})
    )


def without_brackets(host: str) -> str:
    """Return the literal address in `[::1]`, any other host as it is."""
    inner = host[1:-1]
    return inner if host == f"[{inner}]" and is_address(inner) else host


def build(spec: MonitorSpec, network: Network) -> Sequence[Check]:
    """Return a check for every host; raises `ConfigError`."""
    options = spec.options.unpack(IcmpOptions)
    options.require_family()
    sockets = network.shared(EchoSockets.of)
    return [
        IcmpCheck(
            url=host_url(host),
            timeout=options.timeout,
            find=finder(network, host, options),
            sockets=sockets,
            wait=options.wait,
        )
        for host in map(without_brackets, options.hosts)
    ]

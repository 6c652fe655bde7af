"""One ping: send, wait, send again, until enough answers or the deadline.

Owns the course of requests and what a document says about it. Must not know sockets
beyond handing a ping to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from heartbeat.errors import CheckFailed, ConfigError
from heartbeat.monitors.addresses import Find, each_address, finder, is_address
from heartbeat.monitors.icmp.figures import Limits, Statistics
from heartbeat.monitors.icmp.flight import Ping
from heartbeat.monitors.icmp.options import IcmpOptions
from heartbeat.monitors.icmp.packet import Payload, payload
from heartbeat.monitors.icmp.sockets import EchoSocket, EchoSockets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from heartbeat.clock import Clock, Deadline, Timer
    from heartbeat.config import MonitorSpec
    from heartbeat.event import Facts, Result
    from heartbeat.monitors.base import Check, Url
    from heartbeat.monitors.icmp.system import Manner
    from heartbeat.net import Network


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sent and how long is waited: the same for all hosts of a monitor.

    With a `count`, that many requests are sent, `gap` seconds apart, and `wait` is how
    long the last of them may be answered. With 0, requests go out until one is
    answered.
    """

    content: Payload
    manner: Manner
    count: int
    gap: float
    wait: float
    limits: Limits

    @property
    def wanted(self) -> int:
        """How many answers end the ping."""
        return self.count or 1


class Repeat:
    """Sends a ping's requests: one at once, then the others at their moments."""

    __slots__ = ("_clock", "_echo", "_left", "_ping", "_plan", "_timer")

    _timer: Timer

    def __init__(self, echo: EchoSocket, ping: Ping, clock: Clock, plan: Plan) -> None:
        """Send the first request."""
        self._echo = echo
        self._ping = ping
        self._clock = clock
        self._plan = plan
        self._left = plan.count
        self._send()

    def _send(self) -> None:
        self._left -= 1
        pause, then = self._plan.gap, self._send
        if self._left == 0:
            pause, then = self._plan.wait, self._ping.finish
        self._timer = self._clock.call_about(self._clock.monotonic() + pause, then)
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
    plan: Plan

    def run(self, deadline: Deadline) -> AsyncIterator[Result]:
        """Ping once at every address the options ask for."""
        return each_address(self.find, self._probe, deadline, self.sockets.clock)

    async def _probe(
        self, address: str, deadline: Deadline, facts: list[Facts]
    ) -> None:
        plan = self.plan
        ping = Ping(address, plan.content, plan.wanted)
        echo = self.sockets.to(address, plan.manner)
        repeat = Repeat(echo, ping, self.sockets.clock, plan)
        asked = deadline.now()
        try:
            fault = await deadline.wait(ping.outcome)
            deadline.arrived(ping.came_ns, asked)
        except TimeoutError:
            fault = None
        finally:
            repeat.stop()
        echoes = ping.echoes()
        if fault is None and not echoes.round_trips:
            fault = f"ping failed: {ping.fault}" if ping.fault else "ping timeout"
        # A timeout's traceback holds this frame, and the ping holds the timeout.
        del ping, repeat
        if echoes.sent:
            facts.append(echoes)
            if plan.count:
                facts.append(Statistics(echoes))
        if fault is not None:
            raise CheckFailed.io(fault)
        if exceeded := plan.limits.fault(echoes):
            raise CheckFailed.validate(exceeded)


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
    plan = Plan(
        content=payload(options.size),
        manner=options.manner,
        count=options.count,
        gap=options.gap,
        wait=options.wait,
        limits=options.limits,
    )
    return [
        IcmpCheck(
            url=host_url(host),
            timeout=options.timeout,
            find=finder(network, host, options),
            sockets=sockets,
            plan=plan,
        )
        for host in map(without_brackets, options.hosts)
    ]

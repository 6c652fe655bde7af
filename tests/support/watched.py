"""What the fleet of `tests.support.fleet` watches: its heartbeats and their monitors.

Owns their configuration and the story that it makes. Must not know how it is lived.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.site import Site as Web

ROUNDS: Final = 11
"""How often each living heartbeat looked, once a minute, the last time right now."""

BEFORE: Final = range(45, 40, -1)
"""The minutes ago of the heartbeat that has died since."""

HALF_AN_HOUR: Final = 30
"""The minutes ago at which a monitor was looked at that has its turn every hour."""

OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BROKEN: Final = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
HOSTS: Final = (
    "127.0.0.1 localhost pool.test half.test\n127.0.0.2 pool.test half.test\n"
)

CERTIFICATES: Final = {
    "expiring": (timedelta(days=-60), timedelta(days=10)),
    "aged": (timedelta(days=-900), timedelta(days=400)),
    "expired": (timedelta(days=-90), timedelta(days=-1)),
    "fresh": (timedelta(days=-30), timedelta(days=500)),
}
"""Begin and end of each certificate, seen from now."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where documents go: a cluster, an index, more options of each monitor."""

    server: str
    index: str
    more: str = ""


@dataclass(slots=True)
class Targets:
    """What the fleet looks at: ports by name, and pages that change."""

    web: Web
    ports: Mapping[str, int]

    def url(self, path: str) -> str:
        """Return the address of a page."""
        return f"http://127.0.0.1:{self.ports['web']}/{path}"

    def turn(self, minute: int) -> None:
        """Let the pages be what they were so many minutes ago."""
        self.web.pages["/flappy"] = BROKEN if minute % 2 == 0 else OK
        self.web.pages["/recovered"] = BROKEN if minute > ROUNDS // 2 else OK


def configuration(place: Place, location: str, monitors: list[str]) -> str:
    """Return the configuration of one heartbeat."""
    lines = [f"- {{{one}{place.more}}}" for one in monitors]
    index = place.index
    return "\n".join(
        (
            f"output.elasticsearch: {{hosts: ['{place.server}'], index: {index}}}",
            f"setup.template: {{name: {index}, pattern: {index}}}",
            f"setup.ilm.policy_name: {index}",
            location and f"heartbeat.run_from: {location}",
            "heartbeat.monitors:",
            *lines,
        )
    )


@dataclass(slots=True)
class Heartbeat:
    """One heartbeat on the host `name`, which looked so many `minutes` ago.

    `late` are the monitors of its second half, if they have changed.
    """

    name: str
    location: str
    minutes: range
    monitors: list[str]
    late: list[str] = field(default_factory=list[str])


def entry(kind: str, name: str, *options: str, every: str = "60s") -> str:
    """Return the options of a monitor."""
    return ", ".join(
        (f"type: {kind}", f"id: {name}", *options, f"schedule: '@every {every}'")
    )


def _frankfurt(targets: Targets, ca: str) -> list[str]:
    """Return what is looked at from the place with the most to see."""
    ports = targets.ports
    trust = f"ssl.certificate_authorities: ['{ca}']"
    return [
        _front(targets),
        entry("http", "checkout", "name: Checkout", f"urls: ['{targets.url('ok')}']"),
        entry(
            "tcp",
            "shop-db",
            f"name: Shop Database, hosts: ['127.0.0.1:{ports['refused']}']",
            "tags: [db], max_attempts: 2",
        ),
        entry(
            "http", "flappy", f"urls: ['{targets.url('flappy')}'], flapping.high: 30"
        ),
        entry("http", "recovered", f"urls: ['{targets.url('recovered')}']"),
        entry(
            "http", "pool", f"mode: all, urls: ['http://pool.test:{ports['pool']}/ok']"
        ),
        entry(
            "http", "half", f"mode: all, urls: ['http://half.test:{ports['web']}/ok']"
        ),
        *(
            entry("http", name, f"urls: ['https://localhost:{ports[name]}/ok']", trust)
            for name in CERTIFICATES
        ),
    ]


def _front(targets: Targets) -> str:
    return entry(
        "http",
        "front-door",
        f"name: Front Door, urls: ['{targets.url('ok')}']",
        "tags: [shop, web], service.name: shop",
    )


def heartbeats(targets: Targets, ca: str) -> list[Heartbeat]:
    """Return the fleet."""
    now = range(ROUNDS - 1, -1, -1)
    frankfurt = _frankfurt(targets, ca)
    here = f"hosts: ['127.0.0.1:{targets.ports['web']}']"
    london = entry("http", "checkout", f"name: Checkout, urls: ['{targets.url('no')}']")
    return [
        Heartbeat(
            "probe-1",
            "{id: fra, geo: {name: Frankfurt, location: '50.1, 8.7'}}",
            now,
            [*frankfurt, entry("tcp", "renamed", "name: Old Name", here)],
            [*frankfurt, entry("tcp", "renamed", "name: New Name", here)],
        ),
        Heartbeat(
            "probe-2",
            "{id: lon, geo: {name: London, location: '51.5, -0.1'}}",
            now,
            [_front(targets), london],
        ),
        Heartbeat("probe-3", "", now, [entry("icmp", "ping", "hosts: [127.0.0.1]")]),
        Heartbeat(
            "probe-3",
            "",
            range(HALF_AN_HOUR, HALF_AN_HOUR - 1, -1),
            [entry("tcp", "hourly", here, every="1h")],
        ),
        Heartbeat(
            "probe-4",
            "{id: ams, geo: {name: Amsterdam}}",
            BEFORE,
            [entry("tcp", "gone", here)],
        ),
    ]

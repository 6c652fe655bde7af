"""A fleet with a past: what several heartbeats saw within the last hour.

Owns the monitors, their targets on loopback and when each heartbeat looked. Checks,
documents and delivery are the real ones, only the wall clock is moved. Must not know
any query.
"""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from heartbeat.app import App
from heartbeat.assembly import monitor_of, outputs_of
from heartbeat.clock import SystemClock
from heartbeat.deadletter import DeadLetters
from heartbeat.delivery import Worker
from heartbeat.elastic.automatic import attach
from heartbeat.elastic.plan import plan_of
from heartbeat.monitors.icmp.sockets import USUAL
from heartbeat.monitors.icmp.system import open_socket
from heartbeat.net import Network
from heartbeat.outputs.base import OutputContext
from heartbeat.runner import Site, runners
from heartbeat.schedule import Tick
from heartbeat.store import Store
from tests.support import certificates
from tests.support.certificates import Request, issue, root, server_context
from tests.support.resolving import Servers, resolver
from tests.support.servers import refused_port, serve
from tests.support.settings import settings_of
from tests.support.site import Site as Web
from tests.support.stage import Journal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from heartbeat.config import Settings
    from heartbeat.event import Record
    from heartbeat.runner import Runner

MINUTE: Final = 60_000_000_000
ROUNDS: Final = 11
"""How often each living heartbeat looked, once a minute, the last time right now."""

BEFORE: Final = range(45, 40, -1)
"""The minutes ago of the heartbeat that has died since."""

PATIENCE: Final = 30.0
OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BROKEN: Final = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
HOSTS: Final = "127.0.0.1 localhost pool.test half.test\n127.0.0.2 pool.test half.test\n"

CERTIFICATES: Final = {
    "expiring": (timedelta(days=-60), timedelta(days=10)),
    "aged": (timedelta(days=-900), timedelta(days=400)),
    "expired": (timedelta(days=-90), timedelta(days=-1)),
    "fresh": (timedelta(days=-30), timedelta(days=500)),
}
"""Begin and end of each certificate, seen from now."""


def can_ping() -> bool:
    """Say whether ICMP sockets are permitted here."""
    with contextlib.suppress(OSError):
        open_socket(4, USUAL).sock.close()
        return True
    return False


class PastClock(SystemClock):
    """The clock of the machine, set back by some nanoseconds."""

    __slots__ = ("back_ns",)

    def __init__(self) -> None:
        """Tell the present time."""
        self.back_ns = 0

    def now(self) -> int:
        """Return nanoseconds since the epoch, of the past."""
        return super().now() - self.back_ns


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
    """One heartbeat: `minutes` are those in which it looked, `name` that of its host."""

    name: str
    location: str
    minutes: range
    monitors: list[str]
    late: list[str] = field(default_factory=list[str])
    """The monitors of the second half, if they have changed."""


def heartbeats(targets: Targets, ca: str) -> list[Heartbeat]:
    """Return the fleet."""
    now = range(ROUNDS - 1, -1, -1)
    each = "schedule: '@every 60s'"
    tls = [
        f"type: http, id: {name}, urls: ['https://localhost:{targets.ports[name]}/ok'],"
        f" ssl.certificate_authorities: ['{ca}'], {each}"
        for name in CERTIFICATES
    ]
    web = targets.ports["web"]
    front = f"type: http, id: front-door, name: Front Door, urls: ['{targets.url('ok')}'], tags: [shop, web], service.name: shop, {each}"  # noqa: E501 - a line of YAML
    frankfurt = [
        front,
        f"type: http, id: checkout, name: Checkout, urls: ['{targets.url('ok')}'], {each}",  # noqa: E501
        f"type: tcp, id: shop-db, name: Shop Database, hosts: ['127.0.0.1:{targets.ports['refused']}'], tags: [db], max_attempts: 2, {each}",  # noqa: E501
        f"type: http, id: flappy, urls: ['{targets.url('flappy')}'], flapping.high: 30, {each}",  # noqa: E501
        f"type: http, id: recovered, urls: ['{targets.url('recovered')}'], {each}",
        f"type: http, id: pool, mode: all, urls: ['http://pool.test:{targets.ports['pool']}/ok'], {each}",  # noqa: E501
        f"type: http, id: half, mode: all, urls: ['http://half.test:{web}/ok'], {each}",
        *tls,
    ]
    renamed = f"type: tcp, id: renamed, name: {{}}, hosts: ['127.0.0.1:{web}'], {each}"
    london = f"http://127.0.0.1:{web}/london"
    return [
        Heartbeat(
            "probe-1",
            "{id: fra, geo: {name: Frankfurt, location: '50.1, 8.7'}}",
            now,
            [*frankfurt, renamed.format("Old Name")],
            [*frankfurt, renamed.format("New Name")],
        ),
        Heartbeat(
            "probe-2",
            "{id: lon, geo: {name: London, location: '51.5, -0.1'}}",
            now,
            [front, f"type: http, id: checkout, name: Checkout, urls: ['{london}'], {each}"],  # noqa: E501
        ),
        Heartbeat("probe-3", "", now, [f"type: icmp, id: ping, hosts: [127.0.0.1], {each}"]),  # noqa: E501
        Heartbeat(
            "probe-3",
            "",
            range(30, 29, -1),
            [f"type: tcp, id: hourly, hosts: ['127.0.0.1:{web}'], schedule: '@every 1h'"],  # noqa: E501
        ),
        Heartbeat(
            "probe-4",
            "{id: ams, geo: {name: Amsterdam}}",
            BEFORE,
            [f"type: tcp, id: gone, hosts: ['127.0.0.1:{web}'], {each}"],
        ),
    ]


class Fleet:
    """All heartbeats of a place, living through their past."""

    def __init__(self, home: Path, place: Place, clock: PastClock) -> None:
        """Know nothing yet of any target."""
        self._home = home
        self._place = place
        self._clock = clock
        self._network = Network(clock)
        self._network.resolver = resolver(clock, Servers(), home, hosts=HOSTS)
        self._settings: list[Settings] = []
        self._runners: list[tuple[range, list[Runner]]] = []
        self.journal = Journal()

    def begin(self, targets: Targets) -> None:
        """Set the heartbeats up; one with changes starts again in the middle."""
        ca = self._home / "ca.pem"
        ca.write_text(root().pem)
        for one in heartbeats(targets, str(ca)):
            half = len(one.minutes) // 2 if one.late else len(one.minutes)
            self._life(one, one.minutes[:half], one.monitors)
            if one.late:
                self._life(one, one.minutes[half:], one.late)

    def _life(self, one: Heartbeat, minutes: range, monitors: list[str]) -> None:
        text = configuration(self._place, one.location, monitors)
        settings = settings_of(self._home, text)
        app = App(settings, hostname=one.name)
        identity = app._identity(app._agent(f"installation-of-{one.name}"))
        site = Site.of(self._clock, self.journal, identity)
        made = [
            runner
            for spec in settings.monitors
            for runner in runners(
                spec, monitor_of(spec, self._network).checks, site, {}
            )
        ]
        self._settings.append(settings)
        self._runners.append((minutes, made))

    async def look(self, minute: int) -> None:
        """Let every heartbeat that lived so many minutes ago check its monitors."""
        for minutes, made in self._runners:
            if minute == minutes[0]:
                for runner in made:
                    runner.resume(self.journal.states)
            if minute in minutes:
                for runner in made:
                    self._clock.back_ns = minute * MINUTE
                    await runner.run(Tick(self._clock.now()), self._pause)
        self._clock.back_ns = 0

    async def _pause(self, seconds: float) -> None:
        self._clock.back_ns -= round(seconds * 1e9)

    async def deliver(self, records: list[Record]) -> bool:
        """Send documents by the real output; return whether all were taken."""
        context = OutputContext(self._network)
        for settings in self._settings[1:]:
            for output in outputs_of(settings, context):
                # Each heartbeat has monitors, and thus streams, of its own.
                attach([output], plan_of(settings), self._clock)
                await output.connect()  # type: ignore[attr-defined]
                await output.close()  # type: ignore[attr-defined]
        (output,) = outputs_of(self._settings[0], context)
        attach([output], plan_of(self._settings[0]), self._clock)
        store = Store.open(None, outputs=[output.name], clock=self._clock)
        letters = DeadLetters(self._home / "dead-letter", output.name, self._clock)
        worker = Worker(
            output, store, self._clock, dead_letters=letters, random=Random(1)  # noqa: S311
        )
        running = asyncio.create_task(worker.run())
        try:
            store.append(records, {})
            await store.flush()
            is_delivered = await worker.drain(PATIENCE)
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            await store.close()
        return is_delivered and worker.counters.dead_letter == 0

    async def close(self) -> None:
        """Close what is shared."""
        await self._network.close()


async def live(home: Path, places: list[Place]) -> list[tuple[bool, list[Record]]]:
    """Let a fleet live at each place; return whether all arrived, and what was sent."""
    clock = PastClock()
    async with AsyncExitStack() as stack:
        targets = await _targets(stack)
        fleets: list[Fleet] = []
        for number, place in enumerate(places):
            folder = home / str(number)
            folder.mkdir()
            fleet = Fleet(folder, place, clock)
            stack.push_async_callback(fleet.close)
            fleet.begin(targets)
            fleets.append(fleet)
        for minute in (*BEFORE, 30, *range(ROUNDS - 1, -1, -1)):
            targets.turn(minute)
            for fleet in fleets:
                await fleet.look(minute)
        return [
            (await one.deliver(one.journal.records), one.journal.records)
            for one in fleets
        ]


async def _targets(stack: AsyncExitStack) -> Targets:
    web = Web({"/ok": OK, "/london": BROKEN})
    ports = {"refused": refused_port()}
    ports["web"] = await stack.enter_async_context(serve(web.talk))
    ports["pool"] = await stack.enter_async_context(serve(web.talk, host="0.0.0.0"))
    now = datetime.now(UTC)  # noqa: TID251 - certificates end in real time
    for name, (born, ends) in CERTIFICATES.items():
        names = ("localhost", f"{name}.test")
        request = Request(f"{name}.test", names, born=now + born, ends=now + ends)
        context = server_context(issue(request, root()))
        talk = serve(web.talk, tls=context)
        ports[name] = await stack.enter_async_context(talk)
    return Targets(web, ports)

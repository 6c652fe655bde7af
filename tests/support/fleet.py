"""A fleet with a past: what several heartbeats saw within the last hour.

Owns the targets on loopback and the lives of the heartbeats of `tests.support.watched`.
Checks, documents and delivery are the real ones, only the wall clock is moved. Must not
know any query.
"""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Final

from heartbeat.assembly import agent_of, identity_of, monitor_of, outputs_of
from heartbeat.clock import SystemClock
from heartbeat.deadletter import DeadLetters
from heartbeat.delivery import Worker
from heartbeat.elastic.automatic import attach
from heartbeat.elastic.plan import plan_of
from heartbeat.monitors.icmp.sockets import USUAL
from heartbeat.monitors.icmp.system import open_socket
from heartbeat.net import Network
from heartbeat.outputs.base import OutputContext
from heartbeat.outputs.elasticsearch.output import ElasticsearchOutput
from heartbeat.processors.base import ProcessorContext
from heartbeat.processors.sources import Sources
from heartbeat.runner import Site, runners
from heartbeat.schedule import Tick
from heartbeat.store import Store
from tests.support.certificates import Request, issue, root, server_context
from tests.support.resolving import Servers, resolver
from tests.support.servers import refused_port, serve
from tests.support.settings import settings_of
from tests.support.site import Site as Web
from tests.support.stage import Journal
from tests.support.watched import (
    BEFORE,
    BROKEN,
    CERTIFICATES,
    HALF_AN_HOUR,
    HOSTS,
    OK,
    ROUNDS,
    Heartbeat,
    Place,
    Targets,
    configuration,
    heartbeats,
)

if TYPE_CHECKING:
    from pathlib import Path

    from heartbeat.config import Settings
    from heartbeat.event import Record
    from heartbeat.runner import Runner

MINUTE: Final = 60_000_000_000
PATIENCE: Final = 30.0
EVERYWHERE: Final = "0.0.0.0"


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
        super().__init__()
        self.back_ns = 0

    def now(self) -> int:
        """Return nanoseconds since the epoch, of the past."""
        return super().now() - self.back_ns


class Fleet:
    """All heartbeats of a place, living through their past."""

    def __init__(self, home: Path, place: Place, clock: PastClock) -> None:
        """Know nothing yet of any target."""
        self._home = home
        self._place = place
        self._clock = clock
        self._network = Network(clock)
        self._context = ProcessorContext(self._network, Sources())
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
        agent = agent_of(settings, f"installation-of-{one.name}", one.name)
        identity = identity_of(settings, agent)
        site = Site.of(self._clock, self.journal, identity)
        made = [
            runner
            for spec in settings.monitors
            for runner in runners(
                spec, monitor_of(spec, self._context).checks, site, {}
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

    async def deliver(self) -> bool:
        """Send all documents; return whether all were taken."""
        for settings in self._settings[1:]:
            # Each heartbeat has monitors, and thus streams, of its own.
            await deliver(settings, [], self._home)
        return await deliver(self._settings[0], self.journal.records, self._home)

    async def close(self) -> None:
        """Close what is shared."""
        await self._network.close()


async def deliver(settings: Settings, records: list[Record], folder: Path) -> bool:
    """Send documents by the real output; return whether the cluster has taken all.

    The cluster is prepared by the output, as always when it connects.
    """
    clock = SystemClock()
    network = Network(clock)
    (output,) = outputs_of(settings, OutputContext(network))
    attach([output], plan_of(settings), clock)
    store = Store.open(None, outputs=[output.name], clock=clock)
    letters = DeadLetters(folder / "dead-letter", output.name, clock)
    random = Random(1)  # noqa: S311 - no secret
    worker = Worker(output, store, clock, dead_letters=letters, random=random)
    assert isinstance(output, ElasticsearchOutput)
    await output.connect()
    running = asyncio.create_task(worker.run())
    try:
        store.append(records, {})
        await store.flush()
        is_delivered = await worker.drain(PATIENCE)
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await output.close()
        await store.close()
        await network.close()
    counters = worker.counters
    return is_delivered and (counters.dead_letter, counters.dropped) == (0, 0)


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
        for minute in (*BEFORE, HALF_AN_HOUR, *range(ROUNDS - 1, -1, -1)):
            targets.turn(minute)
            for fleet in fleets:
                await fleet.look(minute)
        return [(await one.deliver(), one.journal.records) for one in fleets]


async def _targets(stack: AsyncExitStack) -> Targets:
    web = Web({"/ok": OK, "/no": BROKEN})
    ports = {"refused": refused_port()}
    ports["web"] = await stack.enter_async_context(serve(web.talk))
    ports["pool"] = await stack.enter_async_context(serve(web.talk, host=EVERYWHERE))
    now = datetime.now(UTC)  # noqa: TID251 - certificates end in real time
    for name, (born, ends) in CERTIFICATES.items():
        names = ("localhost", f"{name}.test")
        request = Request(f"{name}.test", names, born=now + born, ends=now + ends)
        context = server_context(issue(request, root()))
        talk = serve(web.talk, tls=context)
        ports[name] = await stack.enter_async_context(talk)
    return Targets(web, ports)

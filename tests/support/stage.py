"""A runner on a stage: scripted checks, a store that only remembers, a fake clock.

Owns what tests of the runner have in common. Must not know what they assert.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from heartbeat.clock import Deadline
from heartbeat.config import MonitorSpec
from heartbeat.errors import CheckError, ErrorCode, ErrorType
from heartbeat.event import Record, Result
from heartbeat.processors.chain import Chain
from heartbeat.runner import Identity, Runner, Site, runners
from heartbeat.schedule import Tick, parse
from tests.support.clock import START_NS, FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from heartbeat.event import Fields
    from heartbeat.monitors.base import Check

REFUSED = CheckError(
    ErrorType.IO,
    "Could not connect to '127.0.0.1:1234' with error: dial tcp 127.0.0.1:1234:"
    " connect: connection refused",
    ErrorCode.NET_COULD_NOT_CONNECT,
)
TCP_URL = {
    "full": "tcp://localhost:9200",
    "scheme": "tcp",
    "domain": "localhost",
    "port": 9200,
}
UP = Result("127.0.0.1")
DOWN = Result("127.0.0.1", REFUSED)
IDENTITY = Identity(
    {
        "build": {"original": "heartbeat 0.1.0"},
        "ephemeral_id": "e",
        "id": "i",
        "name": "probe-1",
        "type": "heartbeat",
        "version": "9.6.0",
    }
)


@dataclass
class Journal:
    """Keeps what a store would be given."""

    records: list[Record] = field(default_factory=list[Record])
    states: dict[str, bytes] = field(default_factory=dict[str, bytes])
    appends: list[int] = field(default_factory=list[int])
    has_room: asyncio.Event | None = None

    def append(self, records: Sequence[Record], states: Mapping[str, bytes]) -> None:
        """Keep the records and the states."""
        self.records += records
        self.states |= states
        self.appends.append(len(records))

    @property
    def is_full(self) -> bool:
        """Say whether the test has anybody wait."""
        return self.has_room is not None and not self.has_room.is_set()

    async def room(self) -> None:
        """Wait if the test says that there is none."""
        if self.has_room is not None:
            await self.has_room.wait()

    @property
    def documents(self) -> list[Fields]:
        """Return the documents as an output would read them."""
        return [json.loads(record.body) for record in self.records]


@dataclass(frozen=True, slots=True)
class Wrote:
    """Facts that are what a test says."""

    fields: Fields

    def put(self, fields: Fields) -> None:
        """Write them."""
        fields.update(self.fields)


@dataclass
class Scripted:
    """A check that does what a test says, a list of steps for each attempt.

    A step is a result, seconds to take, an exception to raise, something to be called
    with the deadline, or None to hang.
    """

    attempts: list[list[Any]]
    clock: FakeClock
    url: Mapping[str, Any] | None = field(default_factory=lambda: dict(TCP_URL))
    timeout: float = 16.0
    deadlines: list[Deadline] = field(default_factory=list[Deadline])

    async def run(self, deadline: Deadline) -> AsyncIterator[Result]:
        """Go through the steps of the next attempt."""
        self.deadlines.append(deadline)
        deadline.start()
        for step in self.attempts.pop(0):
            if isinstance(step, Result):
                yield step
            elif isinstance(step, float):
                self.clock.jump(step)
            elif callable(step):
                step(deadline)
            elif step is None:
                await asyncio.get_running_loop().create_future()
            else:
                raise step


def spec_of(**options: Any) -> MonitorSpec:
    """Return a monitor with the options of a test."""
    usual: dict[str, Any] = {
        "id": "my-monitor",
        "name": "My Monitor",
        "type": "tcp",
        "plugin": "tcp",
        "schedule": parse("@every 10s"),
        "options": None,
    }
    return MonitorSpec(**(usual | options))


@dataclass
class Stage:
    """A runner with everything around it, and a clock to move it."""

    clock: FakeClock
    journal: Journal = field(default_factory=Journal)
    identity: Identity = IDENTITY
    processors: Chain = field(default_factory=Chain)
    own: Chain = field(default_factory=Chain)
    pauses: list[float] = field(default_factory=list[float])

    def runners(self, checks: Sequence[Check], **options: Any) -> list[Runner]:
        """Return the runners of a monitor, with the states kept so far."""
        self.site = Site.of(self.clock, self.journal, self.identity, self.processors)
        spec, states = spec_of(**options), self.journal.states
        return runners(spec, checks, self.site, states, self.own)

    def runner(self, *attempts: list[Any], **options: Any) -> Runner:
        """Return the runner of a check that does what a test says."""
        return self.runners([self.check(*attempts)], **options)[0]

    def check(self, *attempts: list[Any], **options: Any) -> Scripted:
        """Return a check that does what a test says."""
        return Scripted(list(attempts), self.clock, **options)

    async def run(self, runner: Runner, tick: Tick | None = None) -> list[Fields]:
        """Run a runner once; return the documents of this run."""
        before = len(self.journal.records)
        await runner.run(tick or Tick(START_NS), self.pause)
        return self.journal.documents[before:]

    async def pause(self, seconds: float) -> None:
        """Note a pause and let it pass."""
        self.pauses.append(seconds)
        self.clock.jump(seconds)

"""Everything that reloading touches: files, running monitors, their documents.

Owns a directory with a configuration and the parts that run it, on a fake clock. Must
not know what a test expects.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from typing import TYPE_CHECKING

from heartbeat.config import Kinds, Request, Settings, load
from heartbeat.net import Network
from heartbeat.processors.base import ProcessorContext
from heartbeat.processors.sources import Sources
from heartbeat.reload import Reloader, Roster
from heartbeat.reload.diff import compare
from heartbeat.runner import Site
from heartbeat.scheduler import Scheduler
from tests.support.stage import IDENTITY, Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from tests.support.clock import FakeClock

MAIN = """\
heartbeat.config.monitors: {path: monitors.d/*.yml, reload: {enabled: true}}
"""
KINDS = Kinds(monitors={"fake": "fake"})


def monitor(name: str, more: str = "") -> str:
    """Return an entry of a list of monitors, every ten seconds."""
    return f"- {{type: fake, id: {name}, schedule: '@every 10s'{more}}}\n"


class Plant:
    """A directory, and what runs of it."""

    def __init__(self, home: Path, clock: FakeClock) -> None:
        """Begin with a main file that follows `monitors.d`, and no monitors."""
        self.home = home
        self.clock = clock
        self.journal = Journal()
        self.network = Network(clock)
        self.sources = Sources()
        self.scheduler = Scheduler(clock)
        self.write("heartbeat.yml", MAIN)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the configuration."""
        path = self.home / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    def load(self) -> Settings:
        """Return what is written; raises `ConfigError`."""
        files = (str(self.home / "heartbeat.yml"),)
        request = Request(
            files=files, environment=dict(os.environ), paths={"home": str(self.home)}
        )
        return load(request, KINDS, needs_output=False)

    def start(self) -> None:
        """Put in place what is written."""
        settings = self.load()
        self.site = Site.of(self.clock, self.journal, IDENTITY)
        context = ProcessorContext(self.network, self.sources)
        self.roster = Roster(self.scheduler, self.site, context, {})
        self.roster.begin(self.roster.build(settings.monitors))
        self.reloader = Reloader(self.roster, settings, self.load, self.clock)

    async def look(self) -> None:
        """Look at the files of monitors, and wait until that is done."""
        await self._until_done(self.reloader.look())

    async def reload(self) -> None:
        """Read everything again, and wait until that is done."""
        await self._until_done(self.reloader.reload())

    async def swap(self) -> None:
        """Bring in what is written, without any waiting."""
        changes = compare(self.roster.digests, self.load().monitors)
        await self.roster.apply(changes, self.roster.build(changes.wanted))

    async def until(self, condition: Callable[[], object]) -> None:
        """Let time pass until something is so; the test's own limit ends the wait."""
        while not condition():
            await self.clock.advance(0.1)

    @property
    def running(self) -> list[str]:
        """Return the ids of what runs."""
        return sorted(self.roster.digests)

    def runs(self) -> dict[str, list[float]]:
        """Return when each monitor ran, in seconds of the clock, by its id."""
        found: dict[str, list[float]] = defaultdict(list)
        pairs = zip(self.journal.records, self.journal.documents, strict=True)
        for record, document in pairs:
            found[document["monitor"]["id"]].append(record.timestamp / 1e9)
        return dict(found)

    async def _until_done(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        while not task.done():
            await self.clock.advance(0.02)
        await task

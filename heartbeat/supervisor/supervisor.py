"""The process that starts the workers and answers for them.

Owns their common life: the data directory, signals, readiness, the end. Must not know
what one worker is told, nor what the endpoint shows.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from heartbeat import __version__, datadir
from heartbeat.assignment import GUARD
from heartbeat.errors import HeartbeatError, StoreLocked
from heartbeat.notify import ServiceManager
from heartbeat.supervised import PULSE
from heartbeat.supervisor.child import Child, Office, Silent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from heartbeat.clock import Clock
    from heartbeat.datadir import Installation
    from heartbeat.supervisor.plan import Plan

log = logging.getLogger(__name__)

ENDING = (signal.SIGINT, signal.SIGTERM)
GRACE = 10.0
"""Seconds a worker may take to end beyond what its two waits allow."""

ORPHANS = 0.2
"""Seconds between two looks at whether workers of a killed supervisor have ended."""


class Supervisor:
    """One life of several workers, which are its `children`."""

    def __init__(
        self,
        plan: Plan,
        clock: Clock,
        *,
        command: Sequence[str],
        environment: Mapping[str, str],
    ) -> None:
        """Start nothing; `command` and `environment` are those of this process."""
        self._plan = plan
        self._clock = clock
        self._command = command
        self._environment = environment
        self._manager = ServiceManager(environment, clock)
        self.children: list[Child] = []
        self._fault = ""
        self._is_stuck = False
        self._is_outdated = False
        self._reloading: asyncio.Task[None] | None = None
        self._deadline: Any = None

    async def run(self) -> int:
        """Run to the end; return the worst exit code of the workers.

        Raises `HeartbeatError` with the fault that none can begin or go on with.
        """
        async with AsyncExitStack() as stack:
            installation = await self._installed(stack)
            (self._plan.data / GUARD).unlink(missing_ok=True)
            self.children = self._hired(installation)
            await self._open_endpoint(stack, installation)
            self._listen_to_signals()
            codes = await self._live()
        if self._fault:
            raise HeartbeatError(self._fault)
        log.info("heartbeat stopped.")
        return next((1 for code in codes if code), 0)

    async def _installed(self, stack: AsyncExitStack) -> Installation:
        """Hold the data directory; raises `StoreLocked`, `StoreError`.

        Workers hold it, too: those of a supervisor that was killed are waited for.
        """
        plan = self._plan
        end = self._clock.monotonic() + 2 * plan.shutdown_timeout + GRACE
        while True:
            try:
                return stack.enter_context(datadir.opened(plan.data, self._clock))
            except StoreLocked:
                now = self._clock.monotonic()
                if datadir.is_held_by_living(plan.data) or now > end:
                    raise
            await self._clock.sleep_until(now + ORPHANS)

    def _hired(self, installation: Installation) -> list[Child]:
        office = Office(
            self._command,
            self._environment,
            installation.id,
            installation.lock,
            self._fail,
            self._plan.is_once,
        )
        shares = self._plan.shares.items()
        return [Child(name, share, office, self._clock) for name, share in shares]

    async def _live(self) -> list[int]:
        """Run the workers to their end; return their exit codes."""
        names = ", ".join(child.title for child in self.children)
        log.info("heartbeat %s starting %s", __version__, names)
        async with asyncio.TaskGroup() as group:
            lives = [group.create_task(child.run()) for child in self.children]
            beside = [
                group.create_task(self._tell_ready()),
                group.create_task(
                    self._manager.run(lambda: self._is_stuck, self._status)
                ),
            ]
            await asyncio.wait(lives)
            for task in beside:
                task.cancel()
        return [life.result() for life in lives]

    async def _tell_ready(self) -> None:
        checking = [c for c in self.children if not c.assignment.drains]
        for child in checking:
            await child.settled.wait()
        if all(child.is_ready for child in checking):
            log.info("heartbeat is running! Hit CTRL-C to stop it.")
            self._manager.ready()

    async def _status(self) -> str:
        """Return in a few words how the workers are; notes whether any is stuck."""
        told: list[str] = []
        stuck = False
        for child in self.children:
            if child.assignment.drains:
                continue
            try:
                pulse = await child.ask(PULSE)
            except Silent as silence:
                told.append(str(silence))
                stuck = stuck or child.is_ready
            else:
                told.append(f"{child.title}: {pulse['status']}")
                stuck = stuck or pulse["is_stuck"]
        self._is_stuck = stuck
        return "; ".join(told)

    async def _open_endpoint(
        self, stack: AsyncExitStack, installation: Installation
    ) -> None:
        options = self._plan.http
        if not options.enabled:
            return
        # Imported here: the web server and the figures are of use for an option only.
        from heartbeat.endpoint import Endpoint  # noqa: PLC0415
        from heartbeat.supervisor.pages import views_of  # noqa: PLC0415

        views = views_of(self.children, self._plan, installation.id)
        endpoint = Endpoint(options.host, options.port, views)
        await endpoint.start()
        stack.push_async_callback(endpoint.close)

    # -- signals

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in ENDING:
            loop.add_signal_handler(number, self._stop, number.name)
        hangup = self._stop if self._plan.is_once else self._reload
        loop.add_signal_handler(signal.SIGHUP, hangup, signal.SIGHUP.name)
        loop.add_signal_handler(signal.SIGUSR1, self._dump)

    def _stop(self, name: str) -> None:
        log.info("Received signal %s, stopping", name)
        self._end()

    def _fail(self, text: str) -> None:
        """Take the first fault that ends everything."""
        self._fault = self._fault or text
        self._end()

    def _end(self) -> None:
        self._manager.stopping()
        for child in self.children:
            child.stop()
        if self._deadline is None:
            longest = 2 * self._plan.shutdown_timeout + GRACE
            due = self._clock.monotonic() + longest
            self._deadline = self._clock.call_at(due, self._kill)

    def _kill(self) -> None:
        for child in self.children:
            if child.is_running:
                log.error("%s does not end and is killed", child.title)
            child.stop(signal.SIGKILL)

    def _dump(self) -> None:
        for child in self.children:
            child.tell(signal.SIGUSR1)

    def _reload(self, _name: str) -> None:
        self._is_outdated = True
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.create_task(self._reload_all())

    async def _reload_all(self) -> None:
        while self._is_outdated:
            self._is_outdated = False
            with self._manager.reloading():
                await asyncio.gather(*(child.reload() for child in self.children))

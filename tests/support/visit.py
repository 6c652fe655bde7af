"""HTTP checks run against scripted servers.

Owns the way from options to what a document says. Must not know what is expected of it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from heartbeat.clock import Deadline
from heartbeat.config import MonitorSpec, Section
from heartbeat.config.variables import Scope
from heartbeat.monitors.http import build
from tests.support.web import serving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.errors import CheckError
    from heartbeat.event import Fields, Result
    from heartbeat.monitors.base import Check
    from heartbeat.net import Network
    from tests.support.clock import FakeClock
    from tests.support.web import Step, WebServer


@dataclass(slots=True)
class Visitor:
    """Builds checks from options and runs them against a scripted server."""

    clock: FakeClock
    network: Network
    scope: Scope = field(default_factory=Scope)

    def build(self, **options: Any) -> Sequence[Check]:
        """Return the checks of a monitor with these options."""
        spec = MonitorSpec(
            id="http",
            name="",
            type="http",
            plugin="http",
            schedule=cast("Any", None),
            options=Section(options, self.scope),
        )
        return build(spec, self.network)

    async def run(self, check: Check) -> list[Result]:
        """Run a check once."""
        deadline = Deadline(self.clock, check.timeout)
        return [result async for result in check.run(deadline)]

    async def visit(self, *script: Step, **options: Any) -> Visit:
        """Check a server that plays the script."""
        async with serving(*script) as web:
            path = options.pop("path", "/")
            (check,) = self.build(urls=[web.url(path)], **options)
            (result,) = await self.run(check)
        return Visit(result, web)

    async def wait_out(self, *script: Step, **options: Any) -> Visit:
        """Check a server that lets the check wait until its time is over.

        The clock moves once the server came to a pause of the script.
        """
        async with serving(*script) as web, asyncio.TaskGroup() as tasks:
            (check,) = self.build(urls=[web.url()], timeout=5, **options)
            running = tasks.create_task(self.run(check))
            await web.paused.wait()
            await self.clock.advance(5)
            (result,) = await running
        return Visit(result, web)


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of a check, and the server it asked."""

    result: Result
    web: WebServer

    @property
    def error(self) -> CheckError | None:
        """Return why the target is down, None if it is up."""
        return self.result.error

    @property
    def message(self) -> str:
        """Return the text of the error, the port of the server as `PORT`."""
        assert self.error is not None
        return self.error.message.replace(str(self.web.port), "PORT")

    @property
    def request(self) -> bytes:
        """Return the first request the server got."""
        return self.web.requests[0]

    @property
    def fields(self) -> Fields:
        """Return the members the facts make up."""
        fields: Fields = {}
        for facts in self.result.facts:
            facts.put(fields)
        return fields

    @property
    def response(self) -> Fields:
        """Return `http.response`."""
        return cast("Fields", self.fields["http"]["response"])

    @property
    def rtt(self) -> set[str]:
        """Return the names of the phases that were timed."""
        return set(self.fields["http"]["rtt"])

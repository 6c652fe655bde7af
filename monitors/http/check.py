"""The HTTP check: connect, ask, read, judge, report.

Owns the course of one check at one address. Must not know how names are resolved, how
connections are layered or how HTTP is spoken.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from heartbeat.errors import CheckError, CheckFailed
from heartbeat.monitors.addresses import each_address
from heartbeat.monitors.http.exchange import Exchange, Moments
from heartbeat.monitors.http.facts import HttpFacts, ResponseFacts
from heartbeat.monitors.http.options import ALWAYS, NEVER
from heartbeat.monitors.http.response import Response
from heartbeat.net import NotTls, dial

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from heartbeat.clock import Deadline
    from heartbeat.event import Facts, Result
    from heartbeat.monitors.addresses import Find
    from heartbeat.monitors.base import Url
    from heartbeat.monitors.http.checks import ResponseCheck
    from heartbeat.monitors.http.options import ReportOptions
    from heartbeat.monitors.http.request import Request
    from heartbeat.net import Connection, Network, Route

SCHEMES = frozenset({"http", "https"})
CHECKED_BODY_SIZE = 100 << 20
"""So much of a body is kept for checks of it."""
JUDGED_AT_ONCE = 1 << 20
"""Larger bodies are searched beside the loop, which others wait for."""
MIN_SAMPLE_SIZE = 128
"""So much of it is kept in any case, to judge its type."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the response must be and what is told of it; shared by a monitor's checks.

    `keep` is how many bytes of a body the checks and the report need.
    """

    checks: Sequence[ResponseCheck]
    report: ReportOptions
    keep: int

    def verdict(self, response: Response) -> CheckError | None:
        """Return the first thing wrong with the response, None if nothing is."""
        for check in self.checks:
            error = check(response)
            if error is not None:
                return error
        return None

    def content_bytes(self, error: CheckError | None) -> int | None:
        """Return how much of the body is shown, None for nothing."""
        policy = self.report.include_body
        if policy == ALWAYS or (error is not None and policy != NEVER):
            return self.report.include_body_max_bytes
        return None


def kept_bytes(report: ReportOptions, *, reads_body: bool) -> int:
    """Return how many bytes of a body are to be kept."""
    if reads_body:
        return CHECKED_BODY_SIZE
    shown = 0 if report.include_body == NEVER else report.include_body_max_bytes
    return max(shown, MIN_SAMPLE_SIZE)


@dataclass(frozen=True, slots=True)
class HttpCheck:
    """One URL of an HTTP monitor."""

    url: Url
    timeout: float
    network: Network
    find: Find
    route: Route
    request: Request
    expectation: Expectation

    def run(self, deadline: Deadline) -> AsyncIterator[Result]:
        """Check every address that is to be checked."""
        return each_address(self.find, self._probe, deadline, self.network.clock)

    async def _probe(
        self, address: str, deadline: Deadline, facts: list[Facts]
    ) -> None:
        """Ask at one address; raise `CheckFailed` if it is down."""
        moments = Moments(self.network.clock.monotonic())
        connection = await self._connect(address, deadline, facts)
        try:
            report, error = await self._ask(connection, deadline, moments)
        except CheckFailed as failure:
            moments.ended = self.network.clock.monotonic()
            facts.append(HttpFacts(moments))
            raise self._titled(failure) from failure.__cause__
        finally:
            connection.close()
        moments.ended = self.network.clock.monotonic()
        facts.append(HttpFacts(moments, report))
        if error is not None:
            raise CheckFailed(error)

    async def _connect(
        self, address: str, deadline: Deadline, facts: list[Facts]
    ) -> Connection:
        scheme = self.url["scheme"]
        if scheme not in SCHEMES:
            failure = CheckFailed.io(f"http: unsupported scheme {scheme}")
            raise self._titled(failure)
        try:
            return await dial(self.network, self.route, address, deadline, facts)
        except NotTls as failure:
            raise self._titled(_named(failure)) from failure
        except CheckFailed as failure:
            raise self._titled(failure) from failure.__cause__

    async def _ask(
        self, connection: Connection, deadline: Deadline, moments: Moments
    ) -> tuple[ResponseFacts, CheckError | None]:
        """Return the response as it is reported, and what is wrong with it.

        Raises `CheckFailed` if there is none.
        """
        wanted = self.expectation
        exchange = Exchange(connection, deadline, self.network.clock)
        head = await exchange.head(self.request, moments)
        body, error = None, None
        try:
            body = await exchange.body(wanted.keep)
        except CheckFailed as failure:
            error = _prefixed("failed reading HTTP response body: ", failure.error)
        else:
            error = await self._judge(Response(head, body))
        content_bytes = wanted.content_bytes(error)
        with_headers = wanted.report.include_headers
        return ResponseFacts(head, body, with_headers, content_bytes), error

    async def _judge(self, response: Response) -> CheckError | None:
        """Return the verdict, from a thread where searching takes milliseconds."""
        verdict = self.expectation.verdict
        if len(response.body.sample) <= JUDGED_AT_ONCE:
            return verdict(response)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, verdict, response)

    def _titled(self, failure: CheckFailed) -> CheckFailed:
        """Return the failure as one of this request; a coded one says enough itself."""
        if failure.error.code is not None:
            return failure
        return CheckFailed(_prefixed(self.request.title, failure.error))


def _named(failure: NotTls) -> CheckFailed:
    """Return the failure, naming the commonest mistake: `https` for a port of HTTP."""
    if failure.first.startswith(b"HTTP/"):
        return CheckFailed.io("http: server gave HTTP response to HTTPS client")
    return failure


def _prefixed(prefix: str, error: CheckError) -> CheckError:
    return CheckError(error.type, prefix + error.message, error.code)

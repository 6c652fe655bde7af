"""The HTTP check on the direct path: connect, ask, read, judge, report.

Owns the course of one check at one address, without redirects or proxies. Must not
know how names are resolved, how connections are layered or how HTTP is spoken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from heartbeat.errors import CheckFailed
from heartbeat.monitors.addresses import each_address
from heartbeat.monitors.http.exchange import UNWRITTEN, Exchange, Moments
from heartbeat.monitors.http.expectation import prefixed
from heartbeat.monitors.http.facts import HttpFacts
from heartbeat.monitors.http.faults import named
from heartbeat.monitors.http.url import DEFAULT_PORTS
from heartbeat.net import dial

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from heartbeat.clock import Deadline
    from heartbeat.errors import CheckError
    from heartbeat.event import Facts, Result
    from heartbeat.monitors.addresses import Find
    from heartbeat.monitors.base import Url
    from heartbeat.monitors.http.expectation import Expectation
    from heartbeat.monitors.http.facts import ResponseFacts
    from heartbeat.monitors.http.request import Request
    from heartbeat.net import Connection, Network, Route


@dataclass(frozen=True, slots=True)
class HttpCheck:
    """One URL of an HTTP monitor.

    With `gives_no_time` nothing is sent: to the reference, a timeout of 0 is over as
    soon as there is a connection.
    """

    url: Url
    timeout: float
    network: Network
    find: Find
    route: Route
    request: Request
    expectation: Expectation
    gives_no_time: bool = False

    def run(self, deadline: Deadline) -> AsyncIterator[Result]:
        """Check every address that is to be checked."""
        return each_address(self.find, self._probe, deadline, self.network.clock)

    async def _probe(
        self, address: str, deadline: Deadline, facts: list[Facts]
    ) -> None:
        """Ask at one address; raise `CheckFailed` if it is down."""
        moments = Moments(deadline.now())
        connection = await self._connect(address, deadline, facts)
        try:
            report, error = await self._ask(connection, deadline, moments)
        except CheckFailed as failure:
            moments.ended = deadline.now()
            facts.append(HttpFacts(moments))
            raise self._titled(failure) from failure.__cause__
        finally:
            connection.close()
        moments.ended = deadline.now()
        facts.append(HttpFacts(moments, report))
        if error is not None:
            raise CheckFailed(error)

    async def _connect(
        self, address: str, deadline: Deadline, facts: list[Facts]
    ) -> Connection:
        scheme = self.url["scheme"]
        if scheme not in DEFAULT_PORTS:
            failure = CheckFailed.io(f"http: unsupported scheme {scheme}")
            raise self._titled(failure)
        try:
            return await dial(self.network, self.route, address, deadline, facts)
        except CheckFailed as failure:
            raise self._titled(failure) from failure.__cause__

    async def _ask(
        self, connection: Connection, deadline: Deadline, moments: Moments
    ) -> tuple[ResponseFacts, CheckError | None]:
        """Return the response as it is reported, and what is wrong with it.

        Raises `CheckFailed` if there is none.
        """
        if self.gives_no_time:
            moments.begun = deadline.now()
            raise CheckFailed.io(UNWRITTEN)
        exchange = Exchange(connection, deadline, self.network.clock)
        head = await exchange.head(self.request, moments)
        return await self.expectation.meet(exchange, head)

    def _titled(self, failure: CheckFailed) -> CheckFailed:
        """Return the failure as one of this request; a coded one says enough itself."""
        if failure.error.code is not None:
            return failure
        return CheckFailed(prefixed(self.request.title, named(failure)))

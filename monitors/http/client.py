"""The HTTP check on the client path: follows redirects and goes through proxies.

Owns the course of such a check, hop by hop under one deadline, and the reference's
words for what goes wrong on this path. Must not know how a target is reached, how HTTP
is spoken or by which rules a redirect is followed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from heartbeat.errors import CheckFailed, ErrorCode
from heartbeat.event import Result
from heartbeat.monitors.http.exchange import Exchange, Moments
from heartbeat.monitors.http.expectation import prefixed
from heartbeat.monitors.http.faults import named
from heartbeat.monitors.http.hops import Hop, JourneyFacts
from heartbeat.monitors.http.redirect import (
    Unfollowable,
    followed,
    location_of,
    resolved,
)
from heartbeat.monitors.http.url import DEFAULT_PORTS
from heartbeat.monitors.http.way import is_late
from heartbeat.net import DialFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from heartbeat.clock import Deadline
    from heartbeat.errors import CheckError
    from heartbeat.monitors.base import Url
    from heartbeat.monitors.http.expectation import Expectation
    from heartbeat.monitors.http.facts import ResponseFacts
    from heartbeat.monitors.http.request import Draft
    from heartbeat.monitors.http.response import Head
    from heartbeat.monitors.http.way import Way
    from heartbeat.net import Connection

REDIRECT_LIMIT = 100
"""However many redirects the operator allows, so many end the check: a server that
always knows another one would be followed, and told of, until the deadline."""

LATE = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"


@dataclass(frozen=True, slots=True)
class ClientCheck:
    """One URL of an HTTP monitor that follows redirects or goes through a proxy."""

    url: Url
    timeout: float
    way: Way
    draft: Draft
    max_redirects: int
    expectation: Expectation

    async def run(self, deadline: Deadline) -> AsyncIterator[Result]:
        """Check once; the result is that of the whole chain, so it has no address."""
        try:
            yield await Journey(self, deadline).result()
        finally:
            deadline.cancel()


class Journey:
    """One run of a check: the hops so far and the way on."""

    __slots__ = ("_check", "_deadline", "_hops", "_redirects", "_started")

    def __init__(self, check: ClientCheck, deadline: Deadline) -> None:
        """Stand at the beginning."""
        self._check = check
        self._deadline = deadline
        self._started = deadline.now()
        self._hops: list[Hop] = []
        self._redirects: list[str] = []

    async def result(self) -> Result:
        """Travel, and return what came of it."""
        response: ResponseFacts | None = None
        error: CheckError | None
        try:
            response, error = await self._travel()
        except CheckFailed as failure:
            error = failure.error
        tells_hops = len(self._hops) > 1 or self._check.way.proxy is not None
        total = self._deadline.now() - self._started
        facts = JourneyFacts(self._hops, self._redirects, total, tells_hops, response)
        return Result(error=error, facts=(facts,))

    async def _travel(self) -> tuple[ResponseFacts, CheckError | None]:
        """Return the last response as reported and what is wrong with it.

        Raises `CheckFailed` if there is none.
        """
        draft = self._check.draft
        while True:
            connection = await self._connected(draft)
            try:
                exchange, head = await self._asked(draft, connection)
                onward = self._onward(draft, head)
                if onward is None:
                    return await self._check.expectation.meet(exchange, head)
            finally:
                connection.close()
            draft = onward

    async def _connected(self, draft: Draft) -> Connection:
        way = self._check.way
        hop = Hop(draft.target, Moments(self._deadline.now()))
        self._hops.append(hop)
        _require_http(draft)
        route = way.route(draft)
        try:
            addresses = await way.addresses(route, hop, self._deadline.remaining())
        except CheckFailed as failure:
            if self._deadline.remaining():
                raise CheckFailed(prefixed(draft.title, failure.error)) from failure
            raise self._late(draft, LATE) from failure
        self._deadline.start()
        try:
            return await way.dialled(route, addresses, hop, self._deadline)
        except CheckFailed as failure:
            raise self._worded(draft, failure) from failure

    async def _asked(
        self, draft: Draft, connection: Connection
    ) -> tuple[Exchange, Head]:
        """Send the request and return the head of what comes back."""
        way, hop = self._check.way, self._hops[-1]
        exchange = Exchange(connection, self._deadline, way.network.clock)
        try:
            request = draft.request(way.forwarder(draft))
            head = await exchange.head(request, hop.moments)
        except CheckFailed as failure:
            raise self._worded(draft, failure) from failure
        hop.status = head.status
        return exchange, head

    def _onward(self, draft: Draft, head: Head) -> Draft | None:
        """Return the request that a response sends us to, None if it is the result.

        As in the reference, the last redirect allowed is told but not followed. Raises
        `CheckFailed` where nobody can go.
        """
        location = location_of(head, draft)
        if location is None or self._check.max_redirects <= 0:
            return None
        try:
            target = resolved(draft.target, location)
        except Unfollowable as failure:
            self._redirects.append(failure.shown)
            if len(self._redirects) == self._check.max_redirects:
                return None
            raise CheckFailed(prefixed(failure.title(draft), failure.error)) from None
        except CheckFailed as failure:
            raise CheckFailed(prefixed(draft.title, failure.error)) from failure
        self._redirects.append(target.shown)
        if len(self._redirects) == self._check.max_redirects:
            return None
        onward = followed(self._check.draft, draft, head.status, target)
        if len(self._redirects) > REDIRECT_LIMIT:
            text = f"{onward.title}stopped after {REDIRECT_LIMIT} redirects"
            raise CheckFailed.io(text)
        return onward

    def _worded(self, draft: Draft, failure: CheckFailed) -> CheckFailed:
        """Return a failure as one of this request, coded if it was the deadline."""
        if isinstance(failure, DialFailed):
            text = failure.plain
        else:
            text = LATE if is_late(failure) else named(failure).message
            text = self._check.way.worded(draft, text)
        if is_late(failure):
            return self._late(draft, text)
        return CheckFailed.io(draft.title + text)

    def _late(self, draft: Draft, text: str) -> CheckFailed:
        """Return the failure of a request that was not answered in time."""
        first = self._check.draft.target
        return CheckFailed.io(
            f"Could not connect to '{first.host}:{first.explicit_port or ''}' "
            f"with error: {draft.title}{text}",
            ErrorCode.NET_COULD_NOT_CONNECT,
        )


def _require_http(draft: Draft) -> None:
    scheme = draft.target.scheme
    if scheme not in DEFAULT_PORTS:
        raise CheckFailed.io(f'{draft.title}unsupported protocol scheme "{scheme}"')

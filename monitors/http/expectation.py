"""What a response must be, what is told of it, and the verdict.

Owns the step from a head and the body behind it to the facts and the first error. Must
not know how the connection came about or which request was sent.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from heartbeat.errors import CheckError, CheckFailed
from heartbeat.monitors.http.body import TRUNCATED
from heartbeat.monitors.http.facts import ResponseFacts
from heartbeat.monitors.http.options import ALWAYS, NEVER
from heartbeat.monitors.http.response import Response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.monitors.http.checks import ResponseCheck
    from heartbeat.monitors.http.exchange import Exchange
    from heartbeat.monitors.http.options import ReportOptions
    from heartbeat.monitors.http.response import Body, Head

CHECKED_BODY_SIZE = 100 << 20
"""So much of a body is kept for checks of it."""
JUDGED_AT_ONCE = 64 << 10
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

    async def meet(
        self, exchange: Exchange, head: Head
    ) -> tuple[ResponseFacts, CheckError | None]:
        """Read the body; return what is reported and what is wrong, None if nothing.

        Of a body that ended too early nothing is told, as in the reference; of one that
        failed otherwise, what had come.
        """
        body: Body | None = None
        try:
            body = await exchange.body(self.keep)
        except CheckFailed as failure:
            error = prefixed("failed reading HTTP response body: ", failure.error)
            if failure.error.message != TRUNCATED:
                body = exchange.received()
            return self._facts(head, body, error), error
        verdict = await self._judge(Response(head, body))
        return self._facts(head, body, verdict), verdict

    def _facts(
        self, head: Head, body: Body | None, error: CheckError | None
    ) -> ResponseFacts:
        policy = self.report.include_body
        is_shown = policy == ALWAYS or (error is not None and policy != NEVER)
        content_bytes = self.report.include_body_max_bytes if is_shown else None
        return ResponseFacts(head, body, self.report.include_headers, content_bytes)

    async def _judge(self, response: Response) -> CheckError | None:
        """Return the verdict, from a thread where judging takes milliseconds."""
        if len(response.body.sample) <= JUDGED_AT_ONCE:
            return self._verdict(response)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, self._verdict, response)

    def _verdict(self, response: Response) -> CheckError | None:
        for check in self.checks:
            error = check(response)
            if error is not None:
                return error
        return None


def kept_bytes(report: ReportOptions, *, reads_body: bool) -> int:
    """Return how many bytes of a body are to be kept."""
    if reads_body:
        return CHECKED_BODY_SIZE
    shown = 0 if report.include_body == NEVER else report.include_body_max_bytes
    return max(shown, MIN_SAMPLE_SIZE)


def prefixed(prefix: str, error: CheckError) -> CheckError:
    """Return the error with words in front of its message."""
    return CheckError(error.type, prefix + error.message, error.code)

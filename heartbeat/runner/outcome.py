"""What a check finds, whatever it does: at least one outcome, within its time.

Owns running a check once and the order of its outcomes. Must not know attempts, states
or documents.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeAlias

from heartbeat.errors import CheckError, CheckFailed, ErrorType
from heartbeat.event import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.clock import Deadline
    from heartbeat.monitors.base import Check
    from heartbeat.runner.site import Site

log = logging.getLogger(__name__)

UNBOUNDED_SECONDS = 10.0
"""What a check may take beyond its timeout before it is cut: a lookup and slack."""

Outcome: TypeAlias = "tuple[Result, int]"
"""A result and when it was there, in nanoseconds since the epoch."""


async def outcomes_of(
    check: Check, deadline: Deadline, site: Site, name: str
) -> list[Outcome]:
    """Return what a check finds, at least one; a fault of the check is "down".

    `name` is what it is called in the log.
    """
    clock = site.clock
    outcomes: list[Outcome] = []
    try:
        with site.watchdog.guard(check.timeout + UNBOUNDED_SECONDS):
            async for result in check.run(deadline):
                # One by one: what came before a fault must not be lost with it.
                outcomes.append((result, clock.now()))  # noqa: PERF401
    except Exception as error:
        log.debug("the check of '%s' raised", name, exc_info=True)
        outcomes.append((Result(error=_fault(error)), clock.now()))
    finally:
        deadline.cancel()
    if not outcomes:
        silent = CheckError(ErrorType.IO, "the check ended without a result")
        outcomes.append((Result(error=silent), clock.now()))
    return outcomes


def let_a_failure_close(outcomes: list[Outcome]) -> None:
    """Move the last failure to the end.

    The last document carries the summary, and Kibana reads `monitor.status` there: it
    would show a monitor as up of which an address is down. No order is promised.
    """
    last = max(n for n, (result, _) in enumerate(outcomes) if result.error is not None)
    outcomes.append(outcomes.pop(last))


def address_of(outcomes: Sequence[Outcome], place: int) -> str:
    """Return the address of a result, told from an equal one before it."""
    ip = outcomes[place][0].ip
    if not place:
        return ip or ""
    before = sum(result.ip == ip for result, _ in outcomes[:place])
    return f"{ip or ''}#{before}" if before else ip or ""


def _fault(error: Exception) -> CheckError:
    if isinstance(error, CheckFailed):
        return error.error
    return CheckError(ErrorType.IO, str(error) or type(error).__name__)

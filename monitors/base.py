"""What a monitor type is, to the core and to whoever writes a new one.

A monitor type is a module with one function, `build`, that turns a `MonitorSpec` into
checks. Owns that contract and the pieces every type needs (`Url`, `BrokenCheck`). Must
not know any particular type, the scheduler, the state or an output.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from heartbeat.errors import CheckError, ErrorType
from heartbeat.event import Result

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from heartbeat.clock import Deadline
    from heartbeat.config import MonitorSpec
    from heartbeat.net import Network

Url: TypeAlias = "Mapping[str, Any]"
"""The members of `url.*`: full, scheme, domain, and as they apply port, path, query,
username, password (contract: a password shows as `<hidden>`)."""


class Check(Protocol):
    """One endpoint of a monitor."""

    @property
    def url(self) -> Url | None:
        """What goes into every document; `url["full"]` names the endpoint."""
        ...

    @property
    def timeout(self) -> float:
        """How many seconds one attempt may take once the address is known."""
        ...

    def run(self, deadline: Deadline) -> AsyncIterator[Result]:
        """Check once: one Result for each address, as they come in.

        Starts the deadline itself, when it knows whom to talk to. Failures of the
        target are results, not exceptions; anything raised is reported as a fault of
        the check.
        """
        ...


class Build(Protocol):
    """The `build` function of a monitor type's module."""

    def __call__(self, spec: MonitorSpec, network: Network) -> Sequence[Check]:
        """Return the checks of a monitor, one for each endpoint, in the order written.

        Does no I/O. Raises `ConfigError` for options that cannot work.
        """
        ...


@dataclass(frozen=True, slots=True)
class BrokenCheck:
    """A check whose options cannot work: it runs on schedule and says so.

    A broken monitor is thereby visible where its operator looks: in the data.
    """

    cause: str
    url: Url | None = None
    timeout: float = 0.0

    async def run(self, deadline: Deadline) -> AsyncIterator[Result]:
        """Report the fault; there is nothing to wait for, so no deadline starts."""
        del deadline
        message = f"job could not be initialized: {self.cause}"
        yield Result(error=CheckError(ErrorType.IO, message))

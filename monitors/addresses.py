"""From a host to one result for each of its addresses.

Owns the options that every monitor type with a network target has (`ipv4`, `ipv6`,
`mode`, `timeout`) and the walk over a host's addresses. Must not know any protocol:
what happens at an address is the caller's probe.
"""

from __future__ import annotations

import asyncio
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Protocol, TypeAlias

from pydantic import AfterValidator

from heartbeat.clock import Clock, Deadline
from heartbeat.config import Duration, Flag, Listed, Options, Text
from heartbeat.errors import CheckFailed, ConfigError
from heartbeat.event import Facts, Result
from heartbeat.net import Families, Lookup, Network, resolve

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine

DEFAULT_TIMEOUT = 16.0

Find: TypeAlias = "Callable[[], Coroutine[None, None, Lookup]]"
"""Looks the host up; raises `CheckFailed` if it has no usable address."""


class Probe(Protocol):
    """What is done at one address."""

    def __call__(
        self, address: str, deadline: Deadline, facts: list[Facts], /
    ) -> Coroutine[None, None, None]:
        """Return if the target is up, raise `CheckFailed` if it is down.

        Appends to `facts` what it learns, as it learns it: they are reported in both
        cases. The deadline runs already.
        """
        ...


def _known_mode(value: str) -> str:
    if value not in {"any", "all"}:
        raise ValueError(f"expecting 'any' or 'all', not '{value}'")
    return value


def _usable_timeout(seconds: float) -> float:
    if seconds < 0:
        raise ValueError(f"a timeout cannot be negative, but this is {seconds:g}s")
    return seconds or DEFAULT_TIMEOUT


def _some(hosts: tuple[str, ...]) -> tuple[str, ...]:
    if not hosts:
        raise ValueError("empty array")
    return hosts


Hosts: TypeAlias = Annotated[Listed[Text], AfterValidator(_some)]
"""One or more hosts, in whatever form the monitor type takes them."""


class AddressOptions(Options):
    """The options of a monitor that say how long and at which addresses to check.

    `timeout` is in seconds; 0 means the default, because a check without any limit
    could hold its place for ever.
    """

    ipv4: Flag = True
    ipv6: Flag = True
    mode: Annotated[Text, AfterValidator(_known_mode)] = "any"
    timeout: Annotated[Duration, AfterValidator(_usable_timeout)] = DEFAULT_TIMEOUT

    def families(self) -> Families:
        """Return the address families that a host name may have."""
        return Families(ipv4=self.ipv4, ipv6=self.ipv6)

    def require_family(self) -> None:
        """Raise `ConfigError` if both address families are switched off."""
        if not (self.ipv4 or self.ipv6):
            raise ConfigError("pinging hosts requires ipv4 or ipv6 mode enabled")


def finder(network: Network, host: str, options: AddressOptions) -> Find:
    """Return how to look a host up, which for a literal address is not at all.

    Raises `ConfigError` for a name when both address families are switched off.
    """
    if not is_address(host):
        options.require_family()
        return partial(resolve, network, host, options.families(), options.mode)
    lookup = Lookup((host,))

    async def find() -> Lookup:
        return lookup

    return find


def is_address(host: str) -> bool:
    """Return whether the host is a literal address, which needs no lookup."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def each_address(
    find: Find, probe: Probe, deadline: Deadline, clock: Clock
) -> AsyncGenerator[Result, None]:
    """Probe every address that `find` gives and yield the results as they come in.

    Several addresses are probed in parallel, each with a deadline of its own; a single
    one, the common case, needs no task and uses the deadline given.
    """
    try:
        lookup = await find()
    except CheckFailed as failure:
        yield Result(error=failure.error)
        return
    if len(lookup.addresses) == 1:
        yield await _probed(probe, lookup, lookup.addresses[0], deadline)
        return
    tasks = [
        asyncio.create_task(
            _probed(probe, lookup, address, Deadline(clock, deadline.seconds))
        )
        for address in lookup.addresses
    ]
    # No TaskGroup: a generator must not yield inside one, because whoever stops
    # listening would leave it from another task.
    try:
        for finished in asyncio.as_completed(tasks):
            yield await finished
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _probed(
    probe: Probe, lookup: Lookup, address: str, deadline: Deadline
) -> Result:
    facts: list[Facts] = list(lookup.facts(address))
    deadline.start()
    try:
        await probe(address, deadline, facts)
    except CheckFailed as failure:
        return Result(address, failure.error, facts)
    finally:
        deadline.cancel()
    return Result(address, None, facts)

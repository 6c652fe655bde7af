"""From a host to one result for each of its addresses.

Owns the options that every monitor type with a network target has (`ipv4`, `ipv6`,
`mode`, `timeout`, `resolver`, `source_address`) and the walk over a host's addresses.
Must not know any protocol: what happens at an address is the caller's probe.
"""

from __future__ import annotations

import asyncio
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Protocol, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from heartbeat.clock import Clock, Deadline
from heartbeat.config import Duration, Flag, Listed, Options, Text
from heartbeat.errors import CheckFailed, ConfigError
from heartbeat.event import Facts, Result
from heartbeat.net import Families, Lookup, Network, name_server, resolve

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine

DEFAULT_TIMEOUT = 16.0

Find: TypeAlias = "Lookup | Callable[[], Coroutine[None, None, Lookup]]"
"""Where to go, or what looks it up; raises `CheckFailed` without a usable address."""


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


def _name_server(text: str) -> str:
    try:
        return name_server(text) if text else ""
    except ValueError as error:
        raise ValueError(f"resolver: {error}") from error


def _source(text: str) -> str:
    if text and not is_address(text):
        raise ValueError(f"source_address: '{text}' is no IP address")
    return text


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

    ipv4: Flag = Field(default=True, description="Use the IPv4 addresses of a name.")
    ipv6: Flag = Field(default=True, description="Use the IPv6 addresses of a name.")
    mode: Annotated[Text, AfterValidator(_known_mode)] = Field(
        default="any", description="Check any one address of a name, or all of them."
    )
    timeout: Annotated[Duration, AfterValidator(_usable_timeout)] = Field(
        default=DEFAULT_TIMEOUT,
        description="How long a check may take once the address is known.",
    )
    resolver: Annotated[Text, AfterValidator(_name_server)] = Field(
        default="",
        description="Name server to ask instead of the hosts file and the servers of "
        "the machine: an address, with or without a port.",
    )

    def families(self) -> Families:
        """Return the address families that a host name may have, and who tells."""
        return Families(self.ipv4, self.ipv6, self.resolver)

    def require_family(self) -> None:
        """Raise `ConfigError` if both address families are switched off."""
        if not (self.ipv4 or self.ipv6):
            raise ConfigError("pinging hosts requires ipv4 or ipv6 mode enabled")


class ConnectOptions(AddressOptions):
    """The same for a monitor that connects."""

    source_address: Annotated[Text, AfterValidator(_source)] = Field(
        default="", description="Address of this machine to connect from."
    )

    def families(self) -> Families:
        """Return the families that a host name may have and the source can reach."""
        is_ipv6 = ":" in self.source_address
        return Families(
            self.ipv4 and not is_ipv6,
            self.ipv6 and (is_ipv6 or not self.source_address),
            self.resolver,
        )

    @model_validator(mode="after")
    def _has_a_family(self) -> Self:
        families = self.families()
        if self.source_address and not (families.ipv4 or families.ipv6):
            raise ValueError("source_address is of a family that is switched off")
        return self


def finder(network: Network, host: str, options: AddressOptions) -> Find:
    """Return how to look a host up, which for a literal address is not at all.

    Raises `ConfigError` for a name when both address families are switched off.
    """
    if is_address(host):
        return Lookup((host,))
    options.require_family()
    return partial(resolve, network, host, options.families(), options.mode)


def left_to_proxy(host: str) -> Find:
    """Return how not to look a host up: the proxy on the way to it does."""
    return Lookup((host,), is_name=not is_address(host))


def is_address(host: str) -> bool:
    """Return whether the host is a literal address, which needs no lookup."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def each_address(
    find: Find, probe: Probe, deadline: Deadline, clock: Clock
) -> AsyncIterator[Result]:
    """Probe every address that `find` gives and yield the results as they come in.

    Several addresses are probed in parallel, each with a deadline of its own; a single
    one, the common case, needs no task and uses the deadline given.
    """
    if isinstance(find, Lookup) and len(find.addresses) == 1:
        return Single(_probed(probe, find, find.addresses[0], deadline))
    return _each_found(find, probe, deadline, clock)


class Single:
    """The stream of a single result, without what loops do for each generator."""

    __slots__ = ("_result",)

    def __init__(self, result: Coroutine[None, None, Result]) -> None:
        """Yield what the coroutine returns."""
        self._result: Coroutine[None, None, Result] | None = result

    def __aiter__(self) -> Self:
        """Return the iterator, which this is."""
        return self

    def __anext__(self) -> Coroutine[None, None, Result]:
        """Return the result to be awaited, the first time."""
        result, self._result = self._result, None
        if result is None:
            raise StopAsyncIteration
        return result


async def _each_found(
    find: Find, probe: Probe, deadline: Deadline, clock: Clock
) -> AsyncGenerator[Result, None]:
    try:
        lookup = find if isinstance(find, Lookup) else await find()
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
    ip = None if lookup.is_name else address
    deadline.start()
    try:
        await probe(address, deadline, facts)
    except CheckFailed as failure:
        return Result(ip, failure.error, facts)
    finally:
        deadline.cancel()
    return Result(ip, None, facts)

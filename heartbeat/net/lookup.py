"""From a host as the operator wrote it to addresses.

Owns name lookups: which addresses a monitor talks to, how long the lookup took and the
words for a failed one. Must not know what is done at the address.

The system's resolver answers, so that hosts file, search domains and whatever else the
machine is set up with count. It blocks, therefore it is asked in threads; and it may
take very long, therefore a lookup is given up after a while, whatever the thread does.
"""

from __future__ import annotations

import asyncio
import re
import socket
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from heartbeat.clock import Deadline
from heartbeat.errors import CheckFailed
from heartbeat.net.facts import ResolveFacts
from heartbeat.net.names import as_address
from heartbeat.net.threads import Threads
from heartbeat.net.wording import endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from heartbeat.clock import Clock
    from heartbeat.event import Facts
    from heartbeat.net.network import Network

ANY = "any"
ALL = "all"

LIMIT = 5.0
"""Seconds after which a lookup is given up; the check's own timeout starts after it."""

THREADS = 32
"""How many lookups may be under way: a mute name server holds a thread for long."""

RESOLV_CONF = Path("/etc/resolv.conf")

DOMAIN_NAME = re.compile(
    r"(?=.{1,254}\Z)(?=.*[a-z_-])"
    r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
    r"(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?\Z",
    re.IGNORECASE,
)

Ask: TypeAlias = "Callable[[str], Sequence[str]]"
"""Looks a name up in a thread of its own; raises `OSError`."""

Answer: TypeAlias = "Sequence[str] | Failure"


@dataclass(frozen=True, slots=True)
class Families:
    """Which address families a monitor may use."""

    ipv4: bool = True
    ipv6: bool = True

    def allow(self, address: str) -> bool:
        """Tell whether an address is of one of them."""
        return self.ipv6 if ":" in address else self.ipv4


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where to go: one address for mode `any`, every one for mode `all`.

    `rtt` is in seconds, None where nothing had to be looked up.
    """

    addresses: tuple[str, ...]
    rtt: float | None = None

    def facts(self, address: str) -> tuple[Facts, ...]:
        """Return what the document says about the lookup; nothing for literals."""
        return () if self.rtt is None else (ResolveFacts(address, self.rtt),)


@dataclass(frozen=True, slots=True)
class Failure:
    """What an `OSError` was made of: errors themselves are not passed on.

    One that several tasks raise would drag their frames along, in circles.
    """

    reasons: tuple[Any, ...]


class Resolver:
    """The system's resolver; lookups of one name at the same time are one."""

    def __init__(self, clock: Clock, ask: Ask | None = None) -> None:
        """Start no thread yet. `ask` stands in for the system's resolver."""
        self._clock = clock
        self._ask = ask or ask_system
        self._threads = Threads(THREADS)
        self._waiting: dict[str, list[asyncio.Future[Answer]]] = {}

    async def addresses(self, host: str) -> Sequence[str]:
        """Return all addresses of a name in the resolver's order.

        Raises `OSError`, which is a `TimeoutError` when it takes too long.
        """
        limit = Deadline(self._clock, LIMIT)
        limit.start()
        try:
            answer = await limit.wait(self._join(host))
        finally:
            limit.cancel()
        if isinstance(answer, Failure):
            raise OSError(*answer.reasons)
        return answer

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.close()

    def _join(self, host: str) -> asyncio.Future[Answer]:
        """Ask, or wait with those who did."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        if host in self._waiting:
            self._waiting[host].append(future)
        else:
            self._waiting[host] = [future]
            self._threads.run(partial(self._look_up, loop, host))
        return future

    def _look_up(self, loop: asyncio.AbstractEventLoop, host: str) -> None:
        """Ask, in a thread, and bring the answer back."""
        answer: Answer
        try:
            answer = self._ask(host)
        except OSError as error:
            answer = Failure(error.args)
        try:
            loop.call_soon_threadsafe(self._tell, host, answer)
        except RuntimeError:
            # The loop has ended meanwhile, nobody waits any more.
            return

    def _tell(self, host: str, answer: Answer) -> None:
        for future in self._waiting.pop(host):
            if not future.done():
                future.set_result(answer)


def ask_system(host: str) -> Sequence[str]:
    """Return the addresses of a name, each once, as the system orders them."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except ValueError as error:
        raise socket.gaierror(socket.EAI_NONAME, "not a name") from error
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


async def resolve(network: Network, host: str, families: Families, mode: str) -> Lookup:
    """Return where to go for a host, in mode `any` or `all`.

    Takes a few seconds at most, whatever the check's timeout. Raises `CheckFailed`.
    """
    literal = _literal(host)
    if literal is not None:
        return literal
    if not (families.ipv4 or families.ipv6):
        raise CheckFailed.io("pinging hosts requires ipv4 or ipv6 mode enabled")
    started = network.clock.monotonic()
    found = await _look_up(network.resolver, host)
    rtt = network.clock.monotonic() - started
    return Lookup(_chosen(host, found, families, mode), rtt)


@lru_cache(65_536)
def _literal(host: str) -> Lookup | None:
    """Return where to go for an address; a bracketed one is a name to monitors."""
    if host.startswith("[") or as_address(host) is None:
        return None
    return Lookup((host,))


async def _look_up(resolver: Resolver, host: str) -> Sequence[str]:
    if host.isascii() and not DOMAIN_NAME.match(host):
        raise CheckFailed.io(f"lookup {host}: no such host")
    try:
        return await resolver.addresses(host)
    except OSError as error:
        server = name_server(RESOLV_CONF)
        cause = _cause(error)
        raise CheckFailed.io(f"lookup {host} on {server}: {cause}") from error


def _cause(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "i/o timeout"
    if error.errno in {socket.EAI_NONAME, socket.EAI_NODATA}:
        return "no such host"
    if error.errno in {socket.EAI_AGAIN, socket.EAI_FAIL}:
        return "server misbehaving"
    return (error.strerror or str(error)).lower()


def _chosen(
    host: str, found: Sequence[str], families: Families, mode: str
) -> tuple[str, ...]:
    """Return the addresses to talk to; raises `CheckFailed` if none is left."""
    fitting = tuple(address for address in found if families.allow(address))
    if mode == ALL:
        if not fitting:
            raise CheckFailed.io(
                f"no {_network(families)} address resolvable for host {host}"
            )
        return fitting
    if not fitting:
        raise CheckFailed.io(f"address {host}: no suitable address found")
    preferred = [address for address in fitting if ":" not in address]
    return ((preferred or fitting)[0],)


def _network(families: Families) -> str:
    if families.ipv4 and families.ipv6:
        return "ip"
    return "ip4" if families.ipv4 else "ip6"


def name_server(path: Path) -> str:
    """Return the first name server of a resolv.conf as `ip:port`."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            return endpoint(words[1], 53)
    return "127.0.0.1:53"

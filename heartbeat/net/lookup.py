"""From a host as the operator wrote it to addresses.

Owns name lookups: which addresses a monitor talks to, how long the lookup took and the
words for a failed one. Must not know what is done at the address or how names are
looked up.

How long a lookup took is what the check spent on it. An answer that was remembered
takes next to nothing, and that is what the document says: the time of some earlier
lookup would be told again and again as if it had just happened.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from heartbeat.clock import Deadline
from heartbeat.errors import CheckFailed
from heartbeat.net.dns import AAAA, A
from heartbeat.net.facts import ResolveFacts
from heartbeat.net.hostfiles import DNS_PORT
from heartbeat.net.names import as_address
from heartbeat.net.proxy import MAX_PORT
from heartbeat.net.resolver import NO_SUCH_HOST, TIMED_OUT, Wanted
from heartbeat.net.wording import endpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.event import Facts
    from heartbeat.net.network import Network

ANY = "any"
ALL = "all"

LIMIT = 5.0
"""Seconds after which a lookup is given up; the check's own timeout starts after it."""

DOMAIN_NAME = re.compile(
    r"(?=.{1,254}\Z)(?=.*[a-z_-])"
    r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
    r"(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Families:
    """Which address families a monitor may use, and who is asked for them.

    `server` is a name server as `ip:port`; empty for the machine's own ways.
    """

    ipv4: bool = True
    ipv6: bool = True
    server: str = ""

    def allow(self, address: str) -> bool:
        """Tell whether an address is of one of them."""
        return self.ipv6 if ":" in address else self.ipv4


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where to go: one address for mode `any`, every one for mode `all`.

    `rtt` is in seconds, None where nothing had to be looked up. With `is_name` the only
    address is the host's name still, which a proxy will look up.
    """

    addresses: tuple[str, ...]
    rtt: float | None = None
    is_name: bool = False
    is_stale: bool = False

    def facts(self, address: str) -> tuple[Facts, ...]:
        """Return what the document says about the lookup; nothing for literals."""
        if self.rtt is None:
            return ()
        return (ResolveFacts(address, self.rtt, is_stale=self.is_stale),)


async def resolve(
    network: Network,
    host: str,
    families: Families,
    mode: str,
    *,
    within: float = LIMIT,
) -> Lookup:
    """Return where to go for a host, in mode `any` or `all`.

    Takes no longer than `within` and a few seconds. Raises `CheckFailed`.
    """
    literal = _literal(host)
    if literal is not None:
        return literal
    if not (families.ipv4 or families.ipv6):
        raise CheckFailed.io("pinging hosts requires ipv4 or ipv6 mode enabled")
    name = _name(host)
    started = network.clock.monotonic()
    limit = Deadline(network.clock, min(within, LIMIT))
    try:
        reply = await network.resolver.find(name, _wanted(families, mode), limit)
    except TimeoutError as error:
        server = families.server or network.resolver.servers[0]
        raise _failure(host, server, TIMED_OUT) from error
    finally:
        limit.cancel()
    if not reply.addresses:
        raise _failure(host, reply.server, reply.fault)
    rtt = network.clock.monotonic() - started
    addresses = _chosen(host, reply.addresses, families, mode)
    return Lookup(addresses, rtt, is_stale=reply.is_stale)


@lru_cache(65_536)
def _literal(host: str) -> Lookup | None:
    """Return where to go for an address; a bracketed one is a name to monitors."""
    if host.startswith("[") or as_address(host) is None:
        return None
    return Lookup((host,))


@lru_cache(1024)
def _wanted(families: Families, mode: str) -> Wanted:
    """Return what to look up.

    IPv4 first, which is what mode `any` prefers. The other family comes in where a name
    has none of the one that is wanted: to be able to say so.
    """
    kinds = (A, AAAA) if families.ipv4 else (AAAA, A)
    every = mode == ALL and families.ipv4 and families.ipv6
    return Wanted(kinds, every, families.server)


@lru_cache(65_536)
def _name(host: str) -> str:
    """Return the name to ask for; raises `CheckFailed` for what cannot be one."""
    try:
        name = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        name = ""
    if not DOMAIN_NAME.match(name):
        raise CheckFailed.io(f"lookup {host}: {NO_SUCH_HOST}")
    return name


def name_server(text: str) -> str:
    """Return a name server as `ip:port`; raises `ValueError` for what is none.

    Without a port it is the usual one; an IPv6 address with a port has brackets.
    """
    if (alone := as_address(text)) is not None:
        text = endpoint(alone, DNS_PORT)
    host, _, port = text.rpartition(":")
    address = as_address(host)
    if (
        address is None
        or (":" in host and "[" not in text)
        or not (port.isascii() and port.isdigit())
        or not 0 < int(port) <= MAX_PORT
    ):
        raise ValueError(f"'{text}' is no IP address, with or without a port")
    return endpoint(address, int(port))


def _failure(host: str, server: str, cause: str) -> CheckFailed:
    return CheckFailed.io(f"lookup {host} on {server}: {cause}")


def _chosen(
    host: str, found: Sequence[str], families: Families, mode: str
) -> tuple[str, ...]:
    """Return the addresses to talk to; raises `CheckFailed` if none is left."""
    fitting = tuple([address for address in found if families.allow(address)])
    if mode == ALL:
        if not fitting:
            network = "ip4" if families.ipv4 else "ip6"
            raise CheckFailed.io(f"no {network} address resolvable for host {host}")
        return tuple(filter(_is_possible, fitting)) or fitting
    for address in fitting:
        if ":" not in address:
            return (address,)
    if not fitting:
        raise CheckFailed.io(f"address {host}: no suitable address found")
    return fitting[:1]


def _is_possible(address: str) -> bool:
    return has_family(socket.AF_INET6 if ":" in address else socket.AF_INET)


@cache
def has_family(family: int) -> bool:
    """Tell whether this machine speaks a version of IP at all."""
    try:
        socket.socket(family, socket.SOCK_DGRAM).close()
    except OSError:
        return False
    return True

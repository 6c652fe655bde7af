"""What `network` asks of an address.

Owns the named networks and CIDR notation. Must not know where the address stands.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import (
    IPv4Address,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)
from typing import TYPE_CHECKING, Any, TypeAlias

from heartbeat.conditions.values import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.conditions.values import Test

Address: TypeAlias = "IPv4Address | IPv6Address"
Network: TypeAlias = Callable[[Address], bool]
"""Tells whether an address belongs to it."""

PRIVATE = tuple(
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8")
)
"""RFC 1918 and RFC 4193, narrower than what Python calls private."""

BROADCAST = IPv4Address("255.255.255.255")
INTERFACE_LOCAL_MULTICAST = IPv6Network("ff01::/16")
LINK_LOCAL_MULTICAST = (ip_network("224.0.0.0/24"), IPv6Network("ff02::/16"))


def in_networks(path: str, wanted: Any) -> Test:
    """Return the test for an address, or any of a list, in any of the networks.

    Raises `ValueError`.
    """
    networks = [_network(path, name) for name in listed(wanted)]

    def test(value: Any) -> bool:
        return any(network(ip) for ip in _addresses(value) for network in networks)

    return test


def _network(path: str, name: Any) -> Network:
    if not isinstance(name, str):
        raise ValueError(  # noqa: TRY004 - a fault of the options
            f"network condition attempted to set '{path}' -> '{name}', "
            "only strings or lists of strings are allowed"
        )
    if name in NAMED:
        return NAMED[name]
    try:
        if "/" not in name:
            raise ValueError("no prefix length")  # noqa: TRY301
        cidr = ip_interface(name).network
    except ValueError as error:
        raise ValueError(
            "failed to parse CIDR, values must be an IP address and prefix length, "
            "like '192.0.2.0/24' or '2001:db8::/32', as defined in RFC 4632 and "
            f"RFC 4291: invalid CIDR address: {name}"
        ) from error
    return lambda ip: ip in cidr


def _addresses(value: Any) -> list[Address]:
    """Return the addresses in a value, those of an IPv4 in IPv6 as IPv4."""
    found: list[Address] = []
    for text in listed(value):
        try:
            ip = ip_address(text) if isinstance(text, str) else None
        except ValueError:
            ip = None
        if ip is not None:
            mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
            found.append(mapped or ip)
    return found


def _is_private(ip: Address) -> bool:
    return any(ip in network for network in PRIVATE)


def _is_global_unicast(ip: Address) -> bool:
    return not (
        ip.is_loopback
        or ip.is_multicast
        or ip.is_unspecified
        or ip.is_link_local
        or ip == BROADCAST
    )


def _is_interface_local_multicast(ip: Address) -> bool:
    return ip in INTERFACE_LOCAL_MULTICAST


def _is_link_local_multicast(ip: Address) -> bool:
    return any(ip in network for network in LINK_LOCAL_MULTICAST)


def _is_public(ip: Address) -> bool:
    return not (
        _is_private(ip)
        or ip.is_loopback
        or ip.is_unspecified
        or ip == BROADCAST
        or ip.is_link_local
        or _is_link_local_multicast(ip)
        or _is_interface_local_multicast(ip)
    )


NAMED: Mapping[str, Network] = {
    "loopback": lambda ip: ip.is_loopback,
    "unicast": _is_global_unicast,
    "global_unicast": _is_global_unicast,
    "multicast": lambda ip: ip.is_multicast,
    "interface_local_multicast": _is_interface_local_multicast,
    "link_local_unicast": lambda ip: ip.is_link_local,
    "link_local_multicast": _is_link_local_multicast,
    "private": _is_private,
    "public": _is_public,
    "unspecified": lambda ip: ip.is_unspecified,
}

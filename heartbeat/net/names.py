"""Names of hosts: whether one in a certificate covers another, and which are addresses.

Owns the reference's rules for both. Must not know certificates or TLS.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def covers(patterns: Iterable[str], host: str) -> bool:
    """Tell whether one of the DNS names of a certificate stands for the host.

    A `*` stands for exactly the first label, as in RFC 6125.
    """
    labels = host.lower().removesuffix(".").split(".")
    return all(labels) and any(_matches(pattern, labels) for pattern in patterns)


def _matches(pattern: str, labels: list[str]) -> bool:
    wanted = pattern.lower().removesuffix(".").split(".")
    if len(wanted) != len(labels) or not all(wanted):
        return False
    if wanted[0] == "*" and len(wanted) > 1:
        return wanted[1:] == labels[1:]
    return wanted == labels


def as_address(host: str) -> str | None:
    """Return an IP address in its shortest form, None for a name."""
    try:
        return str(ipaddress.ip_address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        return None

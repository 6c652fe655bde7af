"""Networks: named ones and CIDR notation."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.conditions.networks import NAMED, in_networks

MEMBERS = {
    "127.0.0.1": {"loopback"},
    "::1": {"loopback"},
    "10.1.2.3": {"unicast", "global_unicast", "private"},
    "192.168.0.1": {"unicast", "global_unicast", "private"},
    "fd00::1": {"unicast", "global_unicast", "private"},
    "fc00::1": {"unicast", "global_unicast", "public"},
    "8.8.8.8": {"unicast", "global_unicast", "public"},
    "::ffff:8.8.8.8": {"unicast", "global_unicast", "public"},
    "192.0.2.1": {"unicast", "global_unicast", "public"},
    "169.254.0.1": {"link_local_unicast"},
    "fe80::1": {"link_local_unicast"},
    "224.0.0.1": {"multicast", "link_local_multicast"},
    "239.0.0.1": {"multicast", "public"},
    "ff01::1": {"multicast", "interface_local_multicast"},
    "ff02::1": {"multicast", "link_local_multicast"},
    "0.0.0.0": {"unspecified"},
    "255.255.255.255": set[str](),
}


@pytest.mark.parametrize("address", MEMBERS)
def test_named(address: str) -> None:
    """An address belongs to the networks that the reference puts it in."""
    assert MEMBERS[address] == {
        name for name in NAMED if in_networks("f", name)(address)
    }


@pytest.mark.parametrize(
    ("wanted", "value", "expected"),
    [
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.9.9.9/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.0.0.0/8", "::ffff:10.1.2.3", True),
        ("2001:db8::/32", "2001:db8::1", True),
        ("2001:db8::/32", "10.1.2.3", False),
        (["loopback", "10.0.0.0/8"], "127.0.0.1", True),
        ("loopback", ["10.0.0.1", "127.0.0.1"], True),
        ("loopback", ["10.0.0.1"], False),
        ("loopback", "localhost", False),
        ("loopback", 1, False),
    ],
)
def test_in_networks(wanted: Any, value: Any, *, expected: bool) -> None:
    """Any address of the value in any of the networks is enough."""
    assert expected == in_networks("f", wanted)(value)


@pytest.mark.parametrize(
    "wanted", ["10.0.0.1", "10.0.0.0/33", "home", ["private", "x/8"]]
)
def test_no_network(wanted: Any) -> None:
    """What is neither a name nor a network is refused."""
    with pytest.raises(ValueError, match=r"failed to parse CIDR, values must be an IP"):
        in_networks("f", wanted)

"""From the options of a monitor to its checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.errors import ConfigError

if TYPE_CHECKING:
    from tests.support.visit import Visitor


async def test_one_check_for_each_url(visitor: Visitor) -> None:
    """Every URL is a check, in the order written, with the monitor's timeout."""
    checks = visitor.build(hosts=["a"], urls=["b:81", "https://c"], timeout="3s")

    assert [(check.url or {})["full"] for check in checks] == [
        "http://a",
        "http://b:81",
        "https://c",
    ]
    assert [check.timeout for check in checks] == [3.0, 3.0, 3.0]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "http://host"),
        ({"ssl": {}}, "https://host"),
        ({"ssl": {"enabled": False}}, "http://host"),
    ],
)
async def test_scheme(visitor: Visitor, options: dict[str, Any], expected: str) -> None:
    """TLS settings decide what a URL without a scheme means."""
    (check,) = visitor.build(urls=["host"], **options)

    assert expected == (check.url or {})["full"]


async def test_tls_settings_are_shared(visitor: Visitor) -> None:
    """Equal settings make one context; plain HTTP needs none."""
    checks: Any = visitor.build(urls=["https://a", "https://b", "http://c"])

    contexts = [check.route.tls for check in checks]

    assert contexts[0] is contexts[1]
    assert contexts[2] is None


async def test_no_family_left(visitor: Visitor) -> None:
    """A name needs an address family, a literal address does not."""
    assert visitor.build(urls=["http://[::1]"], ipv4=False, ipv6=False)

    with pytest.raises(ConfigError, match="requires ipv4 or ipv6"):
        visitor.build(urls=["http://name"], ipv4=False, ipv6=False)

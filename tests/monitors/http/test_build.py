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


@pytest.mark.parametrize(
    ("options", "doubts"),
    [
        ({}, set[str]()),
        (
            {"timeout": 0},
            {
                (
                    "0 leaves no time, so every check fails: write how long it may take"
                    " accessing 'timeout'"
                )
            },
        ),
        (
            {"timeout": 0, "max_redirects": 1},
            {"0 means the default here, 16s accessing 'timeout'"},
        ),
        ({"mode": "all"}, set[str]()),
        (
            {"mode": "all", "max_redirects": 1},
            {"has no effect with max_redirects or proxy_url accessing 'mode'"},
        ),
        ({"resolver": "127.0.0.1"}, set[str]()),
        (
            {"resolver": "127.0.0.1", "proxy_url": "http://p", "proxy_disable": True},
            set[str](),
        ),
        (
            {"resolver": "127.0.0.1", "proxy_url": "http://p"},
            {"has no effect: the proxy looks names up accessing 'resolver'"},
        ),
        (
            {"check": {"request": {"headers": ["X-A: b"]}}, "proxy_headers": ["X"]},
            {
                (
                    "a list names no headers: write a mapping"
                    " accessing 'check.request.headers'"
                ),
                "a list names no headers: write a mapping accessing 'proxy_headers'",
            },
        ),
        (
            {
                "check.response.json": [
                    {"expression": "a == 1"},
                    {"condition": {"has_fields": "a", "equals": {"b": 1}}},
                ]
            },
            {
                (
                    "JSON conditions are deprecated, use 'expression' instead."
                    " accessing 'check.response.json'"
                ),
                (
                    "only 'equals' counts in this condition, not has_fields"
                    " accessing 'check.response.json'"
                ),
            },
        ),
    ],
)
async def test_doubts(
    visitor: Visitor, options: dict[str, Any], doubts: set[str]
) -> None:
    """Options that do something else than they seem to are reported."""
    visitor.build(urls=["host"], **options)

    assert doubts == {str(problem) for problem in visitor.scope.reported}


async def test_no_family(visitor: Visitor) -> None:
    """Without an address family nothing can be reached, unless by a proxy."""
    no_family = {"urls": ["host"], "ipv4": False, "ipv6": False, "max_redirects": 1}

    with pytest.raises(ConfigError, match="requires ipv4 or ipv6 mode enabled"):
        visitor.build(**no_family)
    assert visitor.build(**no_family, proxy_url="proxy")

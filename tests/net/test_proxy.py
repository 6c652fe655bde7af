"""Proxies as operators write them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.net import Proxy, ProxyKind, parse_proxy

FORM = "a proxy is written scheme://[user:password@]host[:port], which "
HTTP, HTTPS, SOCKS5 = ProxyKind.HTTP, ProxyKind.HTTPS, ProxyKind.SOCKS5


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://p.test", Proxy(HTTP, "p.test", 80)),
        ("HTTPS://p.test/", Proxy(HTTPS, "p.test", 443)),
        ("socks5://10.0.0.1", Proxy(SOCKS5, "10.0.0.1", 1080)),
        ("socks5h://p.test:9", Proxy(SOCKS5, "p.test", 9)),
        ("http://[::1]:3128", Proxy(HTTP, "::1", 3128)),
        ("http://[fe80::1%eth0]:1", Proxy(HTTP, "fe80::1%eth0", 1)),
        ("http://me@p:1", Proxy(HTTP, "p", 1, "me")),
        ("http://me:p%40ss:w@p:1", Proxy(HTTP, "p", 1, "me", "p@ss:w")),
        ("http://:x@p:1", Proxy(HTTP, "p", 1, "", "x")),
    ],
)
def test_urls(url: str, expected: Proxy) -> None:
    """A URL names kind, host, port and login."""
    assert parse_proxy(url) == expected


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("ftp://p:1", "proxy: unknown scheme: ftp"),
        ("http://p:0", "proxy: 0 is no port"),
        ("http://p:70000", "proxy: 70000 is no port"),
        ("p:1", f"{FORM}'p:1' is not"),
        ("http://me:secret@p/path", f"{FORM}'http://p/path' is not"),
    ],
)
def test_urls_that_name_no_proxy(url: str, fault: str) -> None:
    """The error shows what is wrong, but never a login."""
    with pytest.raises(ValueError, match=f"^{re.escape(fault)}$"):
        parse_proxy(url)


def test_kinds_that_a_monitor_cannot_use() -> None:
    """A monitor may know one kind of proxy alone."""
    with pytest.raises(ValueError, match="unknown scheme: http"):
        parse_proxy("http://p:1", (SOCKS5,))


def test_the_login_of_http() -> None:
    """The login is that of basic authentication."""
    assert parse_proxy("http://me:pass@p").authorization == "Basic bWU6cGFzcw=="
    assert parse_proxy("http://p").authorization is None


@pytest.mark.parametrize(
    ("host", "expected"), [("p.test", "p.test:80"), ("::1", "[::1]:80")]
)
def test_the_authority(host: str, expected: str) -> None:
    """An IPv6 address has brackets where a port follows."""
    assert Proxy(HTTP, host, 80).authority == expected


def test_the_login_is_not_shown() -> None:
    """Neither user nor password nor headers are in the text form."""
    proxy = Proxy(HTTP, "p", 80, "me", "secret", {"X-Key": "secret"})

    assert "secret" not in repr(proxy)
    assert "me" not in repr(proxy).replace("name", "")


@given(st.text(max_size=80))
def test_any_text_is_a_proxy_or_not(text: str) -> None:
    """No text ends in another error."""
    try:
        proxy = parse_proxy(f"http://{text}")
    except ValueError:
        return
    assert 0 < proxy.port <= 65_535

"""What a target is, told from how it is written."""

from __future__ import annotations

import pytest

from heartbeat.errors import ConfigError
from heartbeat.oneoff import Target, target_of


@pytest.mark.parametrize(
    ("text", "kind", "place"),
    [
        ("https://shop.example/a?b", "http", "https://shop.example/a?b"),
        ("HTTP://shop.example", "http", "HTTP://shop.example"),
        ("shop.example/health", "http", "shop.example/health"),
        ("shop.example:8080/health", "http", "shop.example:8080/health"),
        ("http://u:p@[::1]:80/", "http", "http://u:p@[::1]:80/"),
        ("shop.example:25", "tcp", "shop.example:25"),
        ("[::1]:25", "tcp", "[::1]:25"),
        ("tls://shop.example:465", "tcp", "tls://shop.example:465"),
        ("shop.example", "icmp", "shop.example"),
        ("192.0.2.1", "icmp", "192.0.2.1"),
        ("::1", "icmp", "[::1]"),
        ("[::1]", "icmp", "[::1]"),
        ("icmp://shop.example", "icmp", "shop.example"),
        ("ping://::1", "icmp", "[::1]"),
    ],
)
def test_kind_is_told_from_the_form(text: str, kind: str, place: str) -> None:
    """URLs are asked, a port is connected to, a host alone is pinged."""
    assert Target(kind, place) == target_of(text)


@pytest.mark.parametrize(
    ("text", "kind", "place"),
    [
        ("shop.example", "http", "http://shop.example"),
        ("shop.example:8443", "http", "http://shop.example:8443"),
        ("tls://shop.example:8443", "http", "https://shop.example:8443"),
        ("https://shop.example/a", "tcp", "tls://shop.example:443"),
        ("http://shop.example:81/a", "tcp", "tcp://shop.example:81"),
        ("shop.example", "tcp", "tcp://shop.example"),
        ("https://u:p@shop.example:8/a", "icmp", "shop.example"),
        ("[::1]:25", "icmp", "[::1]"),
    ],
)
def test_kind_may_be_forced(text: str, kind: str, place: str) -> None:
    """A target written for another kind is turned into the form that is needed."""
    assert Target(kind, place) == target_of(text, kind)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is no URL, host:port or host"),
        ("https://", "'https://' names no host"),
        (":25", "':25' names no host"),
        ("a:b:c", "'a:b:c' names no host"),
        ("ftp://shop.example", "nothing checks 'ftp://': use one of http, https, tcp,"),
    ],
)
def test_what_is_no_target(text: str, message: str) -> None:
    """What cannot be checked is refused with the reason."""
    with pytest.raises(ConfigError) as caught:
        target_of(text)

    assert str(caught.value).startswith(message)

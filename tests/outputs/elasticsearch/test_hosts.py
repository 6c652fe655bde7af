"""The forms of hosts and proxies, and which proxy the environment names."""

from __future__ import annotations

import pytest

from heartbeat.outputs.elasticsearch.hosts import (
    Defaults,
    Host,
    Proxy,
    parse_host,
    parse_proxy,
    proxy_of,
)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("es", "http://es:9200"),
        ("ES.example", "http://es.example:9200"),
        ("es:80", "http://es:80"),
        ("https://es", "https://es:9200"),
        ("https://es:443/", "https://es:443"),
        ("http://es/a/b/", "http://es:9200/a/b"),
        ("es/a", "http://es:9200/a"),
        ("127.0.0.1:1", "http://127.0.0.1:1"),
        ("[::1]", "http://[::1]:9200"),
        ("[::1]:1", "http://[::1]:1"),
        ("::1", "http://[::1]:9200"),
    ],
)
def test_hosts(text: str, url: str) -> None:
    """Protocol, port and path have defaults."""
    assert parse_host(text, Defaults()).url == url


def test_defaults_are_options() -> None:
    """`protocol` and `path` count for hosts that do not say."""
    defaults = Defaults("https", "/es/")

    assert parse_host("a", defaults).url == "https://a:9200/es"
    assert parse_host("http://a/b", defaults).url == "http://a:9200/b"


def test_hosts_carry_credentials() -> None:
    """Inline credentials are taken off the URL and decoded."""
    host = parse_host("https://me:p%40ss@es", Defaults())

    assert host == Host("https", "es", 9200, "", "me", "p@ss")
    assert host.url == "https://es:9200"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ftp://es", "'ftp://es' has neither http nor https as its protocol"),
        ("http://", "'http://' names no host"),
        ("es:0", "'es:0' names no host"),
        ("es:x", "'es:x' cannot be read as an address"),
        ("[::1", "'[::1' cannot be read as an address"),
        ("es?a=b", "'es?a=b': write parameters into 'parameters'"),
        ("http://me:s/cret@es", "'http://xxxxx@es' cannot be read as an address"),
        ("me:s/cret@es", "'xxxxx@es' cannot be read as an address"),
    ],
)
def test_bad_hosts(text: str, message: str) -> None:
    """What cannot be meant is refused, without showing a password."""
    with pytest.raises(ValueError, match=r"'.+' .+|'.+': .+") as caught:
        parse_host(text, Defaults())

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("proxy:3128", Proxy("http://proxy:3128")),
        ("http://proxy", Proxy("http://proxy:80")),
        ("https://me:pw@proxy", Proxy("https://proxy:443", "me", "pw")),
    ],
)
def test_proxies(text: str, proxy: Proxy) -> None:
    """A proxy is a host with the ports of the web."""
    assert parse_proxy(text) == proxy


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("http://es", Proxy("http://plain:80")),
        ("https://es", Proxy("http://secure:80")),
        ("http://es.inside", None),
        ("http://localhost", None),
        ("http://127.0.0.9", None),
        ("http://[::1]", None),
    ],
)
def test_the_environment_names_proxies(
    host: str, found: Proxy | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By protocol, but not for excluded hosts and never for the machine itself."""
    monkeypatch.setenv("HTTP_PROXY", "plain")
    monkeypatch.setenv("HTTPS_PROXY", "http://secure")
    monkeypatch.setenv("NO_PROXY", ".inside")

    assert proxy_of(parse_host(host, Defaults())) == found


def test_no_proxy_is_the_default() -> None:
    """Without variables hosts are reached directly."""
    assert proxy_of(Host("http", "es", 9200)) is None

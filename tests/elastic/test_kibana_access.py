"""Where Kibana is and as whom it is asked."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from heartbeat.config.setup import names_kibana
from heartbeat.elastic.kibana_access import kibana_access
from heartbeat.errors import ConfigError
from tests.support.config import loaded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from heartbeat.net import Network
    from heartbeat.outputs.elasticsearch.access import Access


def basic(user: str, password: str) -> str:
    """Return the header for a user."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


@pytest.fixture
def reach(tmp_path: Path, network: Network) -> Callable[..., Access]:
    """Return how Kibana is reached with options of it and of the output."""

    def made(kibana: str = "", output: str = "") -> Access:
        text = f"output.elasticsearch: {{hosts: [a], {output}}}\n"
        text += f"setup.kibana: {{{kibana}}}\n"
        return kibana_access(loaded(tmp_path, text), network)

    return made


@pytest.mark.parametrize(
    ("kibana", "expected"),
    [
        ("", "http://localhost:5601"),
        ("host: kibana", "http://kibana:5601"),
        ("host: kibana, protocol: https", "https://kibana:5601"),
        ("host: 'https://kibana.test:443/base'", "https://kibana.test:443/base"),
        ("host: 'k:80', path: /base", "http://k:80/base"),
        ("host: k, space.id: ops", "http://k:5601/s/ops"),
        ("host: k, path: base, space.id: a b", "http://k:5601/base/s/a%20b"),
    ],
)
def test_address(reach: Callable[..., Access], kibana: str, expected: str) -> None:
    """The port is Kibana's own; a space is part of every path."""
    (host,) = reach(kibana).hosts

    assert host.url == expected


@pytest.mark.parametrize(
    ("kibana", "output", "expected"),
    [
        ("", "", ""),
        ("", "username: u, password: p", basic("u", "p")),
        ("username: k", "username: u, password: p", basic("k", "p")),
        ("username: k, password: q", "username: u, password: p", basic("k", "q")),
        ("", "api_key: 'a:b'", "ApiKey YTpi"),
        ("username: k, password: q", "api_key: 'a:b'", basic("k", "q")),
        ("api_key: 'c:d'", "username: u, password: p", "ApiKey Yzpk"),
        ("service_token: t", "username: u, password: p", "Bearer t"),
        ("host: 'http://h:i@k'", "username: u, password: p", basic("h", "i")),
    ],
)
def test_identity(
    reach: Callable[..., Access], kibana: str, output: str, expected: str
) -> None:
    """What is not given is that of the output, and no two are mixed."""
    access = reach(kibana, output)

    assert access.authorization_for(access.hosts[0]) == expected


def test_headers(reach: Callable[..., Access]) -> None:
    """Those of the operator come beside what Kibana wants, as texts."""
    headers = reach("headers: {X-Team: 7}").headers

    assert headers["X-Team"] == "7"
    assert headers["kbn-xsrf"] == "1"
    assert headers["elastic-api-version"] == "2023-10-31"


def test_certificates_are_read(reach: Callable[..., Access]) -> None:
    """A file of certificates that is not there is a fault before anything connects."""
    with pytest.raises(ConfigError, match=r"nowhere\.pem"):
        reach("host: 'https://k', ssl.certificate_authorities: [/nowhere.pem]")


@pytest.mark.parametrize(
    ("kibana", "expected"),
    [
        ("host: 'ftp://k'", "neither http nor https.* accessing 'setup.kibana.host'"),
        ("api_key: x", "neither 'id:key' nor .* accessing 'setup.kibana.api_key'"),
        ("api_key: 'a:b', host: 'http://u:p@k'", "a user in the URL of the host"),
        ("api_key: 'a:b', username: u", "cannot set both api_key and username"),
        ("service_token: t, api_key: 'a:b'", "cannot set service_token beside"),
        ("password: p", "password is set, but username is not"),
        ("headers: {a: [b]}", "the values must be texts"),
        ("timeout: 0", "requires value > 0"),
    ],
)
def test_contradictions(
    reach: Callable[..., Access], kibana: str, expected: str
) -> None:
    """What cannot work says so, and where."""
    with pytest.raises(ConfigError, match=expected):
        reach(kibana)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", False),
        ("setup.kibana: ~", False),
        ("setup.kibana:\n", False),
        ("setup.kibana.host: k", True),
        ("setup.dashboards.enabled: true", True),
        ("setup.dashboards.enabled: false", False),
    ],
)
def test_whether_kibana_is_named(tmp_path: Path, text: str, expected: bool) -> None:  # noqa: FBT001
    """The empty section of the reference's file names nothing."""
    settings = loaded(tmp_path, f"output.elasticsearch.hosts: [a]\n{text}\n")

    assert names_kibana(settings.root, settings.options.setup) is expected

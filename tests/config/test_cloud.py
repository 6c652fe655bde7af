"""Hosted deployments."""

from __future__ import annotations

from base64 import b64encode

import pytest

from heartbeat.config.cloud import CloudOptions, cloud_settings


def cloud_id(decoded: str) -> str:
    """Return an id as the service hands it out."""
    return f"name:region:{b64encode(decoded.encode()).decode()}"


@pytest.mark.parametrize(
    ("decoded", "expected"),
    [
        ("host.example$es$kb", ("es.host.example:443", "kb.host.example:443")),
        ("host.example:9243$es$kb", ("es.host.example:9243", "kb.host.example:9243")),
        ("host.example$es:1$kb:2", ("es.host.example:1", "kb.host.example:2")),
    ],
)
def test_addresses(decoded: str, expected: tuple[str, str]) -> None:
    """The id holds the addresses, with or without ports."""
    elasticsearch, kibana = expected

    assert cloud_settings(CloudOptions(id=cloud_id(decoded))) == {
        "output.elasticsearch.hosts": [f"https://{elasticsearch}"],
        "setup.kibana.host": f"https://{kibana}",
    }


def test_without_kibana() -> None:
    """A deployment may have none."""
    settings = cloud_settings(CloudOptions(id=cloud_id("h$e$")))

    assert settings == {"output.elasticsearch.hosts": ["https://e.h:443"]}


def test_credentials() -> None:
    """The first colon ends the user's name."""
    settings = cloud_settings(CloudOptions(id=cloud_id("h$e$k"), auth="me:a:b"))

    assert settings == {
        "output.elasticsearch.hosts": ["https://e.h:443"],
        "setup.kibana.host": "https://k.h:443",
        "output.elasticsearch.username": "me",
        "output.elasticsearch.password": "a:b",
    }


def test_nothing_set() -> None:
    """Without an id nothing changes."""
    assert cloud_settings(CloudOptions()) == {}


@pytest.mark.parametrize(
    ("written", "auth", "expected"),
    [
        ("", "a:b", "cloud.auth specified but cloud.id is empty. Please specify both"),
        (cloud_id("h$e$k"), "a", "cloud.auth must be written as user:password"),
        ("x:%", "", "base64 decoding failed on %"),
        (cloud_id("h$e"), "", "Expected at least 3 parts in h$e"),
        (cloud_id("h/$e$k"), "", "the characters # @ ? / have no place in h/$e$k"),
    ],
)
def test_refused(written: str, auth: str, expected: str) -> None:
    """What cannot be an id says why."""
    with pytest.raises(ValueError, match=r"\w") as caught:
        cloud_settings(CloudOptions(id=written, auth=auth))

    assert expected == str(caught.value)

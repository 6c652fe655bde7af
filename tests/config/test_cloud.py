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
        ("host.example$es$kb", "https://es.host.example:443"),
        ("host.example:9243$es$kb", "https://es.host.example:9243"),
        ("host.example:9243$es:9244$kb", "https://es.host.example:9244"),
    ],
)
def test_address(decoded: str, expected: str) -> None:
    """The id holds the address, with or without ports."""
    options = CloudOptions(id=cloud_id(decoded))

    assert cloud_settings(options) == {"output.elasticsearch.hosts": [expected]}


def test_credentials() -> None:
    """The first colon ends the user's name."""
    settings = cloud_settings(CloudOptions(id=cloud_id("h$e$k"), auth="me:a:b"))

    assert settings == {
        "output.elasticsearch.hosts": ["https://e.h:443"],
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

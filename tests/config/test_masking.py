"""Secrets stay out of what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.config.masking import is_secret, mask_line, mask_text, masked

if TYPE_CHECKING:
    from heartbeat.config.tree import Plain


@pytest.mark.parametrize(
    "path",
    [
        "output.elasticsearch.password",
        "ssl.key_passphrase",
        "output.elasticsearch.api_key",
        "check.request.headers.Authorization",
        "check.request.headers.X-Api-Key",
        "client_secret",
        "access_token",
        "cloud.auth",
        "output.elasticsearch.auth.headers.value",
        "headers.Cookie",
    ],
)
def test_secret(path: str) -> None:
    """Names that hold secrets are known wherever they stand."""
    assert is_secret(path)


@pytest.mark.parametrize(
    "path", ["username", "ssl.key_passphrase_path", "ca_trusted_fingerprint", "auth"]
)
def test_no_secret(path: str) -> None:
    """Names of files and fingerprints may be shown."""
    assert not is_secret(path)


def test_text() -> None:
    """Passwords in addresses and private keys are replaced."""
    text = "http://me:hush@h/x and ftp://you:x@y/ -----BEGIN RSA PRIVATE KEY-----\nabc"

    assert mask_text(text) == "http://me:xxxxx@h/x and ftp://you:xxxxx@y/ xxxxx"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("  password: hush", "  password: xxxxx"),
        ("{user: me, 'api_key': a}, b: 1}", "{user: me, 'api_key': xxxxx"),
        ("Authorization: Basic abc", "Authorization: xxxxx"),
        ("hosts: http://a:b@c", "hosts: http://a:xxxxx@c"),
        ("ssl.key_passphrase: x", "ssl.key_passphrase: xxxxx"),
        ("password:", "password:"),
        ("name: password check", "name: password check"),
    ],
)
def test_line(line: str, expected: str) -> None:
    """A line of a file is shown without what follows a secret's name."""
    assert expected == mask_line(line)


def test_data() -> None:
    """Secrets at any depth are replaced; a bare reference tells nothing."""
    data: Plain = {
        "password": "hush",
        "token": "${TOKEN}",
        "access_token": "${TOKEN:}",
        "api_key": "${KEY:fallback}",
        "secret": 12,
        "passwords": ["a", {"x": "b"}],
        "passwd": "",
        "api-key": None,
        "urls": ["http://a:b@c", 5],
        "enabled": True,
    }

    assert masked(data) == {
        "password": "xxxxx",
        "token": "${TOKEN}",
        "access_token": "${TOKEN:}",
        "api_key": "xxxxx",
        "secret": "xxxxx",
        "passwords": ["xxxxx", {"x": "xxxxx"}],
        "passwd": "",
        "api-key": None,
        "urls": ["http://a:xxxxx@c", 5],
        "enabled": True,
    }

"""What every test has: a clean environment, the loop of production, real servers.

Owns fixtures that many test modules share. Must not know what is tested.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

AMBIENT = (
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "SSLKEYLOGFILE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
)
"""Variables that libraries obey and a developer's machine may set."""


def pytest_asyncio_loop_factories() -> Mapping[
    str, Callable[[], asyncio.AbstractEventLoop]
]:
    """Run asynchronous tests on uvloop where it is installed."""
    try:
        import uvloop  # noqa: PLC0415 - it is missing on some platforms
    except ImportError:
        return {"asyncio": asyncio.new_event_loop}
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(autouse=True)
def _no_ambient_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep proxies and certificates of the environment out of every test."""
    for name in AMBIENT:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that only the test moves."""
    return FakeClock()


@pytest.fixture(scope="session")
def elasticsearch_url() -> str:
    """Return the address of a real Elasticsearch, or skip the test."""
    url = os.environ.get("HEARTBEAT_TEST_ELASTICSEARCH", "")
    if not url:
        pytest.skip("HEARTBEAT_TEST_ELASTICSEARCH names no Elasticsearch to test with")
    return url.rstrip("/")

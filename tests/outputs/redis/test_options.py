"""The options of `output.redis`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config import Section
from heartbeat.errors import ConfigError
from heartbeat.net import Network
from heartbeat.outputs.base import Limits, OutputContext
from heartbeat.outputs.reach import Host
from heartbeat.outputs.redis import build
from heartbeat.outputs.redis.options import Server, parse_server

if TYPE_CHECKING:
    from tests.support.clock import FakeClock


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("a", Server(Host("a", 6379))),
        ("a:1", Server(Host("a", 1))),
        ("redis://a", Server(Host("a", 6379), is_secure=False)),
        ("rediss://:p@a:1/", Server(Host("a", 1), is_secure=True, password="p")),
        (
            "redis://u:p%40@[::1]:1",
            Server(Host("::1", 1), is_secure=False, username="u", password="p@"),
        ),
    ],
)
def test_servers(text: str, server: Server) -> None:
    """A host or a URL, which also says whether TLS is spoken."""
    assert parse_server(text) == server


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "missing required field"),
        ({"hosts": []}, "at least one host is needed"),
        ({"hosts": "http://a"}, "invalid redis url scheme http"),
        ({"hosts": "redis://a/1"}, "the database is db"),
        ({"hosts": "a", "port": 1}, "setting 'output.redis.port' has been removed"),
        ({"hosts": "a", "datatype": "stream"}, "redis data type stream not supported"),
        ({"hosts": "a", "username": "u"}, "username is set, but password is not"),
        ({"hosts": "a", "key": "%{"}, "missing '}'"),
        ({"hosts": "a", "codec": {"xml": {}}}, "'xml' output codec is not available"),
        ({"hosts": "a", "proxy_url": "http://p"}, "unknown scheme: http"),
    ],
)
def test_what_cannot_work_is_refused(
    clock: FakeClock, options: dict[str, Any], message: str
) -> None:
    """The option and the reason are told."""
    with pytest.raises(ConfigError, match=re.escape(message)):
        build(Section(options), OutputContext(Network(clock)))


def test_the_worker_is_told_how_much(clock: FakeClock) -> None:
    """As many batches at a time as there are connections."""
    options: dict[str, Any] = {
        "hosts": ["a", "b"],
        "worker": 3,
        "bulk_max_size": 10,
        "ssl": {},
    }

    output = build(Section(options), OutputContext(Network(clock)))

    assert output.limits == Limits(10, 6, gather=1.0)

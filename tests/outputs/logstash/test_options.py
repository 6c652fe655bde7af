"""The options of `output.logstash`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config import Section
from heartbeat.errors import ConfigError
from heartbeat.net import Network
from heartbeat.outputs.base import Limits, OutputContext
from heartbeat.outputs.logstash import build

if TYPE_CHECKING:
    from tests.support.clock import FakeClock


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "missing required field"),
        ({"hosts": []}, "at least one host is needed"),
        ({"hosts": "http://a"}, "'http://a' is no host"),
        ({"hosts": "a:0"}, "'a:0' is no host"),
        ({"hosts": "a", "port": 1}, "setting 'output.logstash.port' has been removed"),
        ({"hosts": "a", "proxy_url": "http://p"}, "unknown scheme: http"),
        ({"hosts": "a", "compression_level": 10}, "requires value <= 9"),
        ({"hosts": "a", "pipelining": -1}, "-1 is negative"),
        ({"hosts": "a", "timeout": 0}, "requires value > 0"),
        ({"hosts": "a", "backoff": {"init": 0}}, "requires value > 0"),
        ({"hosts": "a", "ssl": {"certificate": "c"}}, "key file not configured"),
    ],
)
def test_what_cannot_work_is_refused(
    clock: FakeClock, options: dict[str, Any], message: str
) -> None:
    """The option and the reason are told."""
    with pytest.raises(ConfigError, match=re.escape(message)):
        build(Section(options), OutputContext(Network(clock)))


def test_the_worker_is_told_how_much(clock: FakeClock) -> None:
    """Connections times windows on the way are batches at a time."""
    options = {
        "hosts": ["a", "b:1", "a"],
        "loadbalance": True,
        "workers": 3,
        "pipelining": 4,
        "bulk_max_size": 0,
        "max_retries": 3,
        "backoff": {"init": "2s", "max": "1s"},
    }

    output = build(Section(options), OutputContext(Network(clock)))

    assert output.limits == Limits(2048, 24, 2.0, 2.0, 3, gather=1.0)

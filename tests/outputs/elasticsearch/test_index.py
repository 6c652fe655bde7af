"""Names of indices and pipelines."""

from __future__ import annotations

import pytest

from heartbeat import COMPATIBLE_VERSION
from heartbeat.config import Section
from heartbeat.errors import ConfigError
from heartbeat.net import Network
from heartbeat.outputs.base import OutputContext
from heartbeat.outputs.elasticsearch import build
from heartbeat.outputs.elasticsearch.index import EventName
from tests.support.clock import FakeClock

SEPTEMBER_21 = 1_790_000_000


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Web", "web"),
        ("", ""),
        ("a-%{[agent.version]}", f"a-{COMPATIBLE_VERSION}"),
        ("A-%{[beat.version]}-%{+yyyy.MM.dd}", f"a-{COMPATIBLE_VERSION}-2026.09.21"),
        ("a-%{+MMM}", "a-sep"),
    ],
)
def test_names(text: str, name: str) -> None:
    """The version and the date of the event are filled in, all in lower case."""
    assert EventName(text).at(SEPTEMBER_21) == name


@pytest.mark.parametrize("option", ["index", "pipeline"])
@pytest.mark.parametrize("text", ["a-%{[monitor.id]}", "a-%{+qq}"])
def test_other_references_are_refused(option: str, text: str) -> None:
    """What is not known of an event here is a fault of the configuration."""
    section = Section({"hosts": "es", option: text})

    with pytest.raises(ConfigError, match=f"accessing '{option}'"):
        build(section, OutputContext(Network(FakeClock())))

"""The table of outputs, and what all of them are built with."""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

import orjson
import pytest

from heartbeat import outputs
from heartbeat.config import Section
from heartbeat.errors import ConfigError
from heartbeat.event import Routing
from heartbeat.net import Network
from heartbeat.outputs.base import OutputContext
from heartbeat.outputs.file import FileOutput

if TYPE_CHECKING:
    from tests.support.clock import FakeClock


def entries(*, group: str, name: str = "") -> list[EntryPoint]:
    """Return one installed output."""
    found = EntryPoint("extra", "heartbeat.outputs.file:build", group)
    return [found] if name in {"", "extra"} else []


@pytest.fixture
def context(clock: FakeClock) -> OutputContext:
    """Return what outputs are built with."""
    return OutputContext(Network(clock))


def test_an_output_is_found_by_name(context: OutputContext) -> None:
    """A name of the table leads to the function that builds it."""
    built = outputs.build("file", Section({"path": "/tmp/x"}), context)  # noqa: S108 - nothing is written

    assert isinstance(built, FileOutput)


def test_an_installed_output_is_found(
    context: OutputContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Third parties add outputs through entry points."""
    monkeypatch.setattr(outputs, "entry_points", entries)

    built = outputs.build("extra", Section({"path": "/tmp/x"}), context)  # noqa: S108 - nothing is written

    assert isinstance(built, FileOutput)
    assert outputs.names() == {*outputs.TABLE, "extra"}


def test_an_unknown_output_is_refused(context: OutputContext) -> None:
    """The text is the reference's."""
    text = re.escape("error initializing publisher: output type x undefined")
    with pytest.raises(ConfigError, match=text):
        outputs.build("x", Section({}), context)


def test_metadata_names_program_and_routing(context: OutputContext) -> None:
    """Consumers find out where a document belongs."""
    metadata = orjson.loads(context.metadata(Routing("1", "logs", "geo")))

    assert metadata == {
        "beat": "heartbeat",
        "type": "_doc",
        "version": "9.5.0",
        "_id": "1",
        "raw_index": "logs",
        "pipeline": "geo",
    }


def test_outputs_share_the_clock_of_the_network(clock: FakeClock) -> None:
    """There is one clock."""
    assert OutputContext(Network(clock)).clock is clock

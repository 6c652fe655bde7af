"""Finding the models of plug-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat import catalog, monitors
from heartbeat.config import Options
from heartbeat.monitors.http import HttpOptions
from heartbeat.outputs.file import FileOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from heartbeat.monitors.base import Check


def test_models_of_builds() -> None:
    """The model that a build unpacks describes its options."""
    assert catalog.monitor_options("http") is HttpOptions
    assert catalog.output_options("file") is FileOptions


def test_a_plug_in_without_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that unpacks nothing has no options."""

    def build(*_: object) -> Sequence[Check]:
        return ()

    monkeypatch.setattr(monitors, "build", build)

    assert catalog.monitor_options("http") is Options


def test_everything_is_there() -> None:
    """Every monitor type once, every output."""
    found = catalog.catalog()

    assert set(found.monitors) == {"http", "icmp", "tcp"}
    assert found.names_of("http") == ["http", "synthetics/http"]
    assert {"console", "elasticsearch", "file"} <= set(found.outputs)

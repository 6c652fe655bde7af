"""Finding the models of plug-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat import catalog, monitors, processors
from heartbeat.config import Options
from heartbeat.monitors.http import HttpOptions
from heartbeat.outputs.file import FileOptions
from heartbeat.processors.add_fields import Options as AddFieldsOptions
from heartbeat.processors.rename import Options as RenameOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from heartbeat.monitors.base import Check


def test_models_of_builds() -> None:
    """The model that a build unpacks describes its options."""
    assert catalog.monitor_options("http") is HttpOptions
    assert catalog.output_options("file") is FileOptions
    assert catalog.processor_options("rename") is RenameOptions
    assert catalog.processor_options("add_fields") is AddFieldsOptions


def test_a_plug_in_without_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that unpacks nothing has no options."""

    def build(*_: object) -> Sequence[Check]:
        return ()

    monkeypatch.setattr(monitors, "build", build)

    assert catalog.monitor_options("http") is Options


def test_everything_is_there() -> None:
    """Every monitor type once, every output, every processor."""
    found = catalog.catalog()

    assert set(found.monitors) == {"http", "icmp", "tcp"}
    assert found.names_of("http") == ["http", "synthetics/http"]
    assert {"console", "elasticsearch", "file"} <= set(found.outputs)
    assert set(processors.TABLE) == set(found.processors)

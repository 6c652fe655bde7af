"""Settings as `load` makes them, from text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat import monitors, outputs
from heartbeat.config.layers import Request
from heartbeat.config.load import Kinds, Settings, load

if TYPE_CHECKING:
    from pathlib import Path


def settings_of(home: Path, text: str) -> Settings:
    """Return the settings of a configuration file in `home`."""
    file = home / "heartbeat.yml"
    file.write_text(text, encoding="utf-8")
    request = Request(
        files=[str(file)], paths={"home": str(home)}, strict_permissions=False
    )
    return load(request, Kinds(monitors.names(), outputs.names()))

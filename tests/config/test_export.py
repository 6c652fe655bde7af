"""The effective configuration as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from heartbeat.config.export import exported
from tests.support.config import loaded

if TYPE_CHECKING:
    from pathlib import Path


def test_export(tmp_path: Path) -> None:
    """Everything is merged and nested, variables as written, secrets masked."""
    text = """\
name: ${NAME:größer}
output.elasticsearch: {hosts: ["http://a:b@c"], password: hush, api_key: "${KEY}"}
"""

    settings = loaded(
        tmp_path, text, overrides=("tags=[a]",), paths={"home": str(tmp_path)}
    )

    assert yaml.safe_load(exported(settings.root)) == {
        "path": {
            "home": str(tmp_path),
            "config": "${path.home}",
            "data": "${path.home}/data",
            "logs": "${path.home}/logs",
        },
        "name": "${NAME:größer}",
        "output": {
            "elasticsearch": {
                "hosts": ["http://a:xxxxx@c"],
                "password": "xxxxx",
                "api_key": "${KEY}",
            }
        },
        "tags": ["a"],
    }

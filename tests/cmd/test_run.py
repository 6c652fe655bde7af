"""`heartbeat run`: where its log goes."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat import logs
from heartbeat.cmd.options import Invocation
from heartbeat.cmd.run import start_logging
from heartbeat.config.models import LoggingOptions

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("flags", "options", "expected"),
    [
        ({}, {}, "files"),
        ({"to_stderr": True}, {}, "stderr"),
        ({"to_stderr": True}, {"to_files": True}, "stderr"),
        ({"to_stderr": True}, {"to_files": True, "to_stderr": False}, "files"),
        ({}, {"to_files": True, "to_stderr": True}, "stderr"),
        ({}, {"to_files": False}, "nowhere"),
        ({"environment": "systemd"}, {}, "stderr"),
        ({"environment": "container"}, {"to_files": True}, "files"),
    ],
)
def test_where_the_log_goes(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: dict[str, Any],
    options: dict[str, Any],
    expected: str,
) -> None:
    """Flags, options and environment, the explicit before the implied."""
    chosen: list[logging.Handler] = []

    def configure(_level: str, _selectors: object, handler: logging.Handler) -> None:
        chosen.append(handler)

    monkeypatch.setattr(logs, "configure", configure)
    asked: Any = SimpleNamespace(
        **{
            "verbose": False,
            "selectors": (),
            "environment": "default",
            "to_stderr": False,
            **flags,
        }
    )
    settings: Any = SimpleNamespace(
        options=SimpleNamespace(logging=LoggingOptions(**options)),
        paths=SimpleNamespace(logs=str(tmp_path)),
    )
    start_logging(settings, asked)
    (handler,) = chosen
    handler.close()
    kinds: dict[Any, str] = {
        logs.FileHandler: "files",
        logging.StreamHandler: "stderr",
        logging.NullHandler: "nowhere",
    }

    assert kinds[type(handler)] == expected


def test_lines_of_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each tells which worker it is from."""
    chosen: list[logging.Handler] = []

    def configure(_level: str, _selectors: object, handler: logging.Handler) -> None:
        chosen.append(handler)

    monkeypatch.setattr(logs, "configure", configure)
    asked = Invocation(to_stderr=True)
    settings: Any = SimpleNamespace(
        options=SimpleNamespace(logging=LoggingOptions()),
        paths=SimpleNamespace(logs=str(tmp_path)),
    )
    start_logging(settings, asked, "worker-1")
    record = logging.makeLogRecord({"msg": "something"})
    chosen[0].filter(record)

    assert logs.extra_of(record)["worker"] == "worker-1"

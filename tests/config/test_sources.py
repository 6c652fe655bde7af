"""Files of monitors as a source that can be read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.config import MonitorSource, load_monitor_files
from heartbeat.config.monitors import MonitorContext
from heartbeat.config.tree import Place
from heartbeat.config.variables import Scope
from tests.support.config import KINDS, written

if TYPE_CHECKING:
    from pathlib import Path

MONITOR = "- {type: icmp, schedule: '@every 5s', id: %s}\n"


def test_ids_taken_elsewhere(tmp_path: Path) -> None:
    """An id of the main file stays with it, whenever the files are read."""
    file = written(tmp_path, MONITOR % "a" + MONITOR % "b", "m.yml")
    context = MonitorContext(KINDS.monitors)
    taken = {"a": Place("main.yml", 7, 1)}
    source = MonitorSource(file, context, Scope(), strict_permissions=True, taken=taken)

    for _ in range(2):
        files = load_monitor_files(source)

        assert [spec.id for spec in files.monitors] == ["b"]
        assert [problem.is_warning for problem in files.problems] == [False]
        assert "main.yml:7 has the same" in files.problems[0].message

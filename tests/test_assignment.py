"""What a worker is told, and what it makes of the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.assembly import queue_of
from heartbeat.assignment import VARIABLE, Assignment, assignment_of, narrowed
from heartbeat.config import load_monitor_files
from heartbeat.partition import NOTHING, Share
from tests.support.config import written
from tests.support.settings import settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from heartbeat.config import Settings

CONFIG = """\
output.discard.enabled: true
heartbeat.scheduler: {limit: 10, per_host_limit: 3}
heartbeat.jobs.http.limit: 5
http.metrics.max_monitors: 100
logging.files.name: log
heartbeat.config.monitors.path: monitors.d/*.yml
heartbeat.monitors:
- {type: tcp, id: a, schedule: '@every 1s', hosts: ['h:1']}
- {type: tcp, id: b, schedule: '@every 1s', hosts: ['h:1']}
"""


def assignment(index: int = 1, name: str = "worker-1") -> Assignment:
    """Return what one of two workers is told."""
    return Assignment(name, Share(index, 2), "1-2-3", 7)


def of_two(home: Path, more: str = "", name: str = "worker-1") -> Settings:
    """Return the settings of the second of two workers."""
    return narrowed(settings_of(home, CONFIG + more), assignment(name=name))


def test_through_the_environment() -> None:
    """A worker reads what its supervisor has written; others read nothing."""
    told = assignment()

    assert assignment_of({VARIABLE: told.encoded()}) == told
    assert assignment_of({}) is None


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (Assignment("worker-0", Share(0, 2), "i", 3), (True, False, "worker-0")),
        (Assignment("worker-1", Share(1, 2), "i", 3), (False, False, "worker-1")),
        (Assignment("", Share(0, 1), "i", 3), (True, False, "worker")),
        (Assignment("worker-7", NOTHING, "i", 3), (False, True, "worker-7")),
    ],
)
def test_duties(told: Assignment, expected: tuple[bool, bool, str]) -> None:
    """One of all does what is done once; who has no share empties a store."""
    assert (told.is_first, told.drains, told.title) == expected


def test_monitors_of_every_origin(tmp_path: Path) -> None:
    """Between two workers each monitor has one, when files are read again, too."""
    (tmp_path / "monitors.d").mkdir()
    monitor = "- {{type: tcp, id: {}, schedule: '@every 1s', hosts: ['h:1']}}\n"
    text = "".join(monitor.format(f"f{number}") for number in range(20))
    written(tmp_path / "monitors.d", text, "a.yml")
    whole = settings_of(tmp_path, CONFIG)
    parts = [narrowed(whole, assignment(index)) for index in range(2)]
    ids = [{spec.id for spec in part.monitors} for part in parts]
    again: list[set[str]] = []
    for part in parts:
        assert part.source is not None
        again.append({s.id for s in load_monitor_files(part.source).monitors})

    assert ids[0] | ids[1] == {spec.id for spec in whole.monitors}
    assert not ids[0] & ids[1]
    assert again == [{s.id for s in part.files.monitors} for part in parts]
    assert all(again)


def test_limits_are_shared(tmp_path: Path) -> None:
    """Together the workers do no more than one process was allowed."""
    options = of_two(tmp_path).options
    scheduler = options.heartbeat.scheduler

    assert (scheduler.limit, scheduler.per_host_limit) == (5, 1)
    assert options.heartbeat.jobs["http"].limit == 2
    assert options.http.metrics.max_monitors == 50


def test_places_of_its_own(tmp_path: Path) -> None:
    """The store lies in a folder of the worker, log files have its name."""
    settings = of_two(tmp_path)
    place, limits = queue_of(settings)

    assert place == tmp_path / "data" / "worker-1" / "heartbeat.db"
    assert limits.max_bytes == 1024**3 // 2
    assert settings.options.logging.files.name == "log-worker-1"


def test_queue_elsewhere(tmp_path: Path) -> None:
    """`queue.disk.path` has a folder for each worker as well."""
    place, limits = queue_of(of_two(tmp_path, "queue.disk: {path: /q, max_size: 10}\n"))

    assert (str(place), limits.max_bytes) == ("/q/worker-1/heartbeat.db", 5)


def test_queue_in_memory(tmp_path: Path) -> None:
    """The number of events is shared, too."""
    place, limits = queue_of(of_two(tmp_path, "queue.mem.events: 101\n"))

    assert (place, limits.max_events) == (None, 50)


def test_worker_in_the_place_of_a_process_alone(tmp_path: Path) -> None:
    """Its store is where that process would have it."""
    place, _ = queue_of(of_two(tmp_path, name=""))

    assert place == tmp_path / "data" / "heartbeat.db"

"""Whether there is a supervisor, and what it is to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat import process
from heartbeat.partition import NOTHING, WHOLE, Share
from heartbeat.store.database import Database, Group
from heartbeat.supervisor.plan import Plan, plan_of
from tests.support.records import numbered
from tests.support.settings import settings_of

if TYPE_CHECKING:
    from pathlib import Path


def planned(home: Path, more: str = "") -> Plan:
    """Return the plan for a configuration."""
    settings = settings_of(home, f"output.discard: {{}}\n{more}")
    return plan_of(settings, hostname="host", is_once=False)


def left_behind(folder: Path) -> None:
    """Make a store with an event in it."""
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(folder / "heartbeat.db")
    database.load(("out",))
    database.commit(Group(numbered(1, 1)))
    database.close()


def test_one_process(tmp_path: Path) -> None:
    """By default there is nothing to supervise."""
    plan = planned(tmp_path)

    assert (plan.is_for_one, plan.shares) == (True, {"": WHOLE})


@pytest.mark.parametrize("written", ["workers: 2\n", "heartbeat.workers: '2'\n"])
def test_two_workers(tmp_path: Path, written: str) -> None:
    """The option may be written in two places."""
    plan = planned(tmp_path, written)

    assert not plan.is_for_one
    assert plan.shares == {"worker-0": Share(0, 2), "worker-1": Share(1, 2)}


def test_as_many_as_processors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`auto`, also where that is one."""
    monkeypatch.setattr(process, "usable_processors", lambda: 3)
    three = planned(tmp_path, "workers: auto\n")
    monkeypatch.setattr(process, "usable_processors", lambda: 1)

    assert len(three.shares) == 3
    assert planned(tmp_path, "workers: auto\n").is_for_one


def test_own_store_is_no_leftover(tmp_path: Path) -> None:
    """A process alone delivers what waits in its store itself."""
    left_behind(tmp_path / "data")

    assert planned(tmp_path).is_for_one


@pytest.mark.parametrize(
    ("workers", "expected"), [(1, {"worker-1"}), (2, {""}), (3, {""})]
)
def test_leftovers(tmp_path: Path, workers: int, expected: set[str]) -> None:
    """Each store that is nobody's gets someone who empties it."""
    left_behind(tmp_path / "data")
    left_behind(tmp_path / "data" / "worker-1")
    shares = planned(tmp_path, f"workers: {workers}\n").shares

    assert {name for name, share in shares.items() if share == NOTHING} == expected
    assert len(shares) == workers + 1


def test_queue_in_memory(tmp_path: Path) -> None:
    """There are no stores then."""
    left_behind(tmp_path / "data" / "worker-1")

    assert planned(tmp_path, "queue.mem: {}\n").is_for_one


def test_name(tmp_path: Path) -> None:
    """The host's, unless the configuration gives one."""
    assert planned(tmp_path).name == "host"
    assert planned(tmp_path, "name: berlin\n").name == "berlin"

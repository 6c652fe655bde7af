"""A store belongs to one process, and a damaged one is kept for a look."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from heartbeat.errors import StoreError, StoreLocked
from heartbeat.store.files import Files

if TYPE_CHECKING:
    from pathlib import Path


def test_a_held_store_is_refused(tmp_path: Path) -> None:
    """The second one to lock is told what to do."""
    held = Files(tmp_path / "store.db")
    held.lock()

    with pytest.raises(StoreLocked, match=r"store\.db is in use .*path\.data"):
        Files(tmp_path / "store.db").lock()

    held.unlock()


def test_a_released_store_can_be_held_again(tmp_path: Path) -> None:
    """Unlocking lets the next one in, and may be repeated."""
    first, second = Files(tmp_path / "store.db"), Files(tmp_path / "store.db")
    first.lock()
    first.unlock()
    first.unlock()

    second.lock()

    second.unlock()


def test_the_folder_is_created(tmp_path: Path) -> None:
    """A first start needs no prepared folder."""
    files = Files(tmp_path / "a" / "b" / "store.db")
    files.lock()
    files.unlock()

    assert (tmp_path / "a" / "b").is_dir()


def test_an_impossible_place_is_named(tmp_path: Path) -> None:
    """A path through a file is refused in the system's words."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match=r"store\.db: (not a directory|file exists)"):
        Files(tmp_path / "file" / "store.db").lock()


def test_damaged_files_are_renamed_together(tmp_path: Path) -> None:
    """The database and its log keep belonging together."""
    (tmp_path / "store.db").write_text("main")
    (tmp_path / "store.db-wal").write_text("log")

    name = Files(tmp_path / "store.db").move_aside("now")

    assert name == "store.db.damaged-now"
    assert {entry.name: entry.read_text() for entry in tmp_path.iterdir()} == {
        "store.db.damaged-now": "main",
        "store.db.damaged-now-wal": "log",
    }


def test_a_store_is_nobody_elses_business(tmp_path: Path) -> None:
    """Events may hold addresses and names: only the owner reads them."""
    Files(tmp_path / "store.db").create()

    assert stat.S_IMODE((tmp_path / "store.db").stat().st_mode) == 0o600


def test_a_store_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    """The system's words are kept."""
    with pytest.raises(StoreError, match="no such file or directory"):
        Files(tmp_path / "missing" / "store.db").create()


def test_memory_has_no_files() -> None:
    """A store without a path locks and creates nothing."""
    files = Files(None)
    files.lock()
    files.create()
    files.unlock()

    assert str(files) == "in memory"

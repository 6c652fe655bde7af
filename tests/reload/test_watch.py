"""Noticing changes of files."""

from __future__ import annotations

import asyncio
import ctypes
import os
from typing import TYPE_CHECKING

import pytest

from heartbeat.reload.watch import Notices, fingerprint, folders
from tests.support.clock import settle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def write(path: Path) -> None:
    """Write a file in place."""
    path.write_text("new")


def replace(path: Path) -> None:
    """Put another file in its place."""
    draft = path.with_name("draft")
    draft.write_text("new")
    draft.rename(path)


def replace_with_the_same_times(path: Path) -> None:
    """Do so without a trace in the times."""
    status = path.stat()
    replace(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def remove(path: Path) -> None:
    """Take a file away."""
    path.unlink()


def add(path: Path) -> None:
    """Put another file beside it."""
    path.with_name("b.yml").touch()


def close_to_others(path: Path) -> None:
    """Change who may read it."""
    path.chmod(0o600)


CHANGES = [write, replace, replace_with_the_same_times, remove, add, close_to_others]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file that is there."""
    path = tmp_path / "a.yml"
    path.write_text("old")
    path.chmod(0o644)
    return path


class TestFingerprint:
    """What a set of files looks like."""

    @pytest.mark.parametrize("change", CHANGES)
    def test_changes_with_the_files(
        self, path: Path, change: Callable[[Path], None]
    ) -> None:
        """Content, names and access, whatever the times say."""
        pattern = f"{path.parent}/*.yml"
        before = fingerprint(pattern)
        change(path)

        assert fingerprint(pattern) != before

    def test_stays_while_nothing_changes(self, path: Path) -> None:
        """Reading twice gives the same."""
        assert fingerprint(str(path)) == fingerprint(str(path))

    def test_other_files_do_not_count(self, path: Path) -> None:
        """What an editor keeps beside a file is not part of it."""
        pattern = f"{path.parent}/*"
        before = fingerprint(pattern)
        path.with_name("a.yml~").touch()
        path.with_name(".a.yml.swp").touch()

        assert fingerprint(pattern) == before

    def test_swapped_link_counts(self, tmp_path: Path) -> None:
        """Kubernetes puts a new directory behind a link two levels up."""
        for version in ("1", "2"):
            (tmp_path / version).mkdir()
            (tmp_path / version / "a.yml").write_text(version)
        data = tmp_path / "..data"
        data.symlink_to("1")
        (tmp_path / "a.yml").symlink_to("..data/a.yml")
        before = fingerprint(f"{tmp_path}/*.yml")
        (tmp_path / "..data_tmp").symlink_to("2")
        (tmp_path / "..data_tmp").rename(data)

        assert fingerprint(f"{tmp_path}/*.yml") != before

    def test_file_that_cannot_be_read_has_one(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Being refused is a state like any other."""
        before = fingerprint(str(path))

        def refuse(*_: object) -> None:
            raise PermissionError(13, "no")

        monkeypatch.setattr("heartbeat.reload.watch.Path.open", refuse)

        assert fingerprint(str(path)) != before


class TestFolders:
    """Where files that match may be."""

    def test_folder_of_a_pattern(self) -> None:
        """The part before the last slash."""
        assert folders("/etc/monitors.d/*.yml") == ["/etc/monitors.d"]

    def test_folders_of_a_pattern_in_the_middle(self, tmp_path: Path) -> None:
        """Those that are there."""
        (tmp_path / "one").mkdir()
        (tmp_path / "two").mkdir()

        assert sorted(folders(f"{tmp_path}/*/m.yml")) == [
            f"{tmp_path}/one",
            f"{tmp_path}/two",
        ]

    def test_without_a_folder(self) -> None:
        """A bare name is in the working directory."""
        assert folders("m.yml") == ["."]


class TestNotices:
    """What the kernel tells."""

    @pytest.mark.parametrize("change", CHANGES)
    async def test_every_change_is_told(
        self, path: Path, change: Callable[[Path], None]
    ) -> None:
        """However a file is changed, something is told at once."""
        told = asyncio.Event()
        with Notices(told.set) as notices:
            notices.follow([str(path.parent)])
            change(path)

            assert await told.wait()

    async def test_reading_is_not_told(self, path: Path) -> None:
        """Looking at the files must not be a reason to look again."""
        told: list[int] = []
        with Notices(lambda: told.append(1)) as notices:
            notices.follow([str(path.parent)])
            fingerprint(f"{path.parent}/*")
            await settle()

        assert told == []

    async def test_missing_folder_is_no_harm(self, tmp_path: Path) -> None:
        """Whoever looks now and then will find it once it is there."""
        with Notices(pytest.fail) as notices:
            notices.follow([f"{tmp_path}/none"])

    async def test_without_inotify_nothing_is_told(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """On other systems looking has to do."""

        def without(_: None) -> object:
            return object()

        monkeypatch.setattr(ctypes, "CDLL", without)
        with Notices(pytest.fail) as notices:
            notices.follow([str(path.parent)])
            write(path)

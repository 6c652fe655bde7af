"""Files on disk: reading, permissions, globs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from heartbeat.config.files import MAX_BYTES, matching_files, read_file
from heartbeat.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def fault(path: Path) -> str:
    """Return why a file is not read."""
    with pytest.raises(ConfigError) as caught:
        read_file(str(path), strict_permissions=True)
    return caught.value.problems[0].message


def test_own_file(tmp_path: Path) -> None:
    """A file that only its owner can write is read."""
    path = tmp_path / "a.yml"
    path.write_bytes(b"x")
    path.chmod(0o644)

    assert read_file(str(path), strict_permissions=True) == b"x"


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is a fault."""
    expected = "error loading config file: no such file or directory"

    assert expected == fault(tmp_path / "a.yml")


def test_directory(tmp_path: Path) -> None:
    """A directory is no file."""
    assert fault(tmp_path) == "error loading config file: is a directory"


def test_writable_by_others(tmp_path: Path) -> None:
    """Whoever can write the file could run the probe against anything."""
    path = tmp_path / "a.yml"
    path.touch()
    path.chmod(0o664)

    assert fault(path) == (
        f'config file ("{path}") can only be writable by the owner but the permissions'
        f" are \"-rw-rw-r--\" (to fix the permissions use: 'chmod go-w {path}')"
    )


def test_foreign_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file belongs to root or to who runs the program."""
    path = tmp_path / "a.yml"
    path.touch()
    owner = path.stat().st_uid
    if not owner:
        os.chown(path, 12345, -1)
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)

    assert fault(path) == (
        f'config file ("{path}") must be owned by the user identifier'
        f" (uid={owner + 1}) or root"
    )


def test_permissions_need_not_matter(tmp_path: Path) -> None:
    """The check can be turned off."""
    path = tmp_path / "a.yml"
    path.touch()
    path.chmod(0o666)

    assert read_file(str(path), strict_permissions=False) == b""


def test_glob(tmp_path: Path) -> None:
    """Regular files are found in order; a name without wildcards is itself."""
    for name in ("b.yml", "a.yml", "c.yml.disabled"):
        (tmp_path / name).touch()
    (tmp_path / "d.yml").mkdir()
    first, second = str(tmp_path / "a.yml"), str(tmp_path / "b.yml")

    assert matching_files(str(tmp_path / "*.yml")) == [first, second]
    assert matching_files(first) == [first]
    assert matching_files(str(tmp_path / "none.yml")) == []


@pytest.mark.parametrize("name", ["a.yml~", "#a.yml#", ".a.yml.swp"])
def test_copies_of_editors_are_left_out(tmp_path: Path, name: str) -> None:
    """Whoever edits a file with `*` as the pattern does not double its monitors."""
    (tmp_path / name).touch()

    assert matching_files(str(tmp_path / "*")) == []


def test_pipe(tmp_path: Path) -> None:
    """A pipe is refused without waiting for anybody to write."""
    os.mkfifo(tmp_path / "a.yml")

    assert fault(tmp_path / "a.yml") == (
        "error loading config file: it is no regular file"
    )


def test_large_file(tmp_path: Path) -> None:
    """A file that is too large is not read."""
    path = tmp_path / "a.yml"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)

    assert fault(path) == (
        "error loading config file: it has 16777217 bytes, more than 16777216"
    )

"""Files that rotate: names, sizes, what a crash left, what a full disk leaves."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.rotation import RotatingFile, RotationLimits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.clock import FakeClock

TODAY = "hb-20260921"
DAY = 86_400


@pytest.fixture
def make(tmp_path: Path, clock: FakeClock) -> Iterator[Any]:
    """Return a way to make a rotating file of ten bytes."""
    files: list[RotatingFile] = []

    def made(max_bytes: int = 10, **limits: Any) -> RotatingFile:
        chosen = RotationLimits(max_bytes, keep=2, **limits)
        files.append(RotatingFile(tmp_path / "logs", "hb", clock, chosen))
        return files[-1]

    yield made
    for file in files:
        file.close()


def contents(folder: Path) -> dict[str, bytes]:
    """Return what stands in the files, by name without the suffix."""
    return {
        path.name.removesuffix(".ndjson"): path.read_bytes()
        for path in sorted((folder / "logs").iterdir())
    }


def test_lines_go_to_the_file_of_the_day(make: Any, tmp_path: Path) -> None:
    """The name carries the date, the folder is made."""
    make().write([b"one\n", b"two\n"])

    assert contents(tmp_path) == {TODAY: b"one\ntwo\n"}


def test_a_full_file_is_followed_by_the_next(make: Any, tmp_path: Path) -> None:
    """No file gets larger than the limit, within a write or between writes."""
    file = make()
    file.write([b"12345\n", b"6789\n"])
    file.write([b"abc\n"])

    assert contents(tmp_path) == {TODAY: b"12345\n", f"{TODAY}-1": b"6789\nabc\n"}


def test_a_line_of_the_limit_fits(make: Any, tmp_path: Path) -> None:
    """A line may fill a file alone."""
    make().write([b"123456789\n", b"123456789\n"])

    assert len(contents(tmp_path)) == 2


def test_old_files_are_deleted(make: Any, tmp_path: Path) -> None:
    """As many as asked stay beside the active one."""
    make().write([b"line %02d.\n" % number for number in range(12)])

    assert list(contents(tmp_path)) == [f"{TODAY}-10", f"{TODAY}-11", f"{TODAY}-9"]


def test_a_new_day_has_a_new_name(make: Any, tmp_path: Path, clock: FakeClock) -> None:
    """The date is that of the moment a file is begun."""
    file = make()
    file.write([b"12345678\n"])
    clock.set_wall(DAY)
    file.write([b"12345678\n"])

    assert list(contents(tmp_path)) == [TODAY, "hb-20260922"]


def test_a_start_begins_a_new_file(make: Any, tmp_path: Path) -> None:
    """With rotate_on_startup the old file is left alone."""
    make().write([b"one\n"])
    make().write([b"two\n"])

    assert contents(tmp_path) == {TODAY: b"one\n", f"{TODAY}-1": b"two\n"}


def test_a_file_can_be_continued(make: Any, tmp_path: Path) -> None:
    """Without rotate_on_startup it goes on, and its size counts."""
    make().write([b"one\n"])
    continued = make(on_startup=False)
    continued.write([b"two\n"])
    continued.write([b"three\n"])

    assert contents(tmp_path) == {TODAY: b"one\ntwo\n", f"{TODAY}-1": b"three\n"}


def test_a_full_file_is_not_continued(make: Any, tmp_path: Path) -> None:
    """The limit holds across starts."""
    make().write([b"12345678\n"])
    make(on_startup=False).write([b"two\n"])

    assert contents(tmp_path) == {TODAY: b"12345678\n", f"{TODAY}-1": b"two\n"}


@pytest.mark.parametrize(
    ("left", "kept"), [(b"one\ntw", b"one\n"), (b"on", b""), (b"", b"")]
)
def test_a_line_cut_off_by_a_crash_is_removed(
    make: Any, tmp_path: Path, left: bytes, kept: bytes
) -> None:
    """Every line of a file is whole; the event itself comes again."""
    make().write([b"x\n"])
    (tmp_path / "logs" / f"{TODAY}.ndjson").write_bytes(left)
    make(on_startup=False).write([b"new\n"])

    assert contents(tmp_path) == {TODAY: kept + b"new\n"}


def test_a_long_cut_off_line_is_found(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search for the last line end goes back as far as needed."""
    monkeypatch.setattr("heartbeat.rotation.READ_BACK", 2)
    make().write([b"x\n"])
    (tmp_path / "logs" / f"{TODAY}.ndjson").write_bytes(b"a\nbcdef")
    make(on_startup=False).write([b"new\n"])

    assert contents(tmp_path) == {TODAY: b"a\nnew\n"}


def test_a_link_is_not_followed(make: Any, tmp_path: Path) -> None:
    """A link in the place of the file is left alone."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "target").write_bytes(b"x\n")
    (tmp_path / "logs" / f"{TODAY}.ndjson").symlink_to(tmp_path / "target")
    make(on_startup=False).write([b"new\n"])

    assert (tmp_path / "target").read_bytes() == b"x\n"
    assert contents(tmp_path)[f"{TODAY}-1"] == b"new\n"


def test_other_files_are_left_alone(make: Any, tmp_path: Path) -> None:
    """Only names of this file's pattern are deleted."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "hb-notes.ndjson").write_bytes(b"mine")
    make().write([b"line %02d.\n" % number for number in range(9)])

    assert contents(tmp_path)["hb-notes"] == b"mine"


@pytest.mark.parametrize(("mode", "folder"), [(0o600, 0o700), (0o644, 0o711)])
def test_permissions_are_those_asked_for(
    make: Any, tmp_path: Path, mode: int, folder: int
) -> None:
    """Whatever the umask is; folders can be entered by who may read the files."""
    old = os.umask(0o077)
    try:
        make(permissions=mode).write([b"one\n"])
    finally:
        os.umask(old)
    made = tmp_path / "logs"

    assert stat.S_IMODE((made / f"{TODAY}.ndjson").stat().st_mode) == mode
    assert stat.S_IMODE(made.stat().st_mode) & ~0o077 == folder & ~0o077


def test_a_failed_write_leaves_nothing(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a batch on a full disk is cut off, so that trying again doubles nothing."""
    file = make(max_bytes=1000, fsync=True, on_startup=False)
    file.write([b"one\n"])

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            file.write([b"two\n"])
    before = contents(tmp_path)
    file.write([b"two\n"])

    assert before == {TODAY: b"one\n"}
    assert contents(tmp_path) == {TODAY: b"one\ntwo\n"}


def test_closing_is_not_the_end(make: Any, tmp_path: Path) -> None:
    """A closed file is opened again by the next write."""
    file = make(on_startup=False)
    file.write([b"one\n"])
    file.close()
    file.close()
    file.write([b"two\n"])

    assert contents(tmp_path) == {TODAY: b"one\ntwo\n"}


def test_an_old_file_is_replaced(make: Any, tmp_path: Path, clock: FakeClock) -> None:
    """`max_age` begins a new file however small the old one is."""
    file = make(max_age=60.0)
    file.write([b"one\n"])
    clock.jump(61.0)
    file.write([b"two\n"])

    assert contents(tmp_path) == {TODAY: b"one\n", f"{TODAY}-1": b"two\n"}

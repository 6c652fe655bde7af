"""The data directory."""

import json
import os
from pathlib import Path

import pytest

from heartbeat import datadir
from heartbeat.errors import StoreError, StoreLocked
from tests.support.clock import FakeClock


def identity_of(path: Path) -> str:
    """Open the directory, close it again, and return the identity found."""
    with datadir.opened(path, FakeClock()) as installation:
        return installation.id


class TestIdentity:
    """Who this installation is."""

    def test_survives_a_restart(self, tmp_path: Path) -> None:
        """The second start finds the id of the first."""
        assert identity_of(tmp_path) == identity_of(tmp_path)

    def test_is_kept_in_the_references_file(self, tmp_path: Path) -> None:
        """`meta.json` holds the uuid, so an installation may be taken over."""
        known = {
            "uuid": "7bdf3adf-702b-4f6d-8983-64d897714b27",
            "first_start": "2026-01-01T00:00:00Z",
        }
        (tmp_path / "meta.json").write_text(json.dumps(known))

        assert identity_of(tmp_path) == known["uuid"]

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "{}",
            "[]",
            '{"uuid": "nonsense", "first_start": "x"}',
            '{"uuid": "00000000-0000-0000-0000-000000000000", "first_start": "x"}',
        ],
    )
    def test_is_made_anew_where_it_is_missing(
        self, tmp_path: Path, content: str
    ) -> None:
        """An empty or useless file is replaced by a good one."""
        (tmp_path / "meta.json").write_text(content)
        made = identity_of(tmp_path)

        assert json.loads((tmp_path / "meta.json").read_text())["uuid"] == made

    def test_keeps_the_id_when_only_the_first_start_is_missing(
        self, tmp_path: Path
    ) -> None:
        """A half file is completed, not replaced."""
        known = "7bdf3adf-702b-4f6d-8983-64d897714b27"
        (tmp_path / "meta.json").write_text(json.dumps({"uuid": known}))

        assert identity_of(tmp_path) == known

    def test_that_is_no_json_stops_the_start(self, tmp_path: Path) -> None:
        """A damaged file is named, not overwritten."""
        (tmp_path / "meta.json").write_text("{")

        with pytest.raises(StoreError, match=r"Beat meta file reading error: .*meta"):
            identity_of(tmp_path)

    def test_that_is_no_file_stops_the_start(self, tmp_path: Path) -> None:
        """A directory in its place is named."""
        (tmp_path / "meta.json").mkdir()

        with pytest.raises(StoreError, match="is a directory"):
            identity_of(tmp_path)

    def test_that_cannot_be_written_stops_the_start(self, tmp_path: Path) -> None:
        """What stands in the way is named."""
        (tmp_path / "meta.json.new").mkdir()

        with pytest.raises(StoreError, match="cannot be written: is a directory"):
            identity_of(tmp_path)


class TestDirectory:
    """The directory itself."""

    def test_is_created_with_its_parents(self, tmp_path: Path) -> None:
        """A first start needs no preparation."""
        identity_of(tmp_path / "var" / "data")

        assert (tmp_path / "var" / "data" / "heartbeat.lock").exists()

    def test_in_the_place_of_a_file_is_refused(self, tmp_path: Path) -> None:
        """A file where the directory should be is named."""
        (tmp_path / "data").write_text("")

        with pytest.raises(StoreError, match=r"data cannot be created: file exists"):
            identity_of(tmp_path / "data")

    def test_that_is_not_writable_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The message says whose it must be."""

        def refused(*_: object) -> bool:
            return False

        monkeypatch.setattr(os, "access", refused)

        with pytest.raises(StoreError, match=r"is not writable for this user \(uid="):
            identity_of(tmp_path)


class TestLock:
    """One process at a time."""

    def test_keeps_a_second_one_out(self, tmp_path: Path) -> None:
        """The second open is refused while the first lasts."""
        with (
            datadir.opened(tmp_path, FakeClock()),
            pytest.raises(
                StoreLocked,
                match=f"already locked by another heartbeat, process {os.getpid()};",
            ),
        ):
            identity_of(tmp_path)

    @pytest.mark.parametrize("content", ["", "odd"])
    def test_whoever_holds_it_may_be_unknown(
        self, tmp_path: Path, content: str
    ) -> None:
        """An older heartbeat does not write who it is."""
        (tmp_path / "lock").write_text(content)

        assert datadir.holder(tmp_path / "lock") == "another heartbeat"
        assert datadir.holder(tmp_path / "absent") == "another heartbeat"

    def test_ends_with_the_first(self, tmp_path: Path) -> None:
        """After the first one ended the next may begin."""
        first = identity_of(tmp_path)

        assert identity_of(tmp_path) == first

    def test_that_cannot_be_opened_is_named(self, tmp_path: Path) -> None:
        """A directory in the place of the lock file is named."""
        (tmp_path / "heartbeat.lock").mkdir()

        with pytest.raises(StoreError, match=r"lock file .* is a directory"):
            identity_of(tmp_path)


class TestHolder:
    """Who holds the lock."""

    def test_lives(self, tmp_path: Path) -> None:
        """A process that is there, such as this one."""
        with datadir.opened(tmp_path, FakeClock()) as installation:
            assert datadir.is_held_by_living(tmp_path)
            os.fstat(installation.lock)

    @pytest.mark.parametrize(
        ("text", "expected"), [("2147483646\n", False), ("1\n", True), ("?\n", True)]
    )
    def test_is_named_in_the_file(
        self,
        tmp_path: Path,
        text: str,
        expected: bool,  # noqa: FBT001
    ) -> None:
        """A process that is not there has handed it on; the illegible may live."""
        (tmp_path / "heartbeat.lock").write_text(text)

        assert datadir.is_held_by_living(tmp_path) == expected

    def test_nobody_has_ever(self, tmp_path: Path) -> None:
        """Without a file it cannot be said, so it is not denied."""
        assert datadir.is_held_by_living(tmp_path)

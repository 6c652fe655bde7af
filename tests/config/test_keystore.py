"""The keystore file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.config import Keystore, Request, keystore_file
from heartbeat.errors import ConfigError
from tests.support.config import loaded, written

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = {"A": "1", "ß": "ü\n"}


def fault(store: Keystore) -> str:
    """Return why a keystore cannot be read."""
    with pytest.raises(ConfigError) as caught:
        store.read()
    (problem,) = caught.value.problems
    assert problem.file == str(store.path)
    return problem.message


@pytest.fixture
def store(tmp_path: Path) -> Keystore:
    """Return a keystore that holds secrets."""
    made = Keystore(tmp_path / "data" / "heartbeat.keystore")
    made.write(SECRETS)
    return made


def test_what_is_written_is_read(store: Keystore) -> None:
    """Names and secrets come back as they were."""
    assert store.read() == SECRETS


def test_no_file(tmp_path: Path) -> None:
    """A keystore that is not there holds nothing."""
    absent = Keystore(tmp_path / "absent")

    assert (absent.exists(), absent.read()) == (False, {})


def test_file_is_private(store: Keystore) -> None:
    """Only the owner may read it, and no draft is left."""
    assert store.path.stat().st_mode & 0o777 == 0o600
    assert list(store.path.parent.iterdir()) == [store.path]


def test_nothing_is_legible(store: Keystore) -> None:
    """Neither names nor secrets, and no two files are alike."""
    first = store.path.read_bytes()
    store.write(SECRETS)

    assert first != store.path.read_bytes()
    assert first.isascii()
    assert b'"A"' not in first


def test_replacing_survives_an_old_draft(store: Keystore) -> None:
    """What a crash left behind is in nobody's way."""
    store.path.with_name("heartbeat.keystore.new").write_text("half")

    store.write({})

    assert store.read() == {}


def test_others_may_read(store: Keystore) -> None:
    """A file that others can read is refused, with the command that mends it."""
    store.path.chmod(0o640)

    assert fault(store) == (
        f'file ("{store.path}") can only be writable and readable by the owner but the'
        ' permissions are "-rw-r-----" (to fix the permissions use: \'chmod 600'
        f" {store.path}')"
    )
    assert store.read(strict_permissions=False) == SECRETS


def test_password(store: Keystore) -> None:
    """Another password opens nothing."""
    locked = Keystore(store.path, "hush")
    locked.write(SECRETS)

    assert locked.read() == SECRETS
    assert fault(store) == (
        "could not decrypt the keystore: the password is wrong"
        " (HEARTBEAT_KEYSTORE_PASSWORD) or the file is damaged"
    )


@pytest.mark.parametrize(("end", "more"), [(-9, b""), (None, b"!"), (30, b"")])
def test_damage(store: Keystore, end: int | None, more: bytes) -> None:
    """A file that was changed or cut is refused."""
    store.path.write_bytes(store.path.read_bytes()[:end] + more)

    assert fault(store).startswith("could not decrypt the keystore")


def test_another_format(store: Keystore) -> None:
    """The reference's own file is not ours, and that is said."""
    store.path.write_bytes(b"v1EncryptedStuff")

    assert fault(store) == (
        "this is no keystore of heartbeat; make one with 'heartbeat keystore create"
        " --force' and add the secrets to it"
    )


def test_a_directory_that_cannot_be(tmp_path: Path) -> None:
    """A keystore that cannot be written says why."""
    (tmp_path / "data").write_text("")

    with pytest.raises(ConfigError, match="the keystore cannot be written: "):
        Keystore(tmp_path / "data" / "heartbeat.keystore").write({})


class TestLoading:
    """Configurations whose variables are in a keystore."""

    def test_default_place(self, tmp_path: Path, store: Keystore) -> None:
        """It is looked for in the directory of data."""
        settings = loaded(tmp_path, "name: ${A}-${A}\npath.home: " + str(tmp_path))

        assert store.exists()
        assert settings.options.name == "1-1"

    @pytest.mark.parametrize("name", ["other.keystore", "{home}/data/other.keystore"])
    def test_place_of_ones_own(self, tmp_path: Path, name: str) -> None:
        """It may be anywhere; relative names begin at the data."""
        Keystore(tmp_path / "data" / "other.keystore", "pw").write({"B": "b"})
        place = name.format(home=tmp_path)
        text = f"name: ${{B}}\nkeystore.path: {place}\npath.home: {tmp_path}\n"
        environment = {"HEARTBEAT_KEYSTORE_PASSWORD": "pw"}

        assert loaded(tmp_path, text, environment=environment).options.name == "b"

    def test_unreadable(self, tmp_path: Path, store: Keystore) -> None:
        """A keystore that cannot be read is a fault beside the others."""
        store.path.chmod(0o644)

        with pytest.raises(ConfigError) as caught:
            loaded(tmp_path, f"http.port: x\npath.home: {tmp_path}\n")

        assert [problem.file for problem in caught.value.problems] == [
            str(store.path),
            str(tmp_path / "heartbeat.yml"),
        ]

    def test_broken_directories(self, tmp_path: Path) -> None:
        """Where the directories are at fault, that is said once."""
        with pytest.raises(ConfigError) as caught:
            loaded(tmp_path, "path: text\n")

        assert len(caught.value.problems) == 1

    def test_secrets_in_faults(self, tmp_path: Path, store: Keystore) -> None:
        """A fault never quotes a secret."""
        store.write({"PORT": "s3cret", "NONE": ""})
        text = f"http.port: ${{PORT}}\nname: ${{NONE}}\npath.home: {tmp_path}\n"

        with pytest.raises(ConfigError) as caught:
            loaded(tmp_path, text)

        assert "'xxxxx' is no whole number" in str(caught.value)
        assert "s3cret" not in str(caught.value)

    def test_file_of_a_request(self, tmp_path: Path, store: Keystore) -> None:
        """Commands find the file a configuration names, faults elsewhere or not."""
        file = written(tmp_path, f"http.port: x\npath.home: {tmp_path}\n")

        assert keystore_file(Request((file,), environment={})) == store

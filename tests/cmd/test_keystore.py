"""`heartbeat keystore`: its dialogues."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import click
import pytest

from heartbeat.config import Keystore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EXISTS = "A keystore already exists, Overwrite? [y/N]: "
CREATE = "The keystore does not exist. Do you want to create it? [y/N]: "


@pytest.fixture
def store(home: Path) -> Keystore:
    """Return the keystore, which does not exist yet; there is a configuration."""
    (home / "heartbeat.yml").write_text("http.port: x\n")
    return Keystore(home / "data" / "heartbeat.keystore")


@pytest.fixture
def asked() -> list[str]:
    """Return what is asked; the answers are taken from `answers`."""
    return []


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> list[str]:
    """Return the list of answers to come."""
    to_come: list[str] = []

    def ask(question: str = "") -> str:
        asked.append(question)
        if not to_come:
            raise EOFError
        return to_come.pop(0)

    monkeypatch.setattr(click.termui, "visible_prompt_func", ask)
    monkeypatch.setattr(click.termui, "hidden_prompt_func", ask)
    return to_come


def given(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put a text on standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


class TestCreate:
    """`keystore create`."""

    def test_new(
        self,
        command: Callable[..., int],
        store: Keystore,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """A new keystore is empty."""
        assert command("keystore", "create") == 0
        assert capsys.readouterr().out == "Created heartbeat keystore\n"
        assert (store.exists(), store.read()) == (True, {})

    @pytest.mark.parametrize(
        ("answer", "kept", "said"),
        [
            ("", True, "Exiting without creating heartbeat keystore.\n"),
            ("n", True, "Exiting without creating heartbeat keystore.\n"),
            ("YES", False, "Created heartbeat keystore\n"),
        ],
    )
    def test_existing(  # noqa: PLR0913 - one case in six parts
        self,
        command: Callable[..., int],
        store: Keystore,
        answers: list[str],
        capsys: pytest.CaptureFixture[str],
        *,
        answer: str,
        kept: bool,
        said: str,
    ) -> None:
        """One that exists is replaced only if that is wanted."""
        store.write({"A": "a"})
        answers.append(answer)

        assert command("keystore", "create") == 0
        assert capsys.readouterr().out.endswith(said)
        assert ("A" in store.read()) is kept

    def test_unclear_answer(
        self,
        command: Callable[..., int],
        store: Keystore,
        answers: list[str],
        asked: list[str],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """An answer that is neither is asked for again."""
        store.write({})
        answers.extend(("maybe", "y"))

        assert command("keystore", "create") == 0
        assert "Did not understand the answer 'maybe'\n" in capsys.readouterr().out
        assert len(asked) == 2

    def test_force(
        self, command: Callable[..., int], store: Keystore, asked: list[str]
    ) -> None:
        """--force asks nothing."""
        store.write({"A": "a"})

        assert command("keystore", "create", "--force") == 0
        assert (store.read(), asked) == ({}, [])


class TestAdd:
    """`keystore add`."""

    def test_dialogue(
        self,
        command: Callable[..., int],
        store: Keystore,
        answers: list[str],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """Without a keystore one is made, then the secret is asked for."""
        answers.extend(("y", "s3cret"))

        assert command("keystore", "add", "A") == 0
        assert store.read() == {"A": "s3cret"}
        said = capsys.readouterr()
        assert "Created keystore\n" in said.out
        assert said.out.endswith("Successfully updated the keystore\n")
        assert "s3cret" not in said.out + said.err

    def test_no_keystore_wanted(
        self,
        command: Callable[..., int],
        store: Keystore,
        answers: list[str],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """Without a keystore there is nothing to add to."""
        answers.append("n")

        assert command("keystore", "add", "A") == 1
        said = capsys.readouterr()
        assert said.err == "exiting without creating heartbeat keystore\n"
        assert not store.exists()

    @pytest.mark.parametrize(
        ("text", "secret"), [("a b\n", "a b"), ("x\r\n", "x"), (" y", " y"), ("", "")]
    )
    def test_from_standard_input(
        self,
        command: Callable[..., int],
        store: Keystore,
        monkeypatch: pytest.MonkeyPatch,
        *,
        text: str,
        secret: str,
    ) -> None:
        """--stdin makes the keystore, and leaves out the line end."""
        given(monkeypatch, text)

        assert command("keystore", "add", "A", "--stdin") == 0
        assert store.read() == {"A": secret}

    def test_existing_name_from_standard_input(
        self,
        command: Callable[..., int],
        store: Keystore,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """--stdin replaces only with --force."""
        store.write({"A": "old"})
        given(monkeypatch, "new")

        assert command("keystore", "add", "A", "--stdin") == 1
        assert capsys.readouterr().err == (
            "the setting A already exists in the keystore; use `--force` to replace"
            " it\n"
        )
        assert command("keystore", "add", "A", "--stdin", "--force") == 0
        assert store.read() == {"A": "new"}

    @pytest.mark.parametrize(("answer", "secret"), [("n", "old"), ("y", "new")])
    def test_existing_name(
        self,
        command: Callable[..., int],
        store: Keystore,
        answers: list[str],
        *,
        answer: str,
        secret: str,
    ) -> None:
        """A name that exists gets a new secret only if that is wanted."""
        store.write({"A": "old", "B": "b"})
        answers.extend((answer, "new"))

        assert command("keystore", "add", "A") == 0
        assert store.read() == {"A": secret, "B": "b"}

    @pytest.mark.parametrize(
        ("names", "error"),
        [
            ([], "failed to create the secret: no key provided"),
            (
                ["a", "b"],
                (
                    "could not create secret for: [a b], you can only provide one key"
                    " per invocation"
                ),
            ),
            (["a:b"], "'a:b' cannot be referred to: no name holds $ { } or :"),
        ],
    )
    def test_names(
        self,
        command: Callable[..., int],
        store: Keystore,
        capsys: pytest.CaptureFixture[str],
        *,
        names: list[str],
        error: str,
    ) -> None:
        """One name is needed, one that a variable can hold."""
        assert command("keystore", "add", *names) == 1
        assert capsys.readouterr().err.splitlines()[0] == f"Error: {error}"
        assert not store.exists()

    def test_end_of_input(
        self, command: Callable[..., int], store: Keystore, answers: list[str]
    ) -> None:
        """Nobody there to answer is a no."""
        assert (command("keystore", "add", "A"), answers) == (1, [])
        assert not store.exists()


class TestListAndRemove:
    """`keystore list` and `keystore remove`."""

    def test_list(
        self,
        command: Callable[..., int],
        store: Keystore,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """Names only, one a line."""
        store.write({"B": "2", "A": "1"})

        assert command("keystore", "list") == 0
        assert capsys.readouterr().out == "A\nB\n"

    def test_remove(
        self,
        command: Callable[..., int],
        store: Keystore,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """Each name that is gone is named."""
        store.write({"A": "1", "B": "2", "C": "3"})

        assert command("keystore", "remove", "A", "B") == 0
        assert store.read() == {"C": "3"}
        assert capsys.readouterr().out == (
            "successfully removed key: A\nsuccessfully removed key: B\n"
        )

    def test_remove_an_unknown_name(
        self,
        command: Callable[..., int],
        store: Keystore,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """If one name is unknown, none is removed."""
        store.write({"A": "1"})

        assert command("keystore", "remove", "A", "X") == 1
        assert store.read() == {"A": "1"}
        assert capsys.readouterr().err == "could not find key 'X' in the keystore\n"

    @pytest.mark.parametrize(
        ("names", "error"),
        [
            ([], "you must supply at least one key to remove"),
            (
                ["A"],
                "the keystore doesn't exist. Use the 'create' command to create one",
            ),
        ],
    )
    def test_nothing_to_remove(
        self,
        command: Callable[..., int],
        store: Keystore,
        capsys: pytest.CaptureFixture[str],
        *,
        names: list[str],
        error: str,
    ) -> None:
        """Without names or without a keystore there is nothing to do."""
        assert command("keystore", "remove", *names) == 1
        assert capsys.readouterr().err == f"{error}\n"
        assert not store.exists()


def test_help(command: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    """Without a command its help is shown."""
    assert command("keystore") == 0
    assert "create" in capsys.readouterr().out


def test_permissions(
    command: Callable[..., int], store: Keystore, capsys: pytest.CaptureFixture[str]
) -> None:
    """A keystore that others can read is refused, unless that is switched off."""
    store.write({"A": "1"})
    store.path.chmod(0o644)

    assert command("keystore", "list") == 1
    assert "can only be writable and readable by the owner" in capsys.readouterr().err
    assert command("keystore", "list", "--strict.perms=false") == 0

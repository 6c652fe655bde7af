"""The command line: flags, exit codes, errors."""

import importlib

import click
import pytest

from heartbeat.cmd import root
from heartbeat.cmd.options import Invocation, invocation, takes_global_options
from heartbeat.errors import ConfigError, StoreLocked


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Invocation]:
    """Put a command `probe` in the table that keeps what it was asked for."""
    seen: list[Invocation] = []

    @click.command()
    @takes_global_options
    @click.pass_context
    def probe(context: click.Context) -> None:
        seen.append(invocation(context))

    serve(monkeypatch, probe)
    return seen


def serve(monkeypatch: pytest.MonkeyPatch, command: click.Command) -> None:
    """Make `probe` mean this command."""
    monkeypatch.setitem(root.COMMANDS, "probe", "heartbeat.cmd.probe:probe")
    real = importlib.import_module

    def load(name: str) -> object:
        if name == "heartbeat.cmd.probe":
            return type("Module", (), {"probe": command})
        return real(name)

    monkeypatch.setattr(importlib, "import_module", load)


def raising(error: Exception) -> click.Command:
    """Return a command that fails."""

    @click.command()
    def probe() -> None:
        raise error

    return probe


class TestGlobalFlags:
    """Flags of every command."""

    @pytest.mark.parametrize(
        "arguments",
        [
            ["-c", "a.yml", "-c", "b.yml", "probe"],
            ["probe", "-c", "a.yml", "-c", "b.yml"],
            ["-c", "a.yml", "probe", "--c", "b.yml"],
            ["-c", "a.yml", "-c", "b.yml", "probe", "-c", "a.yml"],
        ],
    )
    def test_files_are_kept_in_order(
        self, asked: list[Invocation], arguments: list[str]
    ) -> None:
        """Before or behind the command, each file once."""
        root.execute(arguments)

        assert asked[0].files == ["a.yml", "b.yml"]

    def test_overrides_are_all_kept(self, asked: list[Invocation]) -> None:
        """Of two for one key the last counts, so none may be left out."""
        root.execute(["-E", "a=1", "-E", "a=2", "probe", "-E", "a=1"])

        assert asked[0].overrides == ["a=1", "a=2", "a=1"]

    def test_paths_go_by_name(self, asked: list[Invocation]) -> None:
        """Each directory has its flag."""
        root.execute(["--path.home", "/h", "probe", "--path.data", "/d"])

        assert asked[0].paths == {"home": "/h", "data": "/d"}

    def test_selectors_are_split(self, asked: list[Invocation]) -> None:
        """Several parts may be followed at once."""
        root.execute(["-d", "store, net", "probe"])

        assert asked[0].selectors == ("store", "net")

    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [([], True), (["--strict.perms=false"], False), (["--strict.perms"], True)],
    )
    def test_strict_perms_takes_a_value_or_none(
        self, asked: list[Invocation], arguments: list[str], expected: object
    ) -> None:
        """The reference accepts both forms."""
        root.execute(["probe", *arguments])

        assert asked[0].strict_perms is expected

    def test_an_absent_flag_behind_keeps_the_one_before(
        self, asked: list[Invocation]
    ) -> None:
        """The command's own defaults do not undo what stood before it."""
        root.execute(["-e", "-v", "probe"])

        assert (asked[0].to_stderr, asked[0].verbose) == (True, True)


class TestExitCodes:
    """How a command ends."""

    def test_success_is_zero(self, asked: list[Invocation]) -> None:
        """Nothing went wrong."""
        code = root.execute(["probe"])

        assert (code, len(asked)) == (0, 1)

    @pytest.mark.parametrize(
        ("error", "line"),
        [
            (ConfigError("bad schedule"), "Exiting: bad schedule\n"),
            (StoreLocked("data path locked"), "Exiting: data path locked\n"),
        ],
    )
    def test_an_error_is_one_line_and_one(
        self,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        error: Exception,
        line: str,
    ) -> None:
        """What an operator can mend is said in a line, without a traceback."""
        serve(monkeypatch, raising(error))
        code = root.execute(["probe"])

        assert (code, capsys.readouterr().err) == (1, line)

    def test_an_interrupted_prompt_is_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Ctrl-C at a prompt ends the command."""
        serve(monkeypatch, raising(click.exceptions.Abort()))

        assert root.execute(["probe"]) == 1

    def test_a_commands_own_code_is_passed_on(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A command may say 1 itself."""
        serve(monkeypatch, click.Command("probe", callback=lambda: 1))

        assert root.execute(["probe"]) == 1

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            (["--bogus"], "unknown flag: --bogus"),
            (["bogus"], 'unknown command "bogus" for "heartbeat"'),
            (["--path.home"], "Option '--path.home' requires an argument."),
        ],
    )
    def test_misuse_is_one(
        self, capsys: pytest.CaptureFixture[str], arguments: list[str], error: str
    ) -> None:
        """A wrong command line names the fault and where to read on."""
        code = root.execute(arguments)
        expected = f"Error: {error}\nRun 'heartbeat --help' for usage.\n"

        assert (code, capsys.readouterr().err) == (1, expected)

    def test_main_ends_the_process(self, asked: list[Invocation]) -> None:
        """The entry point exits with the code."""
        with pytest.raises(SystemExit) as ended:
            root.main(["probe"])

        assert (ended.value.code, len(asked)) == (0, 1)


class TestVersion:
    """`heartbeat version`."""

    def test_names_both_versions(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Own version and that of the documents, in one line."""
        root.execute(["version"])

        assert capsys.readouterr().out.startswith("heartbeat version 0.1.0 (")

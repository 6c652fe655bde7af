"""`heartbeat queue`: what it prints, and what it asks before it gives events up."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from heartbeat.event import Record, Routing
from heartbeat.store import backlog
from heartbeat.store.database import Database, Group
from heartbeat.store.files import Files
from tests.support.clock import START_NS, FakeClock
from tests.support.records import numbered, records

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

ASKED = "Give up 3 events of 'console'? [y/N]: "
CONFIG = "output.console.enabled: true\n"


@pytest.fixture
def place(home: Path) -> Path:
    """Return where the store of the configuration lies; it does not exist yet."""
    (home / "heartbeat.yml").write_text(CONFIG, encoding="utf-8")
    (home / "heartbeat.yml").chmod(0o600)
    (home / "data").mkdir()
    return home / "data" / "heartbeat.db"


def filled(place: Path, *outputs: str, events: Sequence[Record] | None = None) -> None:
    """Make a store in which events wait for the outputs, three unless given."""
    database = Database(place)
    database.load(outputs)
    database.commit(Group(numbered(1, 3) if events is None else events))
    database.close()


def pending(place: Path) -> dict[str, int]:
    """Return how many events wait, by output."""
    with backlog.opened(place) as reader:
        return {one.output: one.pending for one in reader.backlogs()}


class TestStatus:
    """`queue status`."""

    def test_a_table(
        self,
        command: Callable[..., int],
        place: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A line for each output, and what the store takes as a whole."""
        filled(place, "console", "elasticsearch")
        backlog.give_up(place, ["console"])
        clock = FakeClock(now_ns=START_NS + 7_500 * 10**9)
        monkeypatch.setattr("heartbeat.cmd.queue.SystemClock", lambda: clock)

        assert command("queue", "status") == 0
        first, *table = capsys.readouterr().out.splitlines()
        rows = [line.split() for line in table]
        assert first == f"{place}: {backlog.bytes_on_disk(place)} bytes on disk"
        assert rows[0] == ["OUTPUT", "PENDING", "OLDEST", "BYTES", "DROPPED"]
        assert rows[1] == ["console", "0", "-", "0", "0"]
        assert rows[2][:3] == ["elasticsearch", "3", "2h04m"]
        assert table[1].index("0") == table[2].index("3") == table[0].index("PENDING")

    def test_no_store(
        self,
        command: Callable[..., int],
        place: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """There is nothing to show before the first start, and nothing is made."""
        assert command("queue", "status") == 1
        assert f"{place} does not exist: nothing waits" in capsys.readouterr().err
        assert not place.exists()

    def test_a_queue_in_memory(
        self,
        command: Callable[..., int],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """It is said why nothing can be seen."""
        config = CONFIG + "queue.mem.events: 100\n"

        assert command("queue", "status", config=config) == 1
        assert "events wait in memory (queue.mem)" in capsys.readouterr().err

    def test_a_path_of_its_own(
        self,
        command: Callable[..., int],
        home: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """The queue is where the configuration puts it."""
        (home / "elsewhere").mkdir()
        filled(home / "elsewhere" / "heartbeat.db", "console")
        config = f"{CONFIG}queue.disk.path: {home / 'elsewhere'}\n"

        assert command("queue", "status", config=config) == 0
        assert capsys.readouterr().out.startswith(str(home / "elsewhere"))


class TestExport:
    """`queue export`."""

    def test_documents(
        self,
        command: Callable[..., int],
        place: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """Each event is a line, with where it is to go; it goes on waiting."""
        routing = Routing("id-1", "own-index", "pipe")
        event = Record(b'{"@timestamp":"t","a":1}', routing, START_NS, 1)
        filled(place, "console", events=[event])

        assert command("queue", "export") == 0
        assert json.loads(capsys.readouterr().out) == {
            "@timestamp": "t",
            "@metadata": {"_id": "id-1", "raw_index": "own-index", "pipeline": "pipe"},
            "a": 1,
        }
        assert pending(place) == {"console": 1}

    def test_one_of_several(
        self,
        command: Callable[..., int],
        place: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """The output has to be named then; a limit is kept."""
        filled(place, "console", "file")

        assert command("queue", "export") == 1
        told = capsys.readouterr().err
        assert command("queue", "export", "--output", "file", "--limit", "2") == 0
        lines = capsys.readouterr().out.splitlines()
        found = [json.loads(line)["@metadata"]["_id"] for line in lines]
        assert "say which output with --output: console, file" in told
        assert found == ["id-1", "id-2"]


class TestPurge:
    """`queue purge`."""

    @pytest.mark.parametrize(
        ("arguments", "left"),
        [
            (["--output", "console"], {"console": 0, "file": 3}),
            (["--all"], {"console": 0, "file": 0}),
        ],
    )
    def test_by_force(
        self,
        command: Callable[..., int],
        place: Path,
        arguments: list[str],
        left: dict[str, int],
    ) -> None:
        """Nothing is asked."""
        filled(place, "console", "file")

        assert command("queue", "purge", "--force", *arguments) == 0
        assert pending(place) == left

    @pytest.mark.parametrize(
        ("answer", "left", "said"),
        [
            ("y", 0, "Gave up 3 events of 'console'.\n"),
            ("n", 3, "Nothing was given up.\n"),
        ],
    )
    def test_asks(  # noqa: PLR0913, PLR0917 - one case in six parts
        self,
        command: Callable[..., int],
        place: Path,
        answer: str,
        left: int,
        said: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """The question says how much it is about."""
        filled(place, "console")
        asked: list[str] = []

        def reply(question: str = "") -> str:
            asked.append(question)
            return answer

        monkeypatch.setattr("click.termui.visible_prompt_func", reply)

        assert command("queue", "purge", "--all") == 0
        assert capsys.readouterr().out.endswith(said)
        assert asked == [ASKED]
        assert pending(place) == {"console": left}

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ([], "say which: --output NAME or --all"),
            (["--all", "--output", "console"], "say which: --output NAME or --all"),
            (["--output", "x"], "no output 'x' in the store; it knows: console"),
        ],
    )
    def test_what_is_meant_has_to_be_clear(
        self,
        command: Callable[..., int],
        place: Path,
        arguments: list[str],
        said: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """A mistake costs no event."""
        filled(place, "console")

        assert command("queue", "purge", "--force", *arguments) == 1
        assert said in capsys.readouterr().err
        assert pending(place) == {"console": 3}

    def test_not_while_heartbeat_runs(
        self,
        command: Callable[..., int],
        place: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """The store belongs to the running process."""
        filled(place, "console")
        files = Files(place)
        files.lock()
        try:
            assert command("queue", "purge", "--all", "--force") == 1
        finally:
            files.unlock()

        assert "stop heartbeat before you give events up" in capsys.readouterr().err
        assert pending(place) == {"console": 3}


def test_help(command: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    """Without a verb it says what there is."""
    assert command("queue") == 0
    assert "purge" in capsys.readouterr().out


class TestWorkers:
    """Several stores, one for each worker and one from before."""

    @pytest.fixture
    def places(self, place: Path) -> list[Path]:
        """Return three stores with three events each for the console."""
        workers = [place.parent / f"worker-{n}" / place.name for n in range(2)]
        for one in workers:
            one.parent.mkdir()
        found = [place, *workers]
        for number, one in enumerate(found):
            made = records(3, first=1 + 3 * number)
            events = [replace(r, sequence=n) for n, r in enumerate(made, 1)]
            filled(one, "console", events=events)
        return found

    def test_status(
        self,
        command: Callable[..., int],
        places: list[Path],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """A table for each, with its place."""
        assert command("queue", "status") == 0
        lines = capsys.readouterr().out.splitlines()

        assert [line.partition(": ")[0] for line in lines[::3]] == [*map(str, places)]
        assert [line.split()[:2] for line in lines[2::3]] == [["console", "3"]] * 3

    @pytest.mark.usefixtures("places")
    def test_export(
        self, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """One list; a limit is that of all together."""
        assert command("queue", "export", "--limit", "7") == 0
        found = capsys.readouterr().out.splitlines()

        assert [json.loads(line)["@metadata"]["_id"] for line in found] == [
            f"id-{number}" for number in range(1, 8)
        ]

    def test_purge(
        self,
        command: Callable[..., int],
        places: list[Path],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """All of them, also one that does not know the output."""
        (places[0].parent / "worker-2").mkdir()
        other = places[0].parent / "worker-2" / places[0].name
        filled(other, "file")

        assert command("queue", "purge", "--output", "console", "--force") == 0
        assert capsys.readouterr().out == "Gave up 9 events of 'console'.\n"
        assert [pending(place) for place in places] == [{"console": 0}] * 3
        assert pending(other) == {"file": 3}

    def test_purge_while_one_is_in_use(
        self, command: Callable[..., int], places: list[Path]
    ) -> None:
        """Then nothing is given up anywhere."""
        files = Files(places[2])
        files.lock()
        code = command("queue", "purge", "--all", "--force")
        files.unlock()

        assert code == 1
        assert pending(places[0]) == {"console": 3}

"""The command as an operator meets it: what it prints and how it ends."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.program import Program, until
from tests.support.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

CONSOLE = "output.console.enabled: true\n"


@pytest.fixture
def target() -> Iterator[Target]:
    """Return a web server that answers."""
    with Target() as server:
        yield server


def monitoring(url: str, more: str = "") -> str:
    """Return a configuration with one HTTP monitor and the console."""
    return (
        f"{CONSOLE}{more}heartbeat.monitors:\n"
        f"- {{type: http, id: web, schedule: '@every 1s', urls: ['{url}']}}\n"
    )


class TestOnce:
    """`--once`."""

    def test_ends_with_zero_when_all_is_up(
        self, tmp_path: Path, target: Target
    ) -> None:
        """Every monitor ran once, was up and was delivered."""
        program = Program(tmp_path, monitoring(target.url), "--once")
        ended = program.finished()
        document = json.loads(ended.stdout)

        assert (ended.returncode, document["monitor"]["status"]) == (0, "up")

    def test_ends_with_one_when_something_is_down(self, tmp_path: Path) -> None:
        """A script sees from the exit code that something is down."""
        program = Program(tmp_path, monitoring("http://127.0.0.1:1/"), "--once")
        ended = program.finished()
        document = json.loads(ended.stdout)

        assert (ended.returncode, document["monitor"]["status"]) == (1, "down")

    def test_run_once_of_the_reference_ends_with_zero(self, tmp_path: Path) -> None:
        """`heartbeat.run_once` asks whether all was delivered, not what was found."""
        more = "heartbeat.run_once: true\n"
        program = Program(tmp_path, monitoring("http://127.0.0.1:1/", more))

        assert program.finished().returncode == 0


class TestBrokenMonitor:
    """A monitor whose own options cannot work."""

    def test_reports_itself_while_the_others_run(
        self, tmp_path: Path, target: Target
    ) -> None:
        """The mistake is in the data, where its operator looks."""
        bad = "- {type: http, id: bad, schedule: '@every 1s', urls: ['http://h:x/']}\n"
        program = Program(tmp_path, monitoring(target.url) + bad, "--once")
        documents = map(json.loads, program.finished().stdout.splitlines())
        messages = {
            document["monitor"]["id"]: document.get("error", {}).get("message", "")
            for document in documents
        }

        assert messages["web"] == ""
        assert messages["bad"].startswith("job could not be initialized: ")


class TestMistakes:
    """What is wrong is said in a line with its place, never in a traceback."""

    @pytest.mark.parametrize(
        ("config", "expected"),
        [
            ("a: [\n", "heartbeat.yml:2:1: "),
            (
                CONSOLE + "heartbeat.monitors: [{type: ftp}]\n",
                "type ftp does not exist",
            ),
            (
                CONSOLE
                + "heartbeat.monitors:\n"
                + "- {type: tcp, schedule: '@every x', hosts: a}\n",
                "heartbeat.yml:3:",
            ),
            ("heartbeat.monitors: []\n", "no outputs are defined"),
        ],
    )
    def test_in_the_file(self, tmp_path: Path, config: str, expected: str) -> None:
        """YAML, type, schedule, outputs: each names what and where."""
        ended = Program(tmp_path, config).finished()

        assert ended.returncode == 1
        assert expected in ended.stderr
        assert "Traceback" not in ended.stderr

    def test_no_file(self, tmp_path: Path) -> None:
        """A missing file is named."""
        program = Program(tmp_path, CONSOLE)
        (tmp_path / "heartbeat.yml").unlink()
        ended = program.finished()

        assert ended.returncode == 1
        assert "heartbeat.yml: error loading config file: no such file" in ended.stderr

    def test_data_directory_in_use(self, tmp_path: Path, target: Target) -> None:
        """A second process with the same data is refused and says why."""
        program = Program(tmp_path, monitoring(target.url))
        with program.running():
            until(program.documents, "the first document")
            second = Program(tmp_path, monitoring(target.url), "--once").finished()

        assert second.returncode == 1
        assert "already locked by another heartbeat" in second.stderr

    def test_data_directory_that_cannot_be(self, tmp_path: Path) -> None:
        """A file in its place is named."""
        program = Program(tmp_path, monitoring("http://127.0.0.1:1/"), "--once")
        (tmp_path / "data").write_text("")
        ended = program.finished()

        assert ended.returncode == 1
        assert "data cannot be created: file exists" in ended.stderr

    def test_endpoint_taken(self, tmp_path: Path, target: Target) -> None:
        """A port that is taken is named."""
        more = f"http: {{enabled: true, host: 127.0.0.1, port: {target.port}}}\n"
        ended = Program(tmp_path, monitoring(target.url, more)).finished()

        assert ended.returncode == 1
        assert f"cannot listen on 127.0.0.1:{target.port}" in ended.stderr


class TestSignals:
    """Being told to stop."""

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_stops_cleanly(
        self, tmp_path: Path, target: Target, number: signal.Signals
    ) -> None:
        """Exit code 0, and the log says what happened."""
        program = Program(tmp_path, monitoring(target.url))
        with program.running():
            until(program.documents, "the first document")
            code = program.stop(number)

        assert code == 0
        assert f"Received signal {number.name}, stopping" in program.log()
        assert "heartbeat stopped." in program.log()


class TestContinuity:
    """What outlives the process."""

    def test_state_goes_on_after_a_crash(self, tmp_path: Path, target: Target) -> None:
        """After SIGKILL the same state goes on, counted without a gap.

        The console may show a document twice then: it cannot say what it has shown.
        """
        program = Program(tmp_path, monitoring(target.url))
        with program.running():
            until(lambda: len(program.documents()) >= 2, "two documents")
            program.kill()
        seen = len(program.documents())
        with program.running():
            until(lambda: len(program.documents()) > seen + 1, "life after the crash")
        states = {d["@metadata"]["_id"]: d["state"] for d in program.documents()}
        counts = [state["checks"] for state in states.values()]

        assert len({state["id"] for state in states.values()}) == 1
        assert counts == list(range(1, len(counts) + 1))

    def test_endpoint_tells_what_was_done(self, tmp_path: Path, target: Target) -> None:
        """A process can watch itself through its own endpoint."""
        with Target() as free:
            port = free.port
        more = f"http: {{enabled: true, host: 127.0.0.1, port: {port}}}\n"
        url = f"http://127.0.0.1:{port}/stats"
        body = ", response.include_body: always}\n"
        config = monitoring(target.url, more)
        config += (
            f"- {{type: http, id: own, schedule: '@every 1s', urls: ['{url}']{body}"
        )
        program = Program(tmp_path, config)

        def answers() -> list[str]:
            return [
                document["http"]["response"]["body"]["content"]
                for document in program.documents()
                if document["monitor"]["id"] == "own" and "http" in document
            ]

        with program.running():
            found = until(answers, "a look at the endpoint")

        assert '"scheduler":{"jobs":{"active":' in found[-1]

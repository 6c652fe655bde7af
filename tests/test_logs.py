"""Log lines."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heartbeat import logs
from heartbeat.config.models import LogFileOptions
from heartbeat.errors import ConfigError
from heartbeat.repeats import RepeatLimit
from heartbeat.rotation import RotatingFile


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave the logging of the test process as it was."""
    root, own = logging.getLogger(), logging.getLogger("heartbeat")
    before = root.handlers[:], root.level, own.level
    yield
    for handler in root.handlers:
        if isinstance(handler, RepeatLimit):
            handler.close()
    root.handlers[:], root.level = before[0], before[1]
    own.setLevel(before[2])
    logging.getLogger("heartbeat.store").setLevel(logging.NOTSET)


def logged(stream: io.StringIO, level: str = "info", *selectors: str) -> logging.Logger:
    """Configure logging to the stream and return a logger."""
    logs.configure(level, selectors, logs.to_stream(stream))
    return logging.getLogger("heartbeat.store")


def line_of(stream: io.StringIO) -> dict[str, Any]:
    """Return the one line in the stream."""
    line: dict[str, Any] = json.loads(stream.getvalue())
    return line


class TestJson:
    """Lines for programs."""

    def test_has_the_references_keys(self) -> None:
        """A reader of the reference's log finds what it looks for."""
        stream = io.StringIO()
        logged(stream).warning("disk is %s", "full")
        line = line_of(stream)
        del line["@timestamp"], line["log.origin"]["file.line"]

        assert line == {
            "log.level": "warn",
            "log.logger": "store",
            "log.origin": {
                "function": "test_has_the_references_keys",
                "file.name": "test_logs.py",
            },
            "message": "disk is full",
            "service.name": "heartbeat",
            "ecs.version": "1.6.0",
        }

    def test_carries_what_was_passed_as_extra(self) -> None:
        """Details are members, not parts of the text."""
        stream = io.StringIO()
        logged(stream).info("dropped", extra={"events": 7})

        assert line_of(stream)["events"] == 7

    def test_carries_the_error(self) -> None:
        """An exception gives its text and its stack."""
        stream = io.StringIO()
        logger = logged(stream)
        try:
            raise ValueError("bad")
        except ValueError:
            logger.exception("failed")

        assert line_of(stream)["error.message"] == "bad"

    def test_is_written_whatever_is_in_it(self) -> None:
        """Text that is no Unicode does not cost the line."""
        stream = io.StringIO()
        logged(stream).info("bad \udcff", extra={"what": object})

        assert line_of(stream)["message"] == "bad \ufffd"

    def test_carries_configured_fields(self) -> None:
        """`logging.with_fields` is added to every line."""
        record = logging.makeLogRecord({"name": "heartbeat.app", "msg": "x"})
        line = json.loads(logs.JsonFormatter({"team": "web"}).format(record))

        assert line["team"] == "web"


class TestSecrets:
    """What must not be in a log."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("http://me:hunter22@es:9200 is down", "http://me:xxxxx@es:9200 is down"),
            ("sent ApiKey bXk6a2V5LXZhbHVl to es", "sent ApiKey xxxxx to es"),
            ("key -----BEGIN PRIVATE KEY-----\nMII", "key xxxxx"),
            ("check api_key or Bearer", "check api_key or Bearer"),
        ],
    )
    def test_is_not_in_texts(self, text: str, expected: str) -> None:
        """Whoever wrote the line."""
        stream = io.StringIO()
        logged(stream).warning("%s", text)

        assert line_of(stream)["message"] == expected

    def test_is_not_in_members(self) -> None:
        """A member is known by its name, at any depth."""
        stream = io.StringIO()
        output = {"password": "hunter22", "tokens": 3, "hosts": ["http://a:b@c"]}
        logged(stream).info("made", extra={"output": output})

        assert line_of(stream)["output"] == {
            "password": "xxxxx",
            "tokens": 3,
            "hosts": ["http://a:xxxxx@c"],
        }

    def test_is_not_in_stacks(self) -> None:
        """An exception may quote what it could not read."""
        stream = io.StringIO()
        logger = logged(stream)
        try:
            raise ValueError("http://me:hunter22@es")
        except ValueError:
            logger.exception("failed")

        assert "hunter22" not in stream.getvalue()

    def test_is_not_on_a_terminal(self) -> None:
        """Somebody may look over the shoulder."""
        stream = Terminal()
        logged(stream).error("http://me:hunter22@es", extra={"password": "hunter22"})

        assert "hunter22" not in stream.getvalue()


class TestTerminal:
    """Lines for people."""

    def test_is_one_readable_line(self) -> None:
        """Time, level, where, what, details."""
        stream = Terminal()
        logged(stream).info("dropped", extra={"events": 7})

        assert stream.getvalue()[8:] == " INFO    store: dropped events=7\n"

    def test_colours_what_matters(self) -> None:
        """Errors are red."""
        stream = Terminal()
        logged(stream).error("gone")

        assert stream.getvalue().startswith("\x1b[31m")

    def test_shows_the_stack_of_an_error(self) -> None:
        """An unexpected exception is shown with its stack."""
        stream = Terminal()
        logger = logged(stream)
        try:
            raise ValueError("bad")
        except ValueError:
            logger.exception("failed")

        assert "ValueError: bad" in stream.getvalue()


class TestFiles:
    """Lines in files that rotate."""

    def options(self, **changed: Any) -> LogFileOptions:
        """Return the options of `logging.files`."""
        return LogFileOptions(**changed)

    def logger(self, folder: Path, **changed: Any) -> logging.Logger:
        """Return a logger that writes to files in the folder."""
        handler = logs.to_files(folder, self.options(**changed), {"team": "web"})
        logs.configure("info", (), handler)
        return logging.getLogger("heartbeat.store")

    def test_are_json_with_the_configured_fields(self, tmp_path: Path) -> None:
        """A file is for programs, whoever looks at the terminal."""
        self.logger(tmp_path).info("begun")
        (file,) = tmp_path.glob("heartbeat-*.ndjson")
        line = json.loads(file.read_text())

        assert (line["message"], line["team"]) == ("begun", "web")

    def test_are_replaced_when_full(self, tmp_path: Path) -> None:
        """`rotateeverybytes` and `keepfiles` bound what the log takes."""
        logger = self.logger(tmp_path, rotateeverybytes=1000, keepfiles=2)
        for number in range(20):
            logger.info("line %d", number)

        assert len(list(tmp_path.iterdir())) == 3

    def test_have_the_configured_mode(self, tmp_path: Path) -> None:
        """Whatever the umask is."""
        self.logger(tmp_path, permissions=0o640).info("begun")
        (file,) = tmp_path.iterdir()

        assert file.stat().st_mode & 0o777 == 0o640

    def test_that_cannot_be_written_stop_the_start(self, tmp_path: Path) -> None:
        """Nobody would read that nothing can be logged."""
        (tmp_path / "logs").write_text("")

        with pytest.raises(ConfigError, match=r"logs cannot be written: "):
            self.logger(tmp_path / "logs")

    def test_a_line_that_is_not_taken_harms_nobody(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A full disk must not end the monitoring."""
        logger = self.logger(tmp_path)

        def full(*_: object) -> None:
            raise OSError(28, "no space")

        monkeypatch.setattr(RotatingFile, "write", full)
        monkeypatch.setattr(logging, "raiseExceptions", False)
        logger.info("lost")
        monkeypatch.undo()
        logger.info("kept")
        (file,) = tmp_path.iterdir()

        assert json.loads(file.read_text())["message"] == "kept"


class TestLevels:
    """What is left out."""

    def test_below_the_level_nothing_is_written(self) -> None:
        """Debug lines need level debug."""
        stream = io.StringIO()
        logged(stream, "info").debug("detail")

        assert stream.getvalue() == ""

    def test_a_selector_follows_one_part(self) -> None:
        """`-d store` shows the details of the store."""
        stream = io.StringIO()
        logged(stream, "debug", "store").debug("detail")

        assert line_of(stream)["message"] == "detail"

    def test_a_selector_leaves_other_parts_alone(self) -> None:
        """`-d net` shows no details of the store."""
        stream = io.StringIO()
        logged(stream, "debug", "net").debug("detail")

        assert stream.getvalue() == ""

    def test_a_star_follows_everything(self) -> None:
        """`-d '*'` shows all details."""
        stream = io.StringIO()
        logged(stream, "debug", "*").debug("detail")

        assert line_of(stream)["message"] == "detail"


def test_stamp(caplog: pytest.LogCaptureFixture) -> None:
    """Every line gets the member, whoever wrote it."""
    caplog.handler.addFilter(stamp := logs.Stamp("worker", "worker-1"))
    logging.getLogger("heartbeat.any").warning("something")
    caplog.handler.removeFilter(stamp)

    assert logs.extra_of(caplog.records[0])["worker"] == "worker-1"

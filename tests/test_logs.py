"""Log lines."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from heartbeat import logs


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

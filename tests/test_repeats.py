"""Log lines that say the same over and over."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from heartbeat import repeats
from heartbeat.repeats import RepeatLimit

if TYPE_CHECKING:
    from tests.support.clock import FakeClock


class Kept(logging.Handler):
    """A handler that remembers texts."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        super().__init__()
        self.texts: list[str] = []
        self.is_closed = False

    def emit(self, record: logging.LogRecord) -> None:
        """Remember."""
        self.texts.append(record.getMessage())

    def close(self) -> None:
        """Note that it is over."""
        self.is_closed = True
        super().close()


@pytest.fixture
def kept() -> Kept:
    """Return what is handed on."""
    return Kept()


@pytest.fixture
def limit(kept: Kept, clock: FakeClock) -> RepeatLimit:
    """Return the limit before it."""
    return RepeatLimit(kept, clock)


def say(limit: RepeatLimit, text: str, level: int = logging.WARNING) -> None:
    """Log a line."""
    record = logging.makeLogRecord({"name": "heartbeat.x", "levelno": level})
    record.msg, record.args = "%s", (text,)
    limit.handle(record)


def test_equal_lines_are_counted(
    limit: RepeatLimit, kept: Kept, clock: FakeClock
) -> None:
    """The first at once, the rest when the minute is over and a line comes."""
    for _ in range(4):
        say(limit, "disk full")
    clock.jump(60)
    say(limit, "begun", logging.INFO)

    assert kept.texts == [
        "disk full",
        "disk full (3 more times within a minute)",
        "begun",
    ]


def test_after_a_minute_it_is_told_again(
    limit: RepeatLimit, kept: Kept, clock: FakeClock
) -> None:
    """What goes on is not forgotten."""
    say(limit, "disk full")
    say(limit, "disk full")
    clock.jump(60)
    say(limit, "disk full")

    assert kept.texts == [
        "disk full",
        "disk full (once more within a minute)",
        "disk full",
    ]


def test_what_differs_is_told(limit: RepeatLimit, kept: Kept) -> None:
    """The text counts, and the level."""
    say(limit, "a down")
    say(limit, "b down")
    say(limit, "b down", logging.ERROR)

    assert kept.texts == ["a down", "b down", "b down"]


def test_details_are_let_through(limit: RepeatLimit, kept: Kept) -> None:
    """Below a warning every line is wanted."""
    say(limit, "due", logging.INFO)
    say(limit, "due", logging.INFO)

    assert kept.texts == ["due", "due"]


def test_the_end_tells_what_was_counted(limit: RepeatLimit, kept: Kept) -> None:
    """No line is lost without a word."""
    say(limit, "disk full")
    say(limit, "disk full")
    limit.flush()
    limit.close()

    assert kept.texts[1:] == ["disk full (once more within a minute)"]
    assert kept.is_closed


def test_what_is_remembered_is_limited(
    limit: RepeatLimit, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest gives way, and its count is told."""
    monkeypatch.setattr(repeats, "MAX_KNOWN", 1)
    for text in ("a", "a", "b"):
        say(limit, text)

    assert kept.texts == ["a", "a (once more within a minute)", "b"]

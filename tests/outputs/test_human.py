"""Lines for people: what they show, and that they are only lines."""

from __future__ import annotations

import os
import pty
import time
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat.event import Record, Routing
from heartbeat.outputs.human import HumanCodec, has_colours
from tests.support.clock import START_NS

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be in the zone that the expected times are in."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def terminal() -> Iterator[int]:
    """Return a descriptor that is a terminal."""
    ours, theirs = pty.openpty()
    yield theirs
    os.close(ours)
    os.close(theirs)


def line(fields: dict[str, Any], *, colours: bool = False) -> str:
    """Return the line of an event."""
    record = Record(orjson.dumps(fields), Routing("a"), START_NS)
    return HumanCodec(colours=colours)(record).decode()


def monitor(**members: Any) -> dict[str, Any]:
    """Return an event of a monitor."""
    return {"monitor": {"id": "api", **members}}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {
                **monitor(
                    status="up", name="The API", ip="::1", duration={"us": 12_345}
                ),
                "url": {"full": "https://a/"},
                "http": {"response": {"status_code": 200}},
            },
            "14:13:20  UP    The API  https://a/  ::1  200  12 ms\n",
        ),
        (
            {
                **monitor(status="down", duration={"us": 1_500_000}),
                "error": {"message": "dial tcp: refused"},
            },
            "14:13:20  DOWN  api  1.50 s  dial tcp: refused\n",
        ),
        (monitor(duration={"us": 412}), "14:13:20  -     api  0.4 ms\n"),
        ({}, "14:13:20  -     -\n"),
    ],
)
def test_lines(fields: dict[str, Any], expected: str) -> None:
    """What is known is shown, what is not leaves no gap."""
    assert line(fields) == expected


def test_colours() -> None:
    """The status tells itself from afar."""
    up = line(monitor(status="up"), colours=True)
    down = line({**monitor(status="down"), "error": {"message": "gone"}}, colours=True)

    assert "\x1b[32mUP  \x1b[0m" in up
    assert "\x1b[31mDOWN\x1b[0m" in down
    assert "\x1b[31mgone\x1b[0m" in down


def test_what_a_server_says_cannot_steer_the_terminal() -> None:
    """Control characters and line ends are replaced."""
    event = {**monitor(status="down"), "error": {"message": "a\x1b[2Jb\nc\x9b"}}

    assert line(event).endswith("a\ufffd[2Jb\ufffdc\ufffd\n")
    assert line(event).count("\n") == 1


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
    ],
)
def test_a_terminal_gets_colours(
    terminal: int, environment: dict[str, str], *, expected: bool
) -> None:
    """Unless the user does not want them."""
    assert has_colours(terminal, environment) is expected


def test_files_get_no_colours() -> None:
    """Nor does what is not even open."""
    descriptor = os.open("/dev/null", os.O_WRONLY)
    is_painted = has_colours(descriptor, {})
    os.close(descriptor)

    assert not is_painted
    assert not has_colours(descriptor, {})

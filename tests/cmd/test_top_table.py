"""The form of what `heartbeat top` shows."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from heartbeat.cmd.top_table import Frame, picture
from heartbeat.instance import Snapshot
from tests.support.instance import Running, monitor, output

if TYPE_CHECKING:
    from heartbeat.event import Fields

NOW = 1_790_000_000_000_000_000
"""2026-09-21T14:13:20Z."""
URL = "http://localhost:5066"


def shown(snapshot: Snapshot, width: int | None = None, fault: str = "") -> list[str]:
    """Return the lines of a picture."""
    console = Console(file=io.StringIO(), width=width or 10_000)
    console.print(picture(snapshot, Frame(URL, NOW, width, fault)))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def snapshot_of(
    *monitors: Fields,
    matched: int | None = None,
    outputs: dict[str, Fields] | None = None,
) -> Snapshot:
    """Return a snapshot with these monitors and outputs."""
    running = Running(list(monitors), outputs or {})
    levels = {"up": 2, "down": 1}
    return Snapshot(running.stats(), levels, matched, list(monitors))


def test_header() -> None:
    """Who it is, how many are how well, how late checks are, what waits."""
    outputs = {"file": output(), "es": output(7, available=False, dropped=2)}

    lines = shown(snapshot_of(outputs=outputs))

    assert lines[:5] == [
        f"heartbeat at {URL}, running for 1m05s, 14:13:20 UTC",
        "3 endpoints: 1 down, 2 up",
        (
            "lateness p50 0.4ms, p99 2.0ms, max 9µs; loop lag p99 2.0ms;"
            " 1 running, 2 waiting, 3 missed"
        ),
        "outputs: file 0 pending; es 7 pending, takes nothing, 2 dropped",
        "",
    ]


def test_matched() -> None:
    """How many there are of those asked for, if some were."""
    assert shown(snapshot_of(matched=1))[1].endswith("; 1 of those asked for")


def test_fault() -> None:
    """Why the picture is old stands above it."""
    assert shown(snapshot_of(), fault="no answer")[4] == "no answer"


@pytest.mark.parametrize(
    ("monitor", "expected"),
    [
        (
            monitor("a", "down", since="2026-09-21T14:09:08.000Z", error="refused"),
            "down  4m12s  09-21 14:09:08  Name of a  http://a/  20ms  refused",
        ),
        (
            monitor("a", since="2026-09-18T12:13:20.000Z"),
            "up  3d02h  09-18 12:13:20  Name of a  http://a/  20ms",
        ),
        (
            monitor("a", "unknown", since=None, duration=None, name=""),
            "unknown  a  http://a/",
        ),
        (
            monitor("a", status="flap", error="\x1b[2J [r]"),
            r"up, flap  0.0s  09-21 14:13:20  Name of a  http://a/  20ms  \x1b[2J [r]",
        ),
    ],
)
def test_row(monitor: Fields, expected: str) -> None:
    """A monitor is one line with level, since when, what and why, nothing cut."""
    words = [word.strip() for word in shown(snapshot_of(monitor))[-1].split("  ")]

    assert expected == "  ".join(filter(None, words))


def test_narrow_terminal() -> None:
    """On eighty columns the less important ones are left out, and errors are cut."""
    lines = shown(snapshot_of(monitor("a", "down", error="x" * 99)), width=80)

    assert lines[5].split() == ["LEVEL", "FOR", "MONITOR", "TARGET", "ERROR"]
    assert lines[6].endswith("xxx…")
    assert max(map(len, lines)) <= 80

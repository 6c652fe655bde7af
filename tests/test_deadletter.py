"""Dead letters: everything needed to understand and to send an event again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from heartbeat import deadletter
from heartbeat.deadletter import DeadLetters
from heartbeat.outputs.base import Rejection
from heartbeat.rotation import RotationLimits
from tests.support.records import record

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.support.clock import FakeClock


def lines(folder: Path) -> list[list[bytes]]:
    """Return the lines of each file of a folder."""
    return [path.read_bytes().splitlines() for path in sorted(folder.iterdir())]


async def test_a_line_has_everything(clock: FakeClock, tmp_path: Path) -> None:
    """When, which output, why, where it was to go, and the document itself."""
    letters = DeadLetters(tmp_path / "dead-letter", "elasticsearch", clock)
    dead = record(1, index="logs", pipeline="geo")
    await letters.write([Rejection(dead, "400: no")])
    letters.close()

    path = tmp_path / "dead-letter" / "elasticsearch-20260921.ndjson"
    assert orjson.loads(path.read_bytes()) == {
        "@timestamp": "2026-09-21T14:13:20.000Z",
        "output": "elasticsearch",
        "reason": "400: no",
        "routing": {"_id": "id-1", "raw_index": "logs", "pipeline": "geo"},
        "document": orjson.loads(dead.body),
    }


async def test_letters_rotate_and_are_continued(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new start goes on with the file of the last one, up to its size."""
    limits = RotationLimits(max_bytes=600, keep=5, on_startup=False)
    monkeypatch.setattr(deadletter, "LIMITS", limits)
    for number in range(4):
        letters = DeadLetters(tmp_path, "x", clock)
        await letters.write([Rejection(record(number), "no")])
        letters.close()

    counts = [len(found) for found in lines(tmp_path)]
    assert len(counts) > 1
    assert max(counts) > 1
    assert sum(counts) == 4


async def test_an_event_of_any_size_is_kept(clock: FakeClock, tmp_path: Path) -> None:
    """A document larger than a file should be still gets written."""
    letters = DeadLetters(tmp_path, "x", clock)
    await letters.write([Rejection(record(1, size=11 * 1024**2), "too large")])
    letters.close()

    ((line,),) = lines(tmp_path)
    assert len(line) > 11 * 1024**2

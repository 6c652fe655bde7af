"""Events that a receiver will never take, kept for whoever wants to know why.

Owns the files in `path.data/dead-letter` and the form of their lines. Must not know why
an event was given up.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson

from heartbeat.event import milliseconds
from heartbeat.rotation import RotatingFile, RotationLimits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from heartbeat.clock import Clock
    from heartbeat.outputs.base import Rejection

LIMITS = RotationLimits(max_bytes=10 * 1024**2, keep=100, on_startup=False, fsync=True)


class DeadLetters:
    """The dead-letter files of one output."""

    def __init__(self, folder: Path, output: str, clock: Clock) -> None:
        """Touch nothing yet; the files are made when there is something to keep."""
        self.folder = folder
        self._output = output
        self._clock = clock
        self._file = RotatingFile(folder, output, clock, LIMITS)

    async def write(self, rejections: Sequence[Rejection]) -> None:
        """Keep the records and the reasons, on the disk when this returns.

        Raises `OSError` if the disk does not take them.
        """
        lines = [self._line(rejection) for rejection in rejections]
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._file.write, lines)

    def close(self) -> None:
        """Close the active file."""
        self._file.close()

    def _line(self, rejection: Rejection) -> bytes:
        record = rejection.record
        envelope: dict[str, Any] = {
            "@timestamp": milliseconds(self._clock.now()),
            "output": self._output,
            "reason": rejection.reason,
            "routing": record.routing.metadata(),
        }
        head = orjson.dumps(envelope)
        return b"".join((head[:-1], b',"document":', record.body, b"}\n"))

"""Files that are written line by line and replaced when they are full.

Owns names, sizes, ages and the repair of a last line that a crash cut off. Blocks: to
be called in a thread. Must not know what a line holds. Errors are `OSError`.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from heartbeat.clock import Clock

NANOSECONDS = 1_000_000_000
READ_BACK = 64 * 1024


@dataclass(frozen=True, slots=True)
class RotationLimits:
    """When to begin a new file: after `max_bytes`, `max_age` and `on_startup`.

    `max_age` is in seconds, 0 for any; an age begins when this process opens the file.
    `keep` older files stay beside the active one; `permissions` are those of a file,
    folders get the execute bits that match. `fsync` makes each write wait for the disk.
    """

    max_bytes: int
    keep: int
    permissions: int = 0o600
    on_startup: bool = True
    fsync: bool = False
    max_age: float = 0.0


class RotatingFile:
    """`<name>-YYYYMMDD.ndjson`, then `-1`, `-2` and so on; the date is UTC."""

    def __init__(
        self, folder: Path, name: str, clock: Clock, limits: RotationLimits
    ) -> None:
        """Touch nothing yet."""
        self._folder = folder
        self._name = name
        self._clock = clock
        self._limits = limits
        self._pattern = re.compile(re.escape(name) + r"-(\d{8})(?:-(\d+))?\.ndjson")
        self._file: BinaryIO | None = None
        self._size = 0
        self._opened_at = 0.0

    @property
    def max_bytes(self) -> int:
        """Return how large a file may become, and so a line."""
        return self._limits.max_bytes

    def write(self, lines: Sequence[bytes]) -> None:
        """Append lines, each ended by a line end; all of them or, on an error, none.

        What a failed write left in the file is cut off again.
        """
        start = 0
        while start < len(lines):
            file = self._open(len(lines[start]))
            end, room = start, self._limits.max_bytes - self._size
            while end < len(lines) and (end == start or len(lines[end]) <= room):
                room -= len(lines[end])
                end += 1
            self._append(file, b"".join(lines[start:end]))
            start = end

    def close(self) -> None:
        """Close the active file; the next write opens one again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _append(self, file: BinaryIO, data: bytes) -> None:
        try:
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]
            if self._limits.fsync:
                os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), self._size)
            self.close()
            raise
        self._size += len(data)

    def _open(self, size: int) -> BinaryIO:
        """Return the active file, a new one if `size` more bytes are too many."""
        if self._file is not None and self._may_take(size):
            return self._file
        known = self._known()
        if self._file is None and known and not self._limits.on_startup:
            self._reopen(known[-1])
            if self._file and self._may_take(size):
                return self._file
        self.close()
        return self._begin(known)

    def _may_take(self, size: int) -> bool:
        """Say whether the active file is neither too large nor too old for more."""
        age = self._clock.monotonic() - self._opened_at
        is_old = 0 < self._limits.max_age <= age
        return not is_old and self._size + size <= self._limits.max_bytes

    def _known(self) -> list[Path]:
        """Return the files there are, oldest first."""
        found: list[tuple[str, int, Path]] = []
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                match = self._pattern.fullmatch(path.name)
                if match:
                    found.append((match[1], int(match[2] or 0), path))
        return [path for _, _, path in sorted(found)]

    def _reopen(self, path: Path) -> None:
        """Continue a file, unless it is a link somebody put there."""
        if path.is_symlink():
            return
        file = path.open("r+b", buffering=0)
        self._size = _end_of_lines(file)
        file.truncate(self._size)
        file.seek(self._size)
        self._file = file
        self._opened_at = self._clock.monotonic()

    def _begin(self, known: list[Path]) -> BinaryIO:
        self._create_folder()
        date = time.strftime("%Y%m%d", time.gmtime(self._clock.now() // NANOSECONDS))
        path = self._free_name(date, known)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        descriptor = os.open(path, flags, self._limits.permissions)
        os.fchmod(descriptor, self._limits.permissions)  # whatever the umask is
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._size = 0
        self._opened_at = self._clock.monotonic()
        for old in known[: max(len(known) - self._limits.keep, 0)]:
            old.unlink(missing_ok=True)
        return self._file

    def _free_name(self, date: str, known: list[Path]) -> Path:
        """Return a name that sorts behind all others of the day."""
        numbers = [
            int(match[2] or 0)
            for path in known
            if (match := self._pattern.fullmatch(path.name)) and match[1] == date
        ]
        suffix = f"-{max(numbers) + 1}" if numbers else ""
        return self._folder / f"{self._name}-{date}{suffix}.ndjson"

    def _create_folder(self) -> None:
        mode = 0o700 | (self._limits.permissions & 0o444) >> 2
        self._folder.mkdir(mode=mode, parents=True, exist_ok=True)


def _end_of_lines(file: BinaryIO) -> int:
    """Return where the last whole line of a file ends."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        start = max(end - READ_BACK, 0)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0

"""The files of a store: one process at a time, and a place for damaged ones.

Owns the lock file and the renaming. Must not know what the files hold.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from heartbeat.datadir import hold, holder
from heartbeat.errors import StoreError, StoreLocked, system_text

if TYPE_CHECKING:
    from pathlib import Path

COMPANIONS = ("", "-wal", "-shm")
"""Suffixes of the files that make up a SQLite database."""


class Files:
    """Where a store lies; without a path it lies in memory and has no files.

    The lock is a file of its own, because closing any descriptor of the database would
    drop the locks that SQLite holds on it.
    """

    def __init__(self, path: Path | None) -> None:
        """Touch nothing yet."""
        self.path = path
        self._descriptor: int | None = None

    def __str__(self) -> str:
        return "in memory" if self.path is None else str(self.path)

    def lock(self) -> None:
        """Create the folder and hold the store; raises `StoreLocked`, `StoreError`."""
        if self.path is None:
            return
        guard = self.path.with_name(self.path.name + ".lock")
        try:
            guard.parent.mkdir(mode=0o770, parents=True, exist_ok=True)
            self._descriptor = hold(guard)
        except BlockingIOError:
            raise StoreLocked(
                f"store {self} is in use by {holder(guard)}; give each process a"
                " data path (path.data) of its own"
            ) from None
        except OSError as error:
            raise StoreError(f"store {self}: {system_text(error)}") from error

    def create(self) -> None:
        """See that there is a file nobody else can read; raises `StoreError`."""
        if self.path is not None:
            try:
                self.path.touch(mode=0o600)
            except OSError as error:
                raise StoreError(system_text(error)) from error

    def unlock(self) -> None:
        """Let go of the store."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def move_aside(self, stamp: str) -> str:
        """Rename the files of a damaged database; return the new name."""
        assert self.path is not None  # noqa: S101 - memory is never damaged
        aside = f"{self.path.name}.damaged-{stamp}"
        for suffix in COMPANIONS:
            with contextlib.suppress(FileNotFoundError):
                self.path.with_name(self.path.name + suffix).rename(
                    self.path.with_name(aside + suffix)
                )
        return aside

"""The data directory: one process at a time, and who this installation is.

Owns `heartbeat.lock`, `meta.json` and the directory's creation. Must not know what else
is kept there.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from heartbeat.errors import StoreError, StoreLocked, system_text
from heartbeat.event import nanoseconds

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from heartbeat.clock import Clock

LOCK = "heartbeat.lock"
NO_ID = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class Installation:
    """Who this installation is: `agent.id` and the moment of its first start.

    `lock` is the descriptor that holds the data directory, for processes that are to
    hold it as well.
    """

    id: str
    first_start: str
    lock: int = field(default=-1, compare=False)


@contextlib.contextmanager
def opened(path: Path, clock: Clock) -> Generator[Installation]:
    """Create the data directory, hold its lock, and say who this installation is.

    Raises `StoreLocked` when another process holds it and `StoreError` when it cannot
    be created, written or understood.
    """
    _create(path)
    with _locked(path / LOCK) as lock:
        yield replace(_installation(path / "meta.json", clock), lock=lock)


def _create(path: Path) -> None:
    try:
        path.mkdir(mode=0o770, parents=True, exist_ok=True)
    except OSError as error:
        text = f"data directory {path} cannot be created: {system_text(error)}"
        raise StoreError(text) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise StoreError(
            f"data directory {path} is not writable for this user (uid={os.geteuid()});"
            " change its owner or set path.data"
        )


def hold(path: Path) -> int:
    """Lock a file, which is made if need be; return its descriptor: close it to end.

    The file tells who holds it, by the process id. Raises `BlockingIOError` while
    another process holds it, and `OSError`.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    with contextlib.suppress(OSError):  # a full disk; the lock is held all the same
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def holder(path: Path) -> str:
    """Return who holds a lock, in words: the process, if that is legible."""
    text = _first_line(path)
    if not text.isdecimal():
        return "another heartbeat"
    return f"another heartbeat, process {text}"


def is_held_by_living(path: Path) -> bool:
    """Return whether the process that has locked a data directory is alive.

    If not, it has handed the lock to others, and was killed.
    """
    text = _first_line(path / LOCK)
    if not text.isdecimal():
        return True
    try:
        os.kill(int(text), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # alive and not ours, or no process id
    return True


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


@contextlib.contextmanager
def _locked(path: Path) -> Generator[int]:
    try:
        descriptor = hold(path)
    except BlockingIOError:
        raise StoreLocked(
            f"data path {path.parent} already locked by {holder(path)}; give each"
            " process a data path (path.data) of its own"
        ) from None
    except OSError as error:
        raise StoreError(f"lock file {path}: {system_text(error)}") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _installation(path: Path, clock: Clock) -> Installation:
    known = _read(path)
    try:
        identity = uuid.UUID(str(known.get("uuid")))
    except ValueError:
        identity = NO_ID
    first_start = str(known.get("first_start") or "")
    if identity != NO_ID and first_start:
        return Installation(str(identity), first_start)
    if identity == NO_ID:
        identity = uuid.uuid4()
    made = Installation(str(identity), first_start or nanoseconds(clock.now()))
    _write(path, {"uuid": made.id, "first_start": made.first_start})
    return made


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as error:
        reason = system_text(error)
        raise StoreError(f"Beat meta file reading error: {path}: {reason}") from error
    if not text.strip():
        return {}
    try:
        known = json.loads(text)
    except ValueError as error:
        raise StoreError(f"Beat meta file reading error: {path}: {error}") from error
    return cast("dict[str, Any]", known) if isinstance(known, dict) else {}


def _write(path: Path, content: dict[str, str]) -> None:
    """Replace the file in one step, on the disk before its name is."""
    draft = path.with_name(path.name + ".new")
    try:
        with draft.open("w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        text = f"meta file {path} cannot be written: {system_text(error)}"
        raise StoreError(text) from error

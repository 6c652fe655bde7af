"""Noticing that files may have changed: told by the kernel, or seen by looking.

Owns the fingerprint of a set of files and the notices of the kernel. Must not know what
is in the files.

A notice is only a hint to look. Some changes come without one (a single file mounted
into a container, network file systems, no inotify at all), so whoever watches looks now
and then anyway; what counts is the fingerprint, taken over contents, not over times,
which copies and mounts keep.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
from glob import glob, has_magic
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Self

from heartbeat.config.files import matching_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

IN_ATTRIB = 0x4
IN_CLOSE_WRITE = 0x8
IN_MOVED_FROM = 0x40
IN_MOVED_TO = 0x80
IN_CREATE = 0x100
IN_DELETE = 0x200
IN_ONLYDIR = 0x01000000
MASK = (
    IN_ATTRIB
    | IN_CLOSE_WRITE
    | IN_MOVED_FROM
    | IN_MOVED_TO
    | IN_CREATE
    | IN_DELETE
    | IN_ONLYDIR
)
"""Changes that are complete: no notice comes while a file is being written."""

DRAIN_BYTES = 64 * 1024


def fingerprint(pattern: str) -> bytes:
    """Return what changes with any file that matches: name, owner, mode, content.

    Reads all of them; may be called in any thread.
    """
    found = blake2b(digest_size=16)
    for path in matching_files(pattern):
        for part in (os.fsencode(path), *_content(path)):
            found.update(len(part).to_bytes(8, "big") + part)
    return found.digest()


def _content(path: str) -> tuple[bytes, ...]:
    try:
        with Path(path).open("rb") as file:
            status = os.fstat(file.fileno())
            access = f"{status.st_uid} {status.st_mode}"
            return access.encode(), file.read()
    except OSError as error:
        return (str(error.errno).encode(),)


def folders(pattern: str) -> list[str]:
    """Return the directories in which files that match may come and go."""
    folder = os.path.dirname(pattern) or os.curdir  # noqa: PTH120 - may hold wildcards
    return glob(folder) if has_magic(folder) else [folder]  # noqa: PTH207


class Notices:
    """Tells by inotify that something happened in directories; not what.

    Without inotify it never tells anything. To be used on a running loop.
    """

    def __init__(self, tell: Callable[[], object]) -> None:
        """Call `tell` on the loop whenever something happened."""
        self._tell = tell
        self._inotify = -1

    def __enter__(self) -> Self:
        library = ctypes.CDLL(None)
        if hasattr(library, "inotify_init1"):
            self._inotify = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._inotify >= 0:
            asyncio.get_running_loop().add_reader(self._inotify, self._read)
        return self

    def __exit__(self, *_: object) -> None:
        if self._inotify >= 0:
            asyncio.get_running_loop().remove_reader(self._inotify)
            os.close(self._inotify)
            self._inotify = -1

    def follow(self, directories: Iterable[str]) -> None:
        """Look after these directories; one that is looked after already is no harm.

        What cannot be followed (gone, no right to read it, too many watches) is left to
        whoever looks now and then.
        """
        if self._inotify < 0:
            return
        add_watch = ctypes.CDLL(None).inotify_add_watch
        for directory in directories:
            add_watch(self._inotify, os.fsencode(directory), MASK)

    def _read(self) -> None:
        os.read(self._inotify, DRAIN_BYTES)
        self._tell()

"""Configuration files on disk: whom they may belong to, and their bytes.

Owns reading them and the check of owner and mode. Must not know what is in them.
"""

from __future__ import annotations

import os
import stat
from glob import glob, has_magic
from pathlib import Path

from heartbeat.errors import ConfigError, Problem, system_text

MAX_BYTES = 16 * 1024 * 1024
"""The size of the largest file; ten thousand monitors need two of it."""

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def read_file(path: str, *, strict_permissions: bool) -> bytes:
    """Return the bytes of a file; raises `ConfigError` naming it."""
    try:
        with open(path, "rb", opener=_opened) as file:
            status = os.fstat(file.fileno())
            _check_kind(path, status)
            if strict_permissions:
                _check_permissions(path, status)
            return file.read(MAX_BYTES)
    except OSError as error:
        message = f"error loading config file: {system_text(error)}"
        raise ConfigError([Problem(message, file=path)]) from error


def _opened(path: str, flags: int) -> int:
    """Open without waiting for whoever may write to a pipe."""
    return os.open(path, flags | os.O_NONBLOCK)


def _check_kind(path: str, status: os.stat_result) -> None:
    message = ""
    if not stat.S_ISREG(status.st_mode):
        message = "it is no regular file"
    elif status.st_size > MAX_BYTES:
        message = f"it has {status.st_size} bytes, more than {MAX_BYTES}"
    if message:
        message = f"error loading config file: {message}"
        raise ConfigError([Problem(message, file=path)])


def _check_permissions(path: str, status: os.stat_result) -> None:
    user = os.geteuid()
    if status.st_uid not in {user, 0}:
        message = (
            f'config file ("{path}") must be owned by the user identifier'
            f" (uid={user}) or root"
        )
        raise ConfigError([Problem(message, file=path)])
    if status.st_mode & _WRITABLE_BY_OTHERS:
        message = (
            f'config file ("{path}") can only be writable by the owner but the'
            f' permissions are "{stat.filemode(status.st_mode)}" (to fix the'
            f" permissions use: 'chmod go-w {Path(path).absolute()}')"
        )
        raise ConfigError([Problem(message, file=path)])


def matching_files(pattern: str) -> list[str]:
    """Return the regular files a glob matches, in order of their names.

    Copies that editors keep beside a file (`a.yml~`, `#a.yml#`) are left out.
    """
    if not has_magic(pattern):
        return [pattern] if Path(pattern).is_file() else []
    found = (path for path in glob(pattern) if not _is_copy(path))  # noqa: PTH207 - text in, text out
    return sorted(path for path in found if Path(path).is_file())


def _is_copy(path: str) -> bool:
    return path.endswith("~") or Path(path).name.startswith("#")

"""Configuration files on disk: whom they may belong to, and their bytes.

Owns reading them and the check of owner and mode. Must not know what is in them.
"""

from __future__ import annotations

import os
import stat
from glob import glob, has_magic
from pathlib import Path

from heartbeat.errors import ConfigError, Problem, system_text

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def read_file(path: str, *, strict_permissions: bool) -> bytes:
    """Return the bytes of a file; raises `ConfigError` naming it."""
    try:
        with Path(path).open("rb") as file:
            if strict_permissions:
                _check_permissions(path, os.fstat(file.fileno()))
            return file.read()
    except OSError as error:
        message = f"error loading config file: {system_text(error)}"
        raise ConfigError([Problem(message, file=path)]) from error


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
    """Return the regular files a glob matches, in order of their names."""
    found = glob(pattern) if has_magic(pattern) else [pattern]  # noqa: PTH207 - text in, text out
    return sorted(path for path in found if Path(path).is_file())

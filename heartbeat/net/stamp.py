"""Whether a file has changed since it was looked at.

Owns what counts as a change. Must not know what the file holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def stamp(path: Path) -> object:
    """Return something that changes when the file does, None without a file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino

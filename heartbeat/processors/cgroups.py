"""Which container a process runs in, by its control groups.

Owns that. Must not know processors.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_ID: Final = re.compile(r"[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){4,}")


def container_of(pid: int, root: str = "/") -> str | None:
    """Return the id of the container a process runs in, None if it runs in none.

    `root` is where the file system of the machine is mounted.
    """
    file = Path(root) / "proc" / str(pid) / "cgroup"
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for line in text.splitlines():
        found = _ID.findall(line.rpartition(":")[2])
        if found:
            return str(found[-1])
    return None

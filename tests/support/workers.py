"""The processes of a heartbeat with several workers, as the system knows them.

Owns finding them. Must not know what a test does to them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.program import Program


def workers_of(program: Program) -> dict[str, int]:
    """Return the process ids of the workers by their names."""
    found: dict[str, int] = {}
    for process in children(program.process_id):
        variables = environment(process)
        if "HEARTBEAT_WORKER" in variables:
            found[json.loads(variables["HEARTBEAT_WORKER"])["name"]] = process
    return found


def children(parent: int) -> list[int]:
    """Return the processes that a process has started."""
    return [
        int(word) for word in read(f"/proc/{parent}/task/{parent}/children").split()
    ]


def environment(process: int) -> dict[str, str]:
    """Return the variables a process was started with."""
    pairs = (p.partition("=") for p in read(f"/proc/{process}/environ").split("\0"))
    return {name: value for name, _, value in pairs}


def read(path: str) -> str:
    """Return what a file of the system tells, nothing of a process that has gone."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""

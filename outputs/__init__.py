"""The table of outputs: the name in `output.<name>` and where it is built.

Owns the table and the import on first use, so that an output nobody enabled costs
nothing. Third parties add entries in the entry-point group `heartbeat.outputs`.
Must not know what an output does.
"""

from __future__ import annotations

TABLE = {
    "console": "heartbeat.outputs.console:build",
    "file": "heartbeat.outputs.file:build",
    "elasticsearch": "heartbeat.outputs.elasticsearch:build",
}

"""Check what `heartbeat run --once` made of heartbeat.yml: documents and exit code.

Arguments: the file of documents, the exit code. There is one document for each monitor,
and all are up, but for the ping where this process may not send one. The exit code is 0
if all are up, else 1.
"""

import json
import os
import sys
from pathlib import Path

EXPECTED = {"loopback-ping", "endpoint-port", "endpoint-health"}
PING = "loopback-ping"
PING_GROUPS = Path("/proc/sys/net/ipv4/ping_group_range")


def may_ping() -> bool:
    """Return whether the machine lets this process send a ping."""
    first, last = map(int, PING_GROUPS.read_text(encoding="ascii").split())
    groups = {os.getegid(), *os.getgroups()}
    return os.geteuid() == 0 or any(first <= group <= last for group in groups)


def main() -> None:
    """Compare the documents with what is expected; exit with a text on a difference."""
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    statuses = {
        document["monitor"]["id"]: document["monitor"]["status"]
        for document in map(json.loads, lines)
    }
    print(f"{len(lines)} documents: {statuses}")
    if len(lines) != len(EXPECTED) or set(statuses) != EXPECTED:
        sys.exit(f"expected one document for each of {sorted(EXPECTED)}")
    must_be_up = EXPECTED if may_ping() else EXPECTED - {PING}
    if down := sorted(name for name in must_be_up if statuses[name] != "up"):
        sys.exit(f"expected to be up: {down}")
    expected = 0 if set(statuses.values()) == {"up"} else 1
    if int(sys.argv[2]) != expected:
        sys.exit(f"expected exit code {expected}, got {sys.argv[2]}")


if __name__ == "__main__":
    main()

"""How heartbeat grows: `python bench/scale.py [MONITORS ...]`.

Runs 1,000, 10,000 and 50,000 TCP, HTTP and ICMP monitors, a third each, at the same
500 checks a second, so that the number of monitors is all that differs. Prints for each
how long it takes to get going, memory for each monitor, CPU for each check and how late
checks begin.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from beat import Load, beating, sinking
from compare import prepared
from lab import in_private_network

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE = 500
COUNTS = (1_000, 10_000, 50_000)
SECONDS = 10.0
KIB = 1024
EMPTY_MB = 60.0
"""About what the process takes without monitors; `footprint.py` has it exactly."""


def row(count: int) -> str:
    """Return the line about so many monitors."""
    every = max(count // RATE, 1)
    began = time.monotonic()
    with beating(Load("mixed", count, f"{every}s")) as beat:
        ready = time.monotonic() - began
        beat.await_documents(beat.shipped() + count)
        spans = [beat.measure(SECONDS) for _ in range(2)]
        late = beat.stats()["heartbeat"]["scheduler"]["lateness"]
        memory = (beat.memory() - EMPTY_MB) * KIB / count
    micros = min(span.micros(documents) for span, documents in spans)
    return (
        f"| {count:,} every {every} s | {ready:.1f} s | {memory:.1f} KiB |"
        f" {micros:.0f} µs | {late['p50']['us'] / 1000:.1f} ms |"
        f" {late['p99']['us'] / 1000:.1f} ms |"
    )


def rows(counts: list[int]) -> Iterator[str]:
    """Yield the table."""
    yield "| monitors | exec to running | each takes | CPU a check | late p50 | p99 |"
    yield "|---|---|---|---|---|---|"
    for count in counts:
        yield row(count)


def main() -> None:
    """Measure and print."""
    in_private_network([sys.executable, *sys.argv])
    counts = [int(word) for word in sys.argv[1:]] or list(COUNTS)
    with prepared(), sinking():
        for line in rows(counts):
            print(line, flush=True)


if __name__ == "__main__":
    main()

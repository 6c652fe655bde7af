"""What documents say of targets that answer at once, however much else is to be done.

    python bench/durations.py [RATE ...]

For each kind of check and each rate (100 and 1,000 a second, every monitor once a
second) heartbeat runs in a process of its own for ten seconds. Shown: what half, 90 and
99 percent of the documents of the last five have as `monitor.duration.us`. All targets
are on this machine, and answer within a tenth of a millisecond unless many ask at once.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

from beat import ENDPOINT, Load, beating
from compare import prepared
from lab import in_private_network

KINDS = ("tcp", "icmp", "http")
RATES = (100, 1000)
SECONDS = 10
LAST = 5
QUANTILES = (0.5, 0.9, 0.99)


def durations(load: Load) -> list[int]:
    """Return the last durations of a run, in microseconds, the shortest first."""
    monitors = load.configuration().partition("heartbeat.monitors:")[2]
    with tempfile.TemporaryDirectory() as name:
        text = (
            f"output.file: {{path: {name}, rotate_every_kb: 1000000}}\n"
            f"http: {{enabled: true, port: {ENDPOINT}}}\n"
            f"heartbeat.monitors:{monitors}"
        )
        with beating(text):
            time.sleep(SECONDS)
        lines = [
            line
            for written in sorted(Path(name).iterdir())
            for line in written.read_bytes().splitlines()
        ]
    last = map(json.loads, lines[-LAST * load.monitors :])
    return sorted(document["monitor"]["duration"]["us"] for document in last)


def main() -> None:
    """Measure and print a table."""
    in_private_network([sys.executable, *sys.argv])
    rates = [int(rate) for rate in sys.argv[1:]] or RATES
    print("| checks | a second | p50, µs | p90 | p99 |\n|---|---|---|---|---|")
    with prepared() as ground:
        for kind, rate in product(KINDS, rates):
            found = durations(Load(kind, rate, authorities=str(ground.authorities)))
            shown = (f"{found[int(len(found) * q)]:,}" for q in QUANTILES)
            print(f"| {kind} | {rate:,} | {' | '.join(shown)} |", flush=True)


if __name__ == "__main__":
    main()

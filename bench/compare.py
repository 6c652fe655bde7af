"""What a check costs, side by side with others: `python bench/compare.py [--quick]`.

Runs heartbeat's own process on its full path (check, state, event, store, compression,
bulk request into a local sink) and the peers that are installed, in turns, on the same
targets in a network namespace of their own. Prints a table and writes `compare.json`.

Microseconds of CPU, user and system, for each check; all threads of the process count,
the targets and whoever asks a peer do not. Every figure is the median of its rounds,
scaled to one speed of the core (`lab.py`). `BENCH_PYTHON` names another interpreter to
run heartbeat with.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from beat import INTERPRETER, Load, beating, sinking
from lab import in_private_network
from peers import SAME_RATE, Ground, is_there, known, versions
from targets import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RATES = {"tcp": 1000, "http": 1000, "icmp": 1000, "https": 200, "https-ecdsa": 200}
"""Checks a second; heartbeat has a monitor for each, once a second."""

BUDGET = {
    "tcp": (0.25, 0.17),
    "http": (0.25, 0.20),
    "https": (0.85, 0.70),
    "https-ecdsa": (0.85, 0.70),
    "icmp": (0.125, 0.07),
}
"""The ratio to blackbox_exporter that must be, and the one beyond."""

OURS = "heartbeat"
QUICK = (OURS, SAME_RATE)


@dataclass(frozen=True, slots=True)
class Effort:
    """How thorough a run is."""

    rounds: int
    windows: int
    seconds: float
    names: Sequence[str] = ()

    def wants(self, name: str) -> bool:
        """Say whether a program takes part."""
        return not self.names or name in self.names


FULL = Effort(rounds=3, windows=2, seconds=4.0)
SHORT = Effort(rounds=1, windows=3, seconds=2.0, names=QUICK)


def ours(kind: str, ground: Ground, effort: Effort) -> list[float]:
    """Return what heartbeat spends on a check, window by window."""
    rate = RATES[kind]
    load = Load(kind, rate, authorities=str(ground.authorities))
    with sinking(), beating(load) as beat:
        beat.await_documents(rate * 3)
        windows = [beat.measure(effort.seconds) for _ in range(effort.windows)]
    return [span.micros(documents) for span, documents in windows]


def measure(kinds: Sequence[str], effort: Effort) -> dict[str, dict[str, list[float]]]:
    """Return the figures of all programs for each kind of check."""
    peers = known(RATES)
    figures: dict[str, dict[str, list[float]]] = {kind: {} for kind in kinds}
    with prepared() as ground:
        for turn, kind in product(range(effort.rounds), kinds):
            print(f"round {turn + 1}: {kind}", file=sys.stderr, flush=True)
            row = figures[kind]
            row.setdefault(OURS, []).extend(ours(kind, ground, effort))
            for name, peer in peers[kind].items():
                if effort.wants(name) and is_there(name):
                    row.setdefault(name, []).append(peer(ground))
    return figures


@contextmanager
def prepared() -> Iterator[Ground]:
    """Run the targets in a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="heartbeat-bench-") as name:
        folder = Path(name)
        with serving(folder) as authorities:
            yield Ground(folder, authorities)


def table(figures: dict[str, dict[str, list[float]]]) -> Iterator[str]:
    """Yield the lines of the table in Markdown."""
    yield "| check | program | µs CPU a check (lowest to highest) | heartbeat is at |"
    yield "|---|---|---|---|"
    for kind, row in figures.items():
        mine = median(row[OURS])
        for name, values in row.items():
            spread = f"{min(values):,.0f} to {max(values):,.0f}"
            ratio = "" if name == OURS else f"{mine / median(values):.2f}"
            yield f"| {kind} | {name} | {median(values):,.0f} ({spread}) | {ratio} |"


def verdicts(figures: dict[str, dict[str, list[float]]]) -> Iterator[str]:
    """Yield the lines of the table that sets the figures against the budget."""
    yield "| check | of blackbox_exporter at the same rate | must | stretch | |"
    yield "|---|---|---|---|---|"
    for kind, row in figures.items():
        if SAME_RATE not in row:
            continue
        ratio = median(row[OURS]) / median(row[SAME_RATE])
        must, stretch = BUDGET[kind]
        verdict = "missed" if ratio > must else "met"
        if ratio <= stretch:
            verdict = "stretch met"
        yield f"| {kind} | {ratio:.2f} | {must} | {stretch} | {verdict} |"


def machine() -> dict[str, str]:
    """Return what the figures depend on beside the programs."""
    ask = "import platform, ssl; print(platform.python_version(), ssl.OPENSSL_VERSION)"
    told = subprocess.run(
        [INTERPRETER, "-c", ask], check=True, capture_output=True, text=True
    )
    python, _, openssl = told.stdout.strip().partition(" ")
    return {
        "python": python,
        "openssl of python": openssl,
        "kernel": platform.release(),
        **versions(),
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under two minutes")
    parser.add_argument("--kinds", default=",".join(RATES), help="which checks")
    parser.add_argument("--json", default="", help="where to write all figures")
    asked = parser.parse_args()
    in_private_network([sys.executable, *sys.argv])
    figures = measure(asked.kinds.split(","), SHORT if asked.quick else FULL)
    facts = machine()
    print("\n".join([*table(figures), "", *verdicts(figures), ""]))
    print(", ".join(f"{name} {value}" for name, value in facts.items()))
    if asked.json:
        text = json.dumps(
            {"machine": facts, "rates": RATES, "micros": figures}, indent=1
        )
        Path(asked.json).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

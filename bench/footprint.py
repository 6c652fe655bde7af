"""What heartbeat takes before it does much: memory and start.

    python bench/footprint.py

Prints resident memory of the process without monitors, for each of 10,000 idle ones and
for each of 2,000 HTTPS checks that hang; then how long it takes from exec to the first
check and the first document of ten monitors, to the version, and to the verdict on a
configuration of 10,000 monitors.
"""

from __future__ import annotations

import compileall
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from beat import Load, beating, sinking
from compare import prepared
from lab import in_private_network

import heartbeat

if TYPE_CHECKING:
    from collections.abc import Iterator


KIB = 1024
ROUNDS = 5
IDLE = Load("mixed", 10_000, "24h")
HANGING = 2_000
QUIET_SECONDS = 15.0


def memory() -> Iterator[str]:
    """Yield the rows about resident memory."""
    with sinking():
        empty = settled(replace(IDLE, monitors=1))
        yield f"| memory with one monitor | {empty:.1f} MiB |"
        idle = settled(IDLE)
        each = (idle - empty) * KIB / IDLE.monitors
        yield f"| for each of {IDLE.monitors:,} idle monitors | {each:.1f} KiB |"
        hanging = settled(Load("silent", HANGING, "60s"))
        before = settled(Load("refused", HANGING, "60s"))
        each = (hanging - before) * KIB / HANGING
        yield f"| for each of {HANGING:,} hanging HTTPS checks | {each:.1f} KiB |"


def settled(load: Load) -> float:
    """Return resident memory once all monitors of a load have begun."""
    with beating(load) as beat:
        time.sleep(QUIET_SECONDS)
        return beat.memory()


def start() -> Iterator[str]:
    """Yield the rows about starting."""
    # As an installation has it: without byte-code a start takes half as long again.
    package = Path(heartbeat.__file__).parent
    for part in (package, *filter(Path.is_symlink, package.iterdir())):
        compileall.compile_dir(part.resolve(), quiet=1)
    with sinking(), tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        begun, told = zip(
            *(first(home / str(turn)) for turn in range(ROUNDS)), strict=True
        )
        yield f"| exec to the first check of ten monitors | {median(begun):.2f} s |"
        yield f"| exec to the first document in a file | {median(told):.2f} s |"
        yield f"| `heartbeat version` | {timed('version'):.2f} s |"
        file = home / "large.yml"
        file.write_text(IDLE.configuration(), encoding="utf-8")
        file.chmod(0o600)
        took = timed("test", "config", "-c", str(file), "--path.home", folder)
        yield f"| `heartbeat test config`, {IDLE.monitors:,} monitors | {took:.2f} s |"


def first(home: Path) -> tuple[float, float]:
    """Return the seconds from exec to the first check, and to its document."""
    home.mkdir()
    file = home / "heartbeat.yml"
    text = Load("tcp", 10, "60s").configuration().split("heartbeat.monitors:")[1]
    file.write_text(
        f"output.file: {{path: {home}/out}}\nheartbeat.monitors:{text}",
        encoding="utf-8",
    )
    file.chmod(0o600)
    began = time.time()
    process = subprocess.Popen(
        [sys.executable, "-m", "heartbeat", "-c", str(file), "--path.home", str(home)],
        stderr=subprocess.DEVNULL,
    )
    try:
        while not (lines := _lines(home / "out")):
            time.sleep(0.005)
        told = time.time() - began
    finally:
        process.terminate()
        process.wait()
    document = json.loads(lines[0])
    at = datetime.fromisoformat(document["@timestamp"]).timestamp()
    return at - document["monitor"]["duration"]["us"] / 1e6 - began, told


def _lines(folder: Path) -> list[bytes]:
    files = sorted(folder.glob("*")) if folder.is_dir() else []
    return files[0].read_bytes().splitlines() if files else []


def timed(*words: str) -> float:
    """Return the seconds a command takes, at best."""
    best = 1e9
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "heartbeat", *words],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        best = min(best, time.perf_counter() - began)
    return best


def main() -> None:
    """Measure and print."""
    in_private_network([sys.executable, *sys.argv])
    print("| what | figure |\n|---|---|")
    with prepared():
        for row in chain(start(), memory()):
            print(row, flush=True)


if __name__ == "__main__":
    main()

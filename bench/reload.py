"""Reload under load: does anybody notice?

2,000 TCP monitors in 400 files run in a process of their own; then 100 files change,
again and again. Shown: whether any monitor that was not touched missed a tick or ran
twice, how long a reload takes to be picked up, and what the memory does.

    python bench/reload.py [ROUNDS]
"""

from __future__ import annotations

import asyncio
import collections
import json
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

FILES, EACH, CHANGED, EVERY = 400, 5, 100, 5
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 50


def write(folder: Path, file: int, generation: int, port: int) -> None:
    """Write one file of monitors, whole at once as a careful editor does."""
    lines = [
        f"- {{type: tcp, id: m{file}-{n}, name: g{generation},"
        f" schedule: '@every {EVERY}s', hosts: ['127.0.0.1:{port}']}}\n"
        for n in range(EACH)
    ]
    draft = folder / f".{file}.new"
    draft.write_text("".join(lines))
    draft.replace(folder / f"{file}.yml")


def memory(pid: int) -> float:
    """Return resident memory in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def documents(home: Path) -> list[dict[str, dict[str, str]]]:
    """Return every document the process wrote."""
    files = sorted((home / "out").glob("*.ndjson"))
    return [json.loads(x) for f in files for x in f.read_text().splitlines()]


class Silent(asyncio.Protocol):
    """Takes a connection and says nothing."""


async def listen() -> asyncio.Server:
    """Return a server that takes every connection."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(Silent, "127.0.0.1", 0, backlog=1024)


async def main() -> None:
    """Run the rounds and print what came out."""
    server = await listen()
    port = server.sockets[0].getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "monitors.d").mkdir()
        for file in range(FILES):
            write(home / "monitors.d", file, 0, port)
        (home / "heartbeat.yml").write_text(
            f"output.file: {{path: {home}/out, rotate_every_kb: 1000000}}\n"
            "heartbeat.config.monitors: {path: monitors.d/*.yml,"
            " reload: {enabled: true, period: 1s}}\n"
        )
        process = start(home)
        try:
            await rounds(home, process.pid, port)
        finally:
            process.terminate()
            process.wait()
        report(home)


def start(home: Path) -> subprocess.Popen[bytes]:
    """Start heartbeat on the folder."""
    command = [sys.executable, "-m", "heartbeat", "-e", "--strict.perms=false"]
    paths = ["--path.home", str(home), "-c", "heartbeat.yml"]
    with (home / "log").open("wb") as log:
        return subprocess.Popen(
            [*command, *paths], stderr=log, cwd=Path(__file__).parents[1]
        )


async def rounds(home: Path, pid: int, port: int) -> None:
    """Change the first files round after round, once all monitors have run."""
    await asyncio.sleep(15)
    print(f"before: {memory(pid):.1f} MB")
    for generation in range(1, ROUNDS + 1):
        for file in range(CHANGED):
            write(home / "monitors.d", file, generation, port)
        await asyncio.sleep(3)
        if generation % 10 == 0:
            print(f"after {generation} reloads: {memory(pid):.1f} MB")
    await asyncio.sleep(EVERY)


def report(home: Path) -> None:
    """Print how the ticks of the untouched monitors came."""
    ticks: dict[str, list[float]] = collections.defaultdict(list)
    generations: collections.Counter[str] = collections.Counter()
    for document in documents(home):
        monitor = document["monitor"]
        generations[monitor["name"]] += 1
        if int(monitor["id"][1:].split("-")[0]) >= CHANGED:
            moment = document["@timestamp"]
            second = time.mktime(time.strptime(str(moment)[:19], "%Y-%m-%dT%H:%M:%S"))
            ticks[monitor["id"]].append(second + float("0" + str(moment)[19:23]))
    # The first run is soon after the start, the others lie on the grid.
    gaps = [b - a for t in ticks.values() for a, b in pairwise(t[1:])]
    missed = sum(gap > 1.5 * EVERY for gap in gaps)
    twice = sum(gap < 0.5 * EVERY for gap in gaps)
    print(
        f"untouched: {len(ticks)} monitors, {len(gaps)} gaps, from {min(gaps):.3f}"
        f" to {max(gaps):.3f} s; missed {missed}, twice {twice}"
    )
    print(f"generations seen: {len(generations)} of {ROUNDS + 1}")
    log = (home / "log").read_text()
    errors = log.count('"log.level":"error"')
    print(f"errors logged: {errors}")


asyncio.run(main())

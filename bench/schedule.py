"""How punctual many monitors are, and what that costs.

    python bench/schedule.py [SECONDS [MONITORS]]

MONITORS (20,000) TCP monitors at intervals from 5 to 60 seconds run for SECONDS (120)
in a process of their own, everything included: queue on disk, states, documents into a
file. A warm-up for the first runs is not measured. Shown: how late checks began (p50,
p99, max of the last minute), ticks missed, how late the loop served its timer, how busy
the loop was, and for how long it was ready but had no processor, which is the
machine's doing and not ours.

Every monitor has an address of its own out of 127.0.0.0/8, all served by one listener:
closed connections keep their ports for a minute, and one address would soon have none
left. Descriptors are needed for checks under way only.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 120
MONITORS = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000  # noqa: PLR2004
WARM_UP = 25
"""Seconds: first runs are spread over ten, and the figures forget within a minute."""

SHARES = ((10, 5), (20, 10), (30, 30), (40, 60))
"""Percent of the monitors, and the interval of these in seconds."""

TICK = os.sysconf("SC_CLK_TCK")


def interval(number: int) -> int:
    """Return the interval of a monitor."""
    place, reached = number % 100, 0
    for share, seconds in SHARES:
        reached += share
        if place < reached:
            return seconds
    raise AssertionError(SHARES)


def address(number: int) -> str:
    """Return the address of a monitor's target."""
    high, low = divmod(number, 250)
    return f"127.{1 + high // 250}.{high % 250}.{1 + low}"


def serve(listener: socket.socket) -> None:
    """Accept and close what the other side has closed; to be killed in the end."""
    import asyncio  # noqa: PLC0415 - in a process of its own

    class Silent(asyncio.Protocol):
        """Takes a connection and says nothing."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Silent, sock=listener, backlog=4096)
        await server.serve_forever()

    try:
        from uvloop import run as uvloop_run  # noqa: PLC0415

        uvloop_run(run())
    except ImportError:
        asyncio.run(run())


def configure(home: Path, port: int, endpoint: int) -> None:
    """Write the configuration."""
    lines = [
        f"- {{type: tcp, id: m{n}, schedule: '@every {interval(n)}s', timeout: 5s,"
        f" hosts: ['{address(n)}:{port}']}}\n"
        for n in range(MONITORS)
    ]
    (home / "heartbeat.yml").write_text(
        f"output.file: {{path: {home}/out, rotate_every_kb: 1000000}}\n"
        f"http: {{enabled: true, host: 127.0.0.1, port: {endpoint}}}\n"
        "heartbeat.monitors:\n" + "".join(lines)
    )


@dataclass(frozen=True)
class Usage:
    """Seconds since the start of a process."""

    at: float
    loop: float
    process: float
    waited: float

    @classmethod
    def of(cls, pid: int) -> Usage:
        """Return what the main thread, which is the loop, and all threads used."""
        own = Path(f"/proc/{pid}/task/{pid}/stat").read_text().rpartition(")")[2]
        whole = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
        _, waited_ns, _ = Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()
        at = time.monotonic()
        return cls(at, _cpu(own), _cpu(whole), int(waited_ns) / 1e9)


def _cpu(stat: str) -> float:
    fields = stat.split()
    return (int(fields[11]) + int(fields[12])) / TICK


def stats(endpoint: int) -> dict[str, Any]:
    """Return the figures of the scheduler."""
    url = f"http://127.0.0.1:{endpoint}/stats"
    with urllib.request.urlopen(url, timeout=10) as answer:
        figures: dict[str, Any] = json.load(answer)
    scheduler: dict[str, Any] = figures["heartbeat"]["scheduler"]
    return scheduler


def report(before: dict[str, Any], after: dict[str, Any], used: list[Usage]) -> None:
    """Print the figures."""
    first, last = used
    seconds = last.at - first.at
    for name in ("lateness", "loop_lag"):
        figures = [f"{q} {after[name][q]['us'] / 1000:.2f}" for q in after[name]]
        print(f"{name}: {', '.join(figures)} ms")
    print(
        f"checks: {(after['due'] - before['due']) / seconds:.0f}/s, missed"
        f" {after['missed'] - before['missed']}, running {after['running']}"
    )
    print(
        f"loop busy {100 * (last.loop - first.loop) / seconds:.0f} %, process"
        f" {100 * (last.process - first.process) / seconds:.0f} %, ready without a"
        f" processor {100 * (last.waited - first.waited) / seconds:.0f} %"
    )


def count_down(home: Path) -> tuple[int, int]:
    """Return how many documents there are, and how many say down."""
    total = down = 0
    for file in (home / "out").glob("*.ndjson"):
        with file.open("rb") as lines:
            for line in lines:
                total += 1
                down += b'"status":"down"' in line
    return total, down


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    """Run and print what came out."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    listener = socket.create_server(("0.0.0.0", 0), backlog=4096)  # noqa: S104
    port = listener.getsockname()[1]
    target = multiprocessing.Process(target=serve, args=(listener,), daemon=True)
    target.start()
    endpoint = free_port()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        configure(home, port, endpoint)
        command = [sys.executable, "-m", "heartbeat", "-e", "--strict.perms=false"]
        paths = ["--path.home", folder, "-c", "heartbeat.yml"]
        with (home / "log").open("wb") as log:
            process = subprocess.Popen([*command, *paths], stderr=log)
        try:
            while b"is running!" not in (home / "log").read_bytes():
                time.sleep(0.1)
            time.sleep(WARM_UP)
            before, used = stats(endpoint), [Usage.of(process.pid)]
            time.sleep(SECONDS)
            used.append(Usage.of(process.pid))
            after = stats(endpoint)
        finally:
            process.terminate()
            process.wait()
            target.kill()
        total, down = count_down(home)
        print(f"{MONITORS} monitors, {SECONDS} s; {total} documents, {down} down")
        report(before, after, used)


if __name__ == "__main__":
    main()

"""What a second worker brings: checks in a saturated window, with one and with two.

    python bench/workers.py [SECONDS [ROUNDS [MONITORS]]]

MONITORS (12,000) TCP monitors at `@every 1s`, more than one process can check, run for
SECONDS (10) after a warm-up, with one worker and with two in turn, ROUNDS (3) times;
everything is included: schedule, state, document, queue on disk, delivery to
`output.discard`. The target is a closed port of the loopback device: the kernel
answers, so that no server takes part of the processors from the workers. Then one
worker is killed, and it is measured when it is ready again and when its first check
has been made.

The machine has to be quiet: two workers need two processors to themselves, and each
has a thread for its disk beside its loop.
"""

from __future__ import annotations

import os
import signal
import statistics
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from beat import ENDPOINT, SECONDS_TO_START, beating, fetch

if TYPE_CHECKING:
    from collections.abc import Generator

WARM_UP = 6.0
"""Seconds: first runs are spread over the interval, and a backlog has to build up."""

HEAD = """
output.discard.enabled: true
workers: {workers}
http: {{enabled: true, host: 127.0.0.1, port: {endpoint}}}
logging.metrics.enabled: false
heartbeat.monitors:
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """A window of measuring."""

    rate: float
    cpu: float
    lateness_ms: float


def configuration(workers: int, monitors: int) -> str:
    """Return the heartbeat.yml."""
    lines = [
        f"- {{type: tcp, id: m{n}, schedule: '@every 1s', hosts: ['127.0.0.1:1']}}\n"
        for n in range(monitors)
    ]
    return HEAD.format(workers=workers, endpoint=ENDPOINT) + "".join(lines)


def page(path: str) -> Any:
    """Return a page of the endpoint."""
    return fetch(ENDPOINT, path)


@contextmanager
def running(workers: int, monitors: int) -> Generator[None]:
    """Run heartbeat, from when every worker checks."""
    with beating(configuration(workers, monitors)):
        end = time.monotonic() + SECONDS_TO_START
        while not is_ready():
            if time.monotonic() > end:
                raise SystemExit("heartbeat was not ready in time")
            time.sleep(0.05)
        yield


def is_ready() -> bool:
    """Say whether every worker checks."""
    try:
        page("/ready")
    except OSError:
        return False
    return True


def checks(stats: Any) -> int:
    """Return how many checks have been made."""
    total: int = stats["libbeat"]["pipeline"]["events"]["total"]
    return total


def cpu(stats: Any) -> float:
    """Return the seconds of CPU the workers have used."""
    used: int = stats["beat"]["cpu"]["total"]["value"]
    return used / 1000


def measured(workers: int, monitors: int, seconds: float) -> Figures:
    """Return the figures of one run."""
    with running(workers, monitors):
        time.sleep(WARM_UP)
        before, began = page("/stats"), time.monotonic()
        time.sleep(seconds)
        after, ended = page("/stats"), time.monotonic()
    done = checks(after) - checks(before)
    return Figures(
        rate=done / (ended - began),
        cpu=(cpu(after) - cpu(before)) / done * 1e6,
        lateness_ms=after["heartbeat"]["scheduler"]["lateness"]["p99"]["us"] / 1000,
    )


def back_after_a_kill(monitors: int) -> tuple[float, float]:
    """Return the seconds until a killed worker is ready, and until its first check."""
    with running(2, monitors):
        time.sleep(2)
        worker = page("/stats")["workers"][1]
        began = time.monotonic()
        os.kill(worker["pid"], signal.SIGKILL)
        ready = 0.0
        while True:
            now = page("/stats")["workers"][1]
            if now["restarts"] and "scheduler" in now:
                ready = ready or time.monotonic() - began
                if now["scheduler"]["due"] > now["scheduler"]["running"]:
                    return ready, time.monotonic() - began
            time.sleep(0.01)


def main(seconds: float, rounds: int, monitors: int) -> None:
    """Print a line for each run, then the ratio and what a kill costs."""
    found: dict[int, list[Figures]] = {1: [], 2: []}
    for _ in range(rounds):
        for workers, runs in found.items():
            figures = measured(workers, monitors, seconds)
            runs.append(figures)
            print(
                f"{workers} workers: {figures.rate:7.0f} checks/s,"
                f" {figures.cpu:5.0f} us of CPU each,"
                f" lateness p99 {figures.lateness_ms:.0f} ms",
                flush=True,
            )
    one, two = (statistics.median(f.rate for f in runs) for runs in found.values())
    print(f"{two:.0f} / {one:.0f} checks/s = {two / one:.2f} times")
    for count in (100, 2000):
        ready, first = back_after_a_kill(count)
        print(
            f"{count} monitors, one worker of two killed: ready after {ready:.2f} s,"
            f" its first check is made after {first:.2f} s"
        )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [10, 3, 12_000][len(given) :]))

"""What every side-by-side bench needs: CPU of other processes, and how fast a core is.

Owns measuring. Must not know what is measured.

The speed of a shared virtual core wanders, so every figure stands between two runs of a
fixed piece of work and is scaled to what that took: figures of one run can then be
compared with each other, and it is only their ratios that mean something.
"""

from __future__ import annotations

import os
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

REFERENCE_MS = 2.4
"""What the fixed piece of work takes on the core that figures are scaled to."""

NANO = 1e9
MICRO = 1e6
MIB = 1024


def _fixed_work() -> bytes:
    number, parts = 12345, list[str]()
    for place in range(9000):
        number = (number * 1103515245 + 12345) & 0x7FFFFFFF
        parts.append(f'"m{number % 97}.{place % 7}":{number % 100003},')
    return "".join(parts).encode()


WORK = _fixed_work()


def calibrate() -> float:
    """Return the milliseconds of CPU that the fixed piece of work takes now."""
    began = time.thread_time()
    zlib.compress(WORK, 3)
    return (time.thread_time() - began) * 1000


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process, all its living threads included."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return total / NANO


def memory_mb(pid: int, what: str = "VmRSS") -> float:
    """Return resident memory in MiB, with `VmHWM` the most there ever was."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / MIB
    return 0.0


def addresses(count: int) -> list[str]:
    """Return so many different loopback addresses."""
    return [
        f"127.{1 + number // 64516}.{number // 254 % 254}.{number % 254 + 1}"
        for number in range(count)
    ]


@dataclass(slots=True)
class Span:
    """A stretch of time in which other processes are watched.

    `scale` turns CPU time into that of the reference core.
    """

    pids: tuple[int, ...]
    began: float = 0.0
    seconds: float = 0.0
    scale: float = 1.0
    spent: dict[int, float] = field(default_factory=dict[int, float])

    def begin(self) -> Span:
        """Note where the processes stand."""
        self.began = time.monotonic()
        self.spent = {pid: cpu_seconds(pid) for pid in self.pids}
        return self

    def wait(self, seconds: float) -> Span:
        """Let the time pass, looking at the speed of the core now and then; end."""
        speeds: list[float] = []
        while (left := self.began + seconds - time.monotonic()) > 0:
            time.sleep(min(left, 0.25))
            speeds.append(calibrate())
        return self.end(speeds or [calibrate()])

    def end(self, speeds: list[float]) -> Span:
        """Note what was spent, given some calibrations of the time between."""
        self.scale = REFERENCE_MS / median(speeds)
        self.seconds = time.monotonic() - self.began
        self.spent = {pid: cpu_seconds(pid) - cpu for pid, cpu in self.spent.items()}
        return self

    def micros(self, count: int, pid: int | None = None) -> float:
        """Return the scaled microseconds of CPU for each of `count`."""
        spent = sum(self.spent.values()) if pid is None else self.spent[pid]
        return spent * self.scale * MICRO / max(count, 1)


def in_private_network(argv: list[str]) -> None:
    """Go on in a network namespace where loopback is all there is.

    The targets listen on every address, and nothing else is to reach them. Returns at
    once if this process is in one already.
    """
    if os.environ.get("BENCH_PRIVATE") == "1":
        return
    as_root = [] if os.geteuid() == 0 else ["-r"]
    script = 'ip link set lo up && exec "$@"'
    command = ["unshare", *as_root, "-n", "sh", "-c", script, "bench", *argv]
    os.execvpe(command[0], command, {**os.environ, "BENCH_PRIVATE": "1"})

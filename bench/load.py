"""How long a large configuration takes to be read, validated and compared.

    python bench/load.py [MONITORS]

Loads MONITORS (10,000) from one file and from files of ten each, builds the checks of
all, and loads the files again to compare them with what runs. Prints seconds of CPU and
what the monitors add to memory.
"""

from __future__ import annotations

import gc
import sys
import tempfile
from pathlib import Path
from time import process_time

from heartbeat import monitors
from heartbeat.assembly import monitor_of
from heartbeat.clock import SystemClock
from heartbeat.config import Kinds, Request, Settings, load, load_monitor_files
from heartbeat.net import Network
from heartbeat.processors.base import ProcessorContext
from heartbeat.processors.sources import Sources
from heartbeat.reload.diff import compare

PER_FILE = 10
TARGETS = (
    "type: http\n  urls: ['http://host-{n}.example:8080/health']",
    "type: tcp\n  hosts: ['host-{n}.example:443']",
    "type: icmp\n  hosts: ['host-{n}.example']",
)


def monitor(number: int) -> str:
    """Return a monitor as people write it."""
    target = TARGETS[number % len(TARGETS)].format(n=number)
    return (
        f"- {target}\n  id: monitor-{number}\n  name: Monitor {number}\n"
        f"  schedule: '@every 60s'\n  timeout: 5s\n  tags: [bench, '{number % 7}']\n"
    )


def loaded(folder: Path, text: str) -> Settings:
    """Load a main file."""
    file = folder / "heartbeat.yml"
    file.write_text(text, encoding="utf-8")
    request = Request((str(file),), (), {"home": str(folder)}, environment={})
    return load(request, Kinds(monitors.names()), needs_output=False)


def resident() -> int:
    """Return the resident memory of the process in KiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


def build(settings: Settings) -> float:
    """Build the checks of all monitors; return how long that took."""
    context = ProcessorContext(Network(SystemClock()), Sources())
    start = process_time()
    built = [monitor_of(spec, context) for spec in settings.monitors]
    seconds = process_time() - start
    assert not any(monitor.problems for monitor in built)  # noqa: S101 - a bench's check
    return seconds


def main(count: int) -> None:
    """Print a line for each step."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = resident()
        start = process_time()
        texts = "".join(map(monitor, range(count)))
        settings = loaded(folder, f"heartbeat.monitors:\n{texts}")
        print(f"one file: load {process_time() - start:.2f} s", end=", ")
        print(f"build {build(settings):.2f} s", end=", ")
        gc.collect()
        print(f"{(resident() - before) / count:.1f} KiB a monitor in memory")
        del settings

        (folder / "monitors.d").mkdir()
        for first in range(0, count, PER_FILE):
            text = "".join(map(monitor, range(first, first + PER_FILE)))
            (folder / f"monitors.d/{first}.yml").write_text(text, encoding="utf-8")
        start = process_time()
        settings = loaded(folder, "heartbeat.config.monitors.path: monitors.d/*.yml\n")
        print(
            f"{count // PER_FILE} files: load {process_time() - start:.2f} s", end=", "
        )
        assert settings.source is not None  # noqa: S101 - the path is set
        start = process_time()
        running = {spec.id: spec.digest for spec in settings.monitors}
        again = load_monitor_files(settings.source)
        changes = compare(running, again.monitors)
        print(
            f"load again and compare {process_time() - start:.2f} s: {bool(changes)=}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)

"""What reading very many monitors again does to those that run.

    python bench/reread.py [MONITORS]

MONITORS (20,000) TCP monitors at intervals from 5 to 60 seconds stand in 200 files. One
of the files changes, and a minute later all of them do. Shown for each change: how late
checks began meanwhile (p99 and max), how late the loop served its timer, the ticks that
were missed, and the seconds of CPU beyond what checks take anyway.
"""

from __future__ import annotations

import multiprocessing
import socket
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beat import ENDPOINT, Beat, beating
from schedule import Usage, address, interval, serve

from heartbeat.process import raise_file_limit

MONITORS = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
FILES = 200
FORGOTTEN = 65
"""Seconds after which the figures know nothing of what was before."""
ENOUGH = 25
"""Seconds in which a change is noticed, read and followed."""


def write(home: Path, file: int, port: int, generation: int) -> None:
    """Write one file of monitors, whole at once as a careful editor does."""
    each = MONITORS // FILES
    lines = [
        f"- {{type: tcp, id: m{n}, name: g{generation}, timeout: 5s,"
        f" schedule: '@every {interval(n)}s', hosts: ['{address(n)}:{port}']}}\n"
        for n in range(file * each, (file + 1) * each)
    ]
    draft = home / "monitors.d" / f".{file}.new"
    draft.write_text("".join(lines))
    draft.replace(home / "monitors.d" / f"{file}.yml")


def configuration(home: Path) -> str:
    """Return the heartbeat.yml."""
    return (
        f"output.file: {{path: {home}/out, rotate_every_kb: 1000000}}\n"
        f"http: {{enabled: true, port: {ENDPOINT}}}\n"
        f"heartbeat.config.monitors: {{path: {home}/monitors.d/*.yml,"
        " reload: {enabled: true, period: 2s}}\n"
    )


def milliseconds(figures: dict[str, Any], quantile: str) -> str:
    """Return one of the figures of the scheduler."""
    return f"{figures[quantile]['us'] / 1000:.0f} ms"


@dataclass(frozen=True)
class Subject:
    """A heartbeat under observation, and where its files lie."""

    home: Path
    port: int
    beat: Beat

    def followed(self, changed: int, generation: int) -> str:
        """Change so many files; return the row that tells what that did."""
        rest = Usage.of(self.beat.pid)
        time.sleep(FORGOTTEN)
        before, began = self.schedule(), Usage.of(self.beat.pid)
        for file in range(changed):
            write(self.home, file, self.port, generation)
        time.sleep(ENOUGH)
        after, ended = self.schedule(), Usage.of(self.beat.pid)
        usual = (began.process - rest.process) / (began.at - rest.at)
        beside = ended.process - began.process - usual * (ended.at - began.at)
        late, lag = after["lateness"], after["loop_lag"]
        return (
            f"| {changed} of {FILES}"
            f" | {milliseconds(late, 'p99')}, {milliseconds(late, 'max')}"
            f" | {milliseconds(lag, 'p99')}, {milliseconds(lag, 'max')}"
            f" | {after['missed'] - before['missed']} | {beside:.1f} s |"
        )

    def schedule(self) -> dict[str, Any]:
        """Return the figures of the scheduler."""
        figures: dict[str, Any] = self.beat.stats()["heartbeat"]["scheduler"]
        return figures


def main() -> None:
    """Run and print a table."""
    raise_file_limit()
    listener = socket.create_server(("0.0.0.0", 0), backlog=4096)  # noqa: S104
    port = listener.getsockname()[1]
    target = multiprocessing.Process(target=serve, args=(listener,), daemon=True)
    target.start()
    print("| changed files | late p99, max | lag p99, max | missed | CPU beside |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "monitors.d").mkdir()
        for file in range(FILES):
            write(home, file, port, 0)
        with beating(configuration(home)) as beat:
            subject = Subject(home, port, beat)
            for generation, changed in enumerate((1, FILES), 1):
                print(subject.followed(changed, generation), flush=True)
    target.kill()


if __name__ == "__main__":
    main()

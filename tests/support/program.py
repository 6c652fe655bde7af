"""heartbeat as a process of its own, started and stopped as an operator would.

Owns the process, its directory and what it printed. Must not know what a test expects.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 15.0
"""Seconds after which a thing that should have happened counts as missing."""


def until(condition: Callable[[], Any], what: str) -> Any:
    """Return what `condition` returns as soon as it is true; fail when it never is.

    The only place of the tests that watches a clock: another process is waited for, and
    it gives no other sign.
    """
    end = time.monotonic() + PATIENCE  # noqa: TID251 - waits for another process
    while not (found := condition()):
        if time.monotonic() > end:  # noqa: TID251
            raise AssertionError(f"waited {PATIENCE:g} s in vain for {what}")
        time.sleep(0.02)
    return found


def runs(process: int) -> bool:
    """Tell whether a process, which need not be ours, is alive."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


class Program:
    """One `heartbeat` with a directory of its own."""

    def __init__(self, home: Path, config: str, *arguments: str) -> None:
        """Write the configuration; start nothing yet."""
        self.home = home
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        home.mkdir(parents=True, exist_ok=True)
        (home / "heartbeat.yml").write_text(config, encoding="utf-8")
        (home / "heartbeat.yml").chmod(0o600)

    @property
    def command(self) -> list[str]:
        """Return the command line."""
        return [
            *(sys.executable, "-m", "heartbeat", "-e"),
            *("-c", "heartbeat.yml", "--path.home", str(self.home)),
            *self._arguments,
        ]

    @property
    def process_id(self) -> int:
        """Return the id of its process."""
        if self._process is None:
            raise AssertionError("it was never started")
        return self._process.pid

    def finished(self, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run to the end; return exit code and output."""
        return subprocess.run(  # noqa: S603 - our own program
            self.command,
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    @contextlib.contextmanager
    def running(self) -> Generator[Program]:
        """Start; kill it in the end if it still runs."""
        with (
            (self.home / "stdout").open("ab") as out,
            (self.home / "stderr").open("ab") as err,
        ):
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                self.command, cwd=ROOT, stdout=out, stderr=err
            )
        try:
            yield self
        finally:
            self.kill()

    def kill(self, after: float = 0.0) -> None:
        """End it with SIGKILL, as a crash would, after so many seconds of life."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(after)
            self._process.kill()
            self._process.wait()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self._process is None:
            raise AssertionError("it was never started")
        self._process.send_signal(number)

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; return its exit code."""
        if self._process is None:
            raise AssertionError("it was never started")
        self._process.send_signal(with_signal)
        return self._process.wait(PATIENCE)

    def documents(self) -> list[dict[str, Any]]:
        """Return the documents printed so far by all runs, whole lines only."""
        text = (self.home / "stdout").read_text(encoding="utf-8")
        lines = text[: text.rfind("\n") + 1].splitlines()
        return [json.loads(line) for line in lines]

    def log(self) -> str:
        """Return what was logged so far by all runs."""
        return (self.home / "stderr").read_text(encoding="utf-8")

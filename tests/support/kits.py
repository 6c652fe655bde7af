"""Servers and networks of ready-made kits, for tests that need more than loopback.

Owns finding them: the environment says where they run, and what is not running is
skipped with one clear line. Must not know what is tested.

    HEARTBEAT_TEST_TARGETS   the run folder of the probe targets (web server, TLS ports,
                             proxies, hostile ports)
    HEARTBEAT_TEST_NETNS     the prefix of the network namespaces
    HEARTBEAT_TEST_LINE      the command that sets what their long line does
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.program import PATIENCE, ROOT, Program

if TYPE_CHECKING:
    from collections.abc import Mapping

TARGETS = "HEARTBEAT_TEST_TARGETS"
NETNS = "HEARTBEAT_TEST_NETNS"
LINE = "HEARTBEAT_TEST_LINE"
HOST = "127.0.0.1"
FIRST_HOSTILE = 60
"""The first hostile port is so many above the first of all."""


@dataclass(frozen=True, slots=True)
class Targets:
    """The probe targets: `hostile` has the ports that misbehave, by name."""

    folder: Path
    hostile: Mapping[str, int]

    @property
    def ca(self) -> str:
        """The file with the authority that signed the good certificates."""
        return str(self.folder / "certs" / "ca.pem")

    def port(self, offset: int) -> int:
        """Return a port of the web server or a proxy."""
        return min(self.hostile.values()) - FIRST_HOSTILE + offset


def running_targets() -> Targets:
    """Return the targets that run, or skip the test."""
    folder = Path(os.environ.get(TARGETS, ""))
    names = folder / "hostile.json"
    if not os.environ.get(TARGETS) or not names.is_file():
        pytest.skip(f"{TARGETS} names no folder of running targets")
    return Targets(folder, json.loads(names.read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True)
class Namespace:
    """The namespace of the monitoring host, with the odd networks around it."""

    prefix: str

    def documents(self, config: str, *, user: int = 0) -> list[dict[str, Any]]:
        """Run every monitor of a configuration once; return the documents.

        As a user other than root, without any privilege.
        """
        with tempfile.TemporaryDirectory() as folder:
            program = Program(Path(folder), config, "--once")
            for path in (program.home, program.home / "heartbeat.yml"):
                os.chown(path, user, user)
            ended = subprocess.run(  # noqa: S603 - our own program
                [*self._entering(user), *program.command],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
        assert ended.stdout, ended.stderr
        return [json.loads(line) for line in ended.stdout.splitlines()]

    def set_line(self, **settings: float | str) -> None:
        """Make the long line do this from now on, and nothing else.

        Of the settings `delay` is in milliseconds and `loss` in percent, one way, and
        `down` names the end whose packets are dropped. Skips the test where nobody said
        how.
        """
        command = os.environ.get(LINE, "")
        if not command:
            pytest.skip(f"{LINE} names no command that sets the long line")
        words = [f"{name}={value}" for name, value in settings.items()]
        subprocess.run([command, self.prefix, *words], check=True)  # noqa: S603 - a kit's

    def _entering(self, user: int) -> list[str]:
        enter = ["ip", "netns", "exec", f"{self.prefix}-mon"]
        if not user:
            return enter
        ids = [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        return [*enter, "setpriv", *ids]


def running_namespace() -> Namespace:
    """Return the namespace that is up, or skip the test."""
    prefix = os.environ.get(NETNS, "")
    if not prefix or not Path(f"/run/netns/{prefix}-mon").exists():
        pytest.skip(f"{NETNS} names no network namespaces that are up")
    return Namespace(prefix)

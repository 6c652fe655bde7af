"""A whole heartbeat process under measurement: its configuration, life and figures.

Owns one process on loopback targets that ships into `sink`. Must not know what the
figures are compared with.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import Span, addresses, memory_mb
from targets import HTTP, HTTPS_EC, HTTPS_RSA, TCP, await_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SINK, ENDPOINT = 18200, 18066
HERE = Path(__file__).parent
INTERPRETER = os.environ.get("BENCH_PYTHON", sys.executable)
"""What heartbeat is run with; the benches themselves may run with another."""
SECONDS_TO_START = 120.0

HEAD = """
output.elasticsearch.hosts: ["http://127.0.0.1:{sink}"]
setup.template.enabled: false
setup.ilm.enabled: false
http.enabled: true
http.port: {endpoint}
logging.level: info
{extra}
heartbeat.monitors:
"""


@dataclass(frozen=True, slots=True)
class Load:
    """So many monitors of a kind, each checked every so many seconds."""

    kind: str
    monitors: int
    every: str = "1s"
    authorities: str = ""
    extra: str = ""

    def configuration(self) -> str:
        """Return the heartbeat.yml."""
        head = HEAD.format(sink=SINK, endpoint=ENDPOINT, extra=self.extra)
        return head + "\n".join(self._monitors()) + "\n"

    def _monitors(self) -> Iterable[str]:
        for number, address in enumerate(addresses(self.monitors)):
            kind, target = self._target(self._kind_of(number), address)
            yield (
                f"- {{type: {kind}, id: m{number}, name: Monitor {number},"
                f" schedule: '@every {self.every}', {target}}}"
            )

    def _kind_of(self, number: int) -> str:
        mixed = ("tcp", "http", "icmp")
        return mixed[number % 3] if self.kind == "mixed" else self.kind

    def _target(self, kind: str, address: str) -> tuple[str, str]:
        trust = f"ssl.certificate_authorities: ['{self.authorities}']"
        rsa, ecdsa = (f"https://127.0.0.1:{port}/" for port in (HTTPS_RSA, HTTPS_EC))
        return {
            "tcp": ("tcp", f"hosts: ['{address}:{TCP}']"),
            "http": ("http", f"urls: ['http://{address}:{HTTP}/']"),
            "https": ("http", f"urls: ['{rsa}'], {trust}"),
            "https-ecdsa": ("http", f"urls: ['{ecdsa}'], {trust}"),
            "icmp": ("icmp", f"hosts: ['{address}']"),
            "silent": ("http", f"urls: ['https://{address}:{TCP}/'], timeout: 50s"),
            "refused": ("http", f"urls: ['https://{address}:9/'], timeout: 50s"),
        }[kind]


class Beat:
    """A running heartbeat, and what it has shipped so far."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Watch this process."""
        self.process = process

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        return self.process.pid

    def shipped(self) -> int:
        """Return how many documents the sink has got."""
        return int(fetch(SINK, "/count")["events"])

    def stats(self) -> dict[str, Any]:
        """Return what the endpoint tells."""
        return fetch(ENDPOINT, "/stats")

    def await_documents(self, count: int) -> None:
        """Return when so many documents were shipped."""
        until = time.monotonic() + SECONDS_TO_START
        while self.shipped() < count:
            if time.monotonic() > until or self.process.poll() is not None:
                raise RuntimeError("heartbeat does not ship documents")
            time.sleep(0.1)

    def measure(self, seconds: float) -> tuple[Span, int]:
        """Return what was spent in some seconds, and for how many documents."""
        before = self.shipped()
        span = Span((self.pid,)).begin().wait(seconds)
        return span, self.shipped() - before

    def memory(self) -> float:
        """Return resident memory in MiB."""
        return memory_mb(self.pid)


def fetch(port: int, path: str) -> dict[str, Any]:
    """Return the JSON at a path of a local server."""
    url = f"http://127.0.0.1:{port}{path}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return dict[str, Any](json.load(answer))


@contextmanager
def sinking() -> Iterator[None]:
    """Run the sink."""
    command = [sys.executable, str(HERE / "sink.py"), str(SINK)]
    process = subprocess.Popen(command)
    try:
        await_port(SINK)
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def beating(load: Load | str) -> Iterator[Beat]:
    """Run heartbeat on a load or a whole configuration; to be used while `sinking`."""
    with tempfile.TemporaryDirectory(prefix="heartbeat-bench-") as home:
        file = Path(home) / "heartbeat.yml"
        text = load if isinstance(load, str) else load.configuration()
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
        command = [INTERPRETER, "-m", "heartbeat", "-c", str(file)]
        process = subprocess.Popen(
            [*command, "--path.home", home],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            await_port(ENDPOINT, SECONDS_TO_START)
            yield Beat(process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)

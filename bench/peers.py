"""What others spend on the same checks: a table of programs, each run for a while.

Owns how each peer is driven and what of it counts. Must not know heartbeat.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import TYPE_CHECKING, TypeAlias

import aiohttp
from lab import MICRO, REFERENCE_MS, Span, addresses, calibrate
from targets import HTTP, HTTPS_EC, HTTPS_RSA, TCP, await_port

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

BLACKBOX_PORT = 18115
SPREAD = 4000
AT_ONCE = 16
SECONDS = 3
"""How long a peer is asked at its rate."""

SAME_RATE = "blackbox_exporter"
FLAT_OUT = "blackbox_exporter, flat out"
PLUGINS = "/usr/lib/nagios/plugins"

MODULES = """
modules:
  tcp: {{prober: tcp, timeout: 5s}}
  http: {{prober: http, timeout: 5s, http: {{preferred_ip_protocol: ip4}}}}
  https:
    prober: http
    timeout: 5s
    http: {{preferred_ip_protocol: ip4, tls_config: {{ca_file: {authorities}}}}}
  icmp: {{prober: icmp, timeout: 5s, icmp: {{preferred_ip_protocol: ip4}}}}
"""
TARGETS = {
    "tcp": ("tcp", f"{{host}}:{TCP}"),
    "http": ("http", f"http://{{host}}:{HTTP}/"),
    "https": ("https", f"https://127.0.0.1:{HTTPS_RSA}/"),
    "https-ecdsa": ("https", f"https://127.0.0.1:{HTTPS_EC}/"),
    "icmp": ("icmp", "{host}"),
}


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the peers run: the folder of the targets' things and their authorities."""

    folder: Path
    authorities: Path


Peer: TypeAlias = "Callable[[Ground], float]"
"""Runs once and returns the scaled microseconds of CPU for a check."""


def blackbox(kind: str, probes: int, rate: int = 0) -> Peer:
    """Return Prometheus' blackbox exporter, asked for so many probes a second.

    With no rate it is asked as fast as it answers, which is where it is cheapest. It
    runs on one thread, which suits it best; what the asking costs does not count.
    """
    module, pattern = TARGETS[kind]

    def measure(ground: Ground) -> float:
        modules = ground.folder / "blackbox.yml"
        modules.write_text(MODULES.format(authorities=ground.authorities))
        process = subprocess.Popen(
            [
                _program("prometheus-blackbox-exporter"),
                f"--config.file={modules}",
                f"--web.listen-address=127.0.0.1:{BLACKBOX_PORT}",
                "--log.level=error",
            ],
            env={**os.environ, "GOMAXPROCS": "1"},
            stderr=subprocess.DEVNULL,
        )
        try:
            await_port(BLACKBOX_PORT)
            hosts = cycle(addresses(SPREAD))
            paths = (
                f"/probe?module={module}&target={pattern.format(host=host)}"
                for host in hosts
            )
            asyncio.run(_ask([next(paths) for _ in range(AT_ONCE * 10)], rate))
            span = Span((process.pid,)).begin()
            speeds = asyncio.run(_ask([next(paths) for _ in range(probes)], rate))
            return span.end(speeds).micros(probes)
        finally:
            process.kill()
            process.wait()

    return measure


async def _ask(paths: Sequence[str], rate: int) -> list[float]:
    """Ask for all probes, each of which has to succeed; return some calibrations."""
    speeds = [calibrate()]
    left = iter(paths)
    began = time.monotonic()
    turns = count()

    async def lane(session: aiohttp.ClientSession) -> None:
        for path in left:
            turn = next(turns)
            if rate:
                due = began + turn / rate - time.monotonic()
                await asyncio.sleep(max(due, 0))
            async with session.get(path) as answer:
                if b"probe_success 1" not in await answer.read():
                    raise RuntimeError(f"{path} failed")
            if turn % max(len(paths) // 8, 1) == 0:
                speeds.append(calibrate())

    base = f"http://127.0.0.1:{BLACKBOX_PORT}"
    async with aiohttp.ClientSession(base) as session, asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(lane(session))
    return speeds


def floor(kind: str, times: int) -> Peer:
    """Return the lower bound in C."""
    port = {"tcp": [str(TCP)], "http": [str(HTTP)], "icmp": []}[kind]

    def measure(ground: Ground) -> float:
        command = [str(ground.folder / "floor"), kind, *port, str(times)]
        before = calibrate()
        told = subprocess.check_output(command, text=True)
        return float(told) * REFERENCE_MS * 2 / (before + calibrate())

    return measure


def s_time(port: int) -> Peer:
    """Return OpenSSL's own timer of full handshakes: connect, shake hands, close."""

    def measure(ground: Ground) -> float:
        address = ["-connect", f"127.0.0.1:{port}"]
        trust = ["-CAfile", str(ground.authorities), "-verify", "3"]
        command = ["openssl", "s_time", *address, "-new", "-time", "3", *trust]
        cpu, before = _children_cpu(), calibrate()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        spent, after = _children_cpu() - cpu, calibrate()
        made = re.search(r"(\d+) connections in [\d.]+s;", done.stdout)
        if made is None:
            raise RuntimeError(done.stdout + done.stderr)
        return spent * MICRO / int(made[1]) * REFERENCE_MS * 2 / (before + after)

    return measure


def spawned(command: Sequence[str], times: int = 100) -> Peer:
    """Return a program started for every check, the fork included."""

    def measure(ground: Ground) -> float:
        del ground
        hosts = addresses(times)
        cpu, before = _all_cpu(), calibrate()
        for host in hosts:
            words = [word.format(host=host) for word in command]
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        spent, after = _all_cpu() - cpu, calibrate()
        return spent * MICRO / times * REFERENCE_MS * 2 / (before + after)

    return measure


def fping(rounds: int, targets: int = 1000) -> Peer:
    """Return fping, as fast as it goes."""

    def measure(ground: Ground) -> float:
        del ground
        with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
            file.write("\n".join(addresses(targets)) + "\n")
            file.flush()
            command = ["fping", "-q", "-i", "0", "-p", "20", "-c", str(rounds)]
            cpu, before = _children_cpu(), calibrate()
            subprocess.run(
                [*command, "-f", file.name], check=True, stderr=subprocess.DEVNULL
            )
            spent, after = _children_cpu() - cpu, calibrate()
        return spent * MICRO / (rounds * targets) * REFERENCE_MS * 2 / (before + after)

    return measure


def plugin(name: str, *words: str) -> Sequence[str]:
    """Return the command of a monitoring plug-in on a target `{host}`."""
    return [f"{PLUGINS}/{name}", *words]


def known(rates: Mapping[str, int]) -> dict[str, dict[str, Peer]]:
    """Return the peers for each kind of check, by name, most telling first."""
    https = {"https": HTTPS_RSA, "https-ecdsa": HTTPS_EC}
    found: dict[str, dict[str, Peer]] = {}
    for kind, rate in rates.items():
        probes = rate * SECONDS
        found[kind] = {
            SAME_RATE: blackbox(kind, probes, rate),
            FLAT_OUT: blackbox(kind, probes),
        }
        if kind in https:
            found[kind]["openssl s_time"] = s_time(https[kind])
        else:
            found[kind]["C floor"] = floor(kind, 20_000)
    found["tcp"]["check_tcp"] = spawned(plugin("check_tcp", "-H{host}", f"-p{TCP}"))
    found["http"]["check_http"] = spawned(plugin("check_http", "-I{host}", f"-p{HTTP}"))
    found["icmp"]["check_icmp"] = spawned(plugin("check_icmp", "-n1", "{host}"))
    found["icmp"]["fping"] = fping(5)
    return found


def is_there(name: str) -> bool:
    """Say whether what a peer needs is installed."""
    programs = {
        SAME_RATE: "prometheus-blackbox-exporter",
        FLAT_OUT: "prometheus-blackbox-exporter",
        "openssl s_time": "openssl",
        "C floor": "cc",
    }
    program = programs.get(name, name)
    return shutil.which(program) is not None or Path(PLUGINS, program).exists()


def versions() -> dict[str, str]:
    """Return the versions of what is installed of the peers."""
    asked = {
        "blackbox_exporter": ["prometheus-blackbox-exporter", "--version"],
        "fping": ["fping", "--version"],
        "openssl": ["openssl", "version"],
        "nginx": ["/usr/sbin/nginx", "-v"],
        "check_http": [f"{PLUGINS}/check_http", "--version"],
    }
    return {
        name: found
        for name, command in asked.items()
        if shutil.which(command[0]) and (found := _version(command))
    }


def _version(command: Sequence[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    found = re.search(r"\d+\.[\d.]+\w*", done.stdout + done.stderr)
    return found[0] if found else ""


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is not installed")
    return found


def _children_cpu() -> float:
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _all_cpu() -> float:
    return _children_cpu() + time.process_time()

"""How far the reported round trips are from what the kernel saw.

    python bench/rtt.py [SECONDS [PROBES [HTTP ...]]]

For each rate of HTTP checks a second (0 and 500) heartbeat runs in a process of its own
for SECONDS (20), with PROBES (100) pings and as many TCP connects a second over
loopback beside them. Another process taps the loopback interface: the kernel stamps
what leaves and what arrives there. Shown: `icmp.rtt.us` minus the time from request to
reply, and `tcp.rtt.connect.us` minus the time from SYN to SYN/ACK, which is what
TCP_INFO has as the round trip of a fresh connection. The tap itself takes some
microseconds between its stamp and the wire. Needs CAP_NET_RAW.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import ctypes
import json
import multiprocessing
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

WARM_UP = 4.0
"""Seconds after the start that do not count: the first checks of all come at once."""

PINGED, CONNECTED = IPv4Address("127.64.0.0"), IPv4Address("127.65.0.0")
"""Where the targets of each kind begin; the HTTP target is elsewhere."""

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"

Stamps: TypeAlias = "dict[str, list[int]]"
"""When something passed, by the address of the target, in ns since the epoch."""


class Server(asyncio.Protocol):
    """Answers every request, and is silent to those who only connect."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self.transport = transport

    def data_received(self, _: bytes) -> None:
        """Answer and close."""
        assert isinstance(self.transport, asyncio.Transport)  # noqa: S101 - TCP is one
        self.transport.write(ANSWER)
        self.transport.close()


def serve(port: Connection) -> None:
    """Answer until killed; tell the port."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    async def listen() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Server, "0.0.0.0", 0, backlog=2048)  # noqa: S104
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(listen())


# Accepts IPv4 to and from the targets above, ICMP or with SYN set; see bpf(4), and
# linux/filter.h. Offsets count from the Ethernet header that loopback has, too.
_LOAD, _LOAD_BYTE, _AND, _IS, _ANY, _RETURN = 0x20, 0x30, 0x54, 0x15, 0x45, 0x06
FILTER = (
    (_LOAD, 0, 0, 30),
    (_AND, 0, 0, 0xFFFE0000),
    (_IS, 3, 0, int(PINGED)),
    (_LOAD, 0, 0, 26),
    (_AND, 0, 0, 0xFFFE0000),
    (_IS, 0, 5, int(PINGED)),
    (_LOAD_BYTE, 0, 0, 23),
    (_IS, 2, 0, socket.IPPROTO_ICMP),
    (_LOAD_BYTE, 0, 0, 47),
    (_ANY, 0, 1, 0x02),
    (_RETURN, 0, 0, 128),
    (_RETURN, 0, 0, 0),
)
_SO_ATTACH_FILTER, _SO_TIMESTAMPNS, _EVERY_PROTOCOL = 26, 35, 0x0003
_STAMP = struct.Struct("@ll")


def tap() -> socket.socket:
    """Return a socket that sees what passes the loopback interface."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    program = ctypes.create_string_buffer(
        b"".join(struct.pack("=HBBI", *step) for step in FILTER)
    )
    attached = struct.pack("@HP", len(FILTER), ctypes.addressof(program))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, attached)
    sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
    sock.bind(("lo", _EVERY_PROTOCOL))
    sock.settimeout(0.2)
    return sock


def watch(pipe: Connection) -> None:
    """Note when requests leave and answers arrive, until told to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    left: Stamps = collections.defaultdict(list)
    arrived: Stamps = collections.defaultdict(list)
    with tap() as sock:
        pipe.send(None)
        while not pipe.poll():
            with contextlib.suppress(TimeoutError):
                data, ancillary, _, address = sock.recvmsg(128, 64)
                seconds, rest = _STAMP.unpack(ancillary[0][2])
                source, target = (str(IPv4Address(data[i : i + 4])) for i in (26, 30))
                is_leaving = address[2] == socket.PACKET_OUTGOING
                if is_leaving and is_request(data):
                    left[target].append(seconds * 10**9 + rest)
                elif not is_leaving and not is_request(data):
                    arrived[source].append(seconds * 10**9 + rest)
    pipe.send((dict(left), dict(arrived)))


def is_request(data: bytes) -> bool:
    """Tell an echo request or a SYN from what answers it."""
    if data[23] == socket.IPPROTO_ICMP:
        return data[34] == 8  # noqa: PLR2004 - the type of an echo request
    return not data[47] & 0x10


def config(port: int, probes: int, http: int) -> Iterator[str]:
    """Yield the lines of a configuration whose monitors all run once a second."""
    yield "output.file: {path: out, rotate_every_kb: 1000000}"
    yield "heartbeat.monitors:"
    usual = "schedule: '@every 1s', timeout: 900ms"
    for each in range(1, probes + 1):
        pinged, connected = PINGED + each, CONNECTED + each
        yield f"- {{type: icmp, id: i{each}, hosts: ['{pinged}'], {usual}}}"
        yield f"- {{type: tcp, id: t{each}, hosts: ['{connected}:{port}'], {usual}}}"
    for each in range(http):
        url = f"http://127.0.0.1:{port}/{each}"
        yield f"- {{type: http, id: h{each}, urls: ['{url}'], {usual}}}"


@contextlib.contextmanager
def beside(work: Any) -> Iterator[Connection]:
    """Run a function in another process that says when it is ready."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=work, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours
    finally:
        process.kill()
        process.join()


def run(home: Path, seconds: float) -> None:
    """Let heartbeat check for so long."""
    command = [sys.executable, "-m", "heartbeat", "-e", "--strict.perms=false"]
    paths = ["--path.home", str(home), "-c", "heartbeat.yml"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *paths], stderr=log, cwd=Path(__file__).parents[1]
        )
        while process.poll() is None and not (home / "out").exists():
            time.sleep(0.1)
        time.sleep(WARM_UP + seconds)
        process.terminate()
        process.wait()


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one kind of probe, errors in µs."""

    http: float
    kind: str
    errors: list[float]
    kernel: list[float]

    def __str__(self) -> str:
        kernel, signed = sorted(self.kernel), sorted(self.errors)
        absolute = sorted(map(abs, signed))
        last = len(signed) - 1
        figures = (
            f"{len(signed):,}",
            *(f"{x[last // 2]:.0f}" for x in (kernel, signed, absolute)),
            *(f"{absolute[int(last * part)]:.0f}" for part in (0.99, 1)),
        )
        return f"| {self.http:.0f} | {self.kind} | " + " | ".join(figures) + " |"


def reported(home: Path) -> tuple[dict[str, list[float | None]], int, float]:
    """Return round trips by address, and how many HTTP checks ended in how long."""
    trips: dict[str, list[float | None]] = collections.defaultdict(list)
    moments: list[str] = []
    for file in sorted((home / "out").glob("*.ndjson")):
        for line in file.read_text(encoding="utf-8").splitlines():
            document = json.loads(line)
            kind, ip = document["monitor"]["type"], document["monitor"]["ip"]
            if kind == "http":
                moments.append(document["@timestamp"][:19])
            elif kind == "icmp":
                trips[ip].append(document.get("icmp", {}).get("rtt", {}).get("us"))
            else:
                rtt = document.get("tcp", {}).get("rtt", {})
                trips[ip].append(rtt.get("connect", {}).get("us"))
    return trips, len(moments), float(max(len(set(moments)), 1))


def compare(home: Path, left: Stamps, arrived: Stamps) -> Iterator[Row]:
    """Yield a row for each kind of probe."""
    trips, checks, seconds = reported(home)
    begun = min(stamps[0] for stamps in left.values()) + int(WARM_UP * 1e9)
    for kind, prefix in (("icmp.rtt", "127.64."), ("tcp.rtt.connect", "127.65.")):
        errors: list[float] = []
        kernel: list[float] = []
        for address in (each for each in trips if each.startswith(prefix)):
            seen = zip(left[address], arrived[address], strict=False)
            for ours, (sent, received) in zip(trips[address], seen, strict=False):
                if ours is not None and sent > begun:
                    kernel.append((received - sent) / 1000)
                    errors.append(ours - kernel[-1])
        yield Row(checks / seconds, kind, errors, kernel)


def measure(port: int, probes: int, http: int, seconds: float) -> Iterator[Row]:
    """Run heartbeat once; yield what came of it."""
    with tempfile.TemporaryDirectory() as folder, beside(watch) as pipe:
        home = Path(folder)
        text = "\n".join(config(port, probes, http)).replace(
            "path: out", f"path: {home}/out"
        )
        (home / "heartbeat.yml").write_text(text, encoding="utf-8")
        pipe.recv()
        run(home, seconds)
        pipe.send(None)
        yield from compare(home, *pipe.recv())


def main(seconds: float = 20, probes: float = 100, *rates: float) -> None:
    """Print a row for each rate and kind of probe."""
    print("| HTTP checks/s | figure | probes | kernel p50, µs | error p50, µs", end="")
    print(" | absolute error p50 | p99 | max |\n" + "|---" * 8 + "|")
    with beside(serve) as server:
        port = server.recv()
        for http in rates or (0, 500):
            for row in measure(port, int(probes), int(http), seconds):
                print(row, flush=True)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))

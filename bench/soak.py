"""Whether memory stays where it is: `python bench/soak.py [MINUTES]`.

Runs monitors of every kind and every fate as fast as a core allows: up, refused, a
wrong certificate, a body that does not fit, a name nobody knows, a target that never
answers. Prints resident memory and the checks so far, ten times on the way.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from beat import Load, beating, sinking
from compare import prepared
from lab import in_private_network
from targets import HTTP, HTTPS_RSA, TCP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from peers import Ground

MINUTES = 10.0
STEPS = 10
MONITORS = 250
"""Of each fate; the costly ones (TLS, time-outs) run less often."""

FATES = (
    ("tcp", "1s", f"hosts: ['127.2.0.1:{TCP}']"),
    ("tcp", "1s", "hosts: ['127.2.0.1:9']"),
    ("tcp", "20s", f"hosts: ['127.2.0.1:{TCP}'], check.receive: x, timeout: 2s"),
    ("icmp", "1s", "hosts: ['127.2.0.1']"),
    ("http", "1s", f"urls: ['http://127.2.0.1:{HTTP}/']"),
    ("http", "1s", f"urls: ['http://127.2.0.1:{HTTP}/'], check.response.status: [404]"),
    ("http", "20s", f"urls: ['https://127.0.0.1:{HTTPS_RSA}/'], {{trust}}"),
    ("http", "20s", f"urls: ['https://127.0.0.1:{HTTPS_RSA}/']"),
    ("http", "20s", "urls: ['http://no-such-name.invalid/']"),
)


def configuration(ground: Ground) -> str:
    """Return monitors of every fate."""
    trust = f"ssl.certificate_authorities: ['{ground.authorities}']"
    head = Load("tcp", 0).configuration()
    lines = (
        f"- {{type: {kind}, id: f{fate}-{number}, schedule: '@every {every}',"
        f" {options.format(trust=trust)}}}"
        for fate, (kind, every, options) in enumerate(FATES)
        for number in range(MONITORS)
    )
    return head + "\n".join(lines) + "\n"


def rows(ground: Ground, seconds: float) -> Iterator[str]:
    """Yield the table."""
    yield "| checks | resident memory | open files |"
    yield "|---|---|---|"
    text = configuration(ground)
    with sinking(), beating(text) as beat:
        for _ in range(STEPS):
            time.sleep(seconds / STEPS)
            files = beat.stats()["beat"]["handles"]["open"]
            yield f"| {beat.shipped():,} | {beat.memory():.1f} MiB | {files} |"


def main() -> None:
    """Measure and print."""
    in_private_network([sys.executable, *sys.argv])
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES
    with prepared() as ground:
        for line in rows(ground, minutes * 60):
            print(line, flush=True)


if __name__ == "__main__":
    main()

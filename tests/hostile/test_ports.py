"""Servers that misbehave in every way: each check ends in time and says what is wrong.

Two hundred checks at once of each kind against each port; what they hold is given back
and the loop is never kept from others.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.hostile.gauge import Watch

if TYPE_CHECKING:
    from tests.hostile.prober import Prober
    from tests.support.kits import Targets

pytestmark = [pytest.mark.targets, pytest.mark.slow, pytest.mark.timeout(60)]

AT_ONCE = 200
SPREAD = 0.005
"""Seconds from the start of one check to the next."""

TIMEOUT = 1.0
GRACE = 0.5
LONGEST_STEP = 0.05
MEMORY = 48 * 1024 * 1024
"""What two hundred checks may leave behind in the allocator, not in use."""

UP = "$^"
UNACCEPTED = "dial tcp .*: i/o timeout"
RESET = "(read|write|connect): connection reset by peer|EOF|broken pipe"
SILENT = "http: request timed out while waiting for response"
STUCK = "read tcp .*: i/o timeout"
LATE_BODY = f"failed reading HTTP response body: {STUCK}"
CUT_BODY = (
    "failed reading HTTP response body: connection closed unexpectedly: unexpected EOF"
)
TOO_LARGE = "server response (header(s| line) exceeded|had more than 1000 headers)"
MISMATCH = "received string mismatch"

BY_HTTP = {
    "echo": "malformed HTTP status code",
    "banner": 'malformed HTTP status code "ready"',
    "silent": SILENT,
    "unread": SILENT,
    "unaccepted": UNACCEPTED,
    "close-accept": RESET,
    "rst-accept": RESET,
    "close-request": "EOF",
    "rst-request": RESET,
    "garbage": "malformed HTTP|exceeded",
    "endless-garbage": "malformed HTTP|exceeded",
    "tls-silent": STUCK,
    "tls-half": STUCK,
    "tls-drip": STUCK,
    "tls-plain": "server gave HTTP response to HTTPS client",
    "tls-alert": "remote error: tls: handshake failure",
    "tls-rst": RESET,
    "tls-cut": "unexpected EOF",
    "endless-headers": TOO_LARGE,
    "endless-header-line": TOO_LARGE,
    "many-headers": f"{TOO_LARGE}|{SILENT}",
    "endless-body": f"{LATE_BODY}|is larger than",
    "endless-chunks": f"{LATE_BODY}|is larger than",
    "endless-1xx": f"{TOO_LARGE}|{SILENT}|1xx",
    "drip-headers": SILENT,
    "drip-body": LATE_BODY,
    "huge-length": LATE_BODY,
    "huge-chunk": LATE_BODY,
    "gzip-bomb": f"{SILENT}|{STUCK}|exceeds",
    "close-mid-body": CUT_BODY,
    "rst-mid-body": f"failed reading HTTP response body: .*({RESET})",
    "close-mid-chunk": CUT_BODY,
    "close-mid-headers": "unexpected EOF",
    "early-answer": "Bad HTTP status Request Entity Too Large encountered",
    "header-nul": "malformed",
    "header-cr": "malformed",
    "header-name": "malformed MIME header line: Bad Name",
    "status-text": 'malformed HTTP status code "OK"',
    "status-range": "Bad HTTP status  encountered",
    "status-negative": 'malformed HTTP status code "-1"',
    "status-version": "malformed HTTP",
    "http09": "malformed HTTP",
    "length-twice": "malformed|Content-Length",
    "length-negative": 'bad Content-Length "-5"',
    "length-text": 'bad Content-Length "3a"',
    "length-and-chunked": "malformed|Content-Length",
    "chunk-bad": "failed reading HTTP response body: malformed chunked encoding",
    "gzip-short": CUT_BODY,
    "gzip-false": "gzip: invalid header",
    "auth-odd": "Bad HTTP status Unauthorized encountered",
    "redirect-long": TOO_LARGE,
}
"""What an HTTP check says of a port; those not here are up.

Where a timeout is an alternative, the server cannot serve two hundred at once.
"""

BY_TCP = {
    "silent": STUCK,
    "unread": STUCK,
    "unaccepted": UNACCEPTED,
    "close-accept": RESET,
    "rst-accept": RESET,
    "close-request": "EOF",
    "rst-request": RESET,
    "tls-silent": STUCK,
    "tls-half": STUCK,
    "tls-drip": STUCK,
    "tls-plain": "first record does not look like a TLS handshake",
    "tls-alert": "remote error: tls: handshake failure",
    "tls-rst": RESET,
    "drip-headers": STUCK,
    "gzip-bomb": f"{STUCK}|^$",
    "many-headers": f"{STUCK}|^$",
}
"""What a TCP check that wants to read `HTTP/1.1 200` says of a port."""

ANSWERED = {
    *("mirror", "trailers", "stale", "closes-idle", "tls-cut", "endless-headers"),
    *("endless-header-line", "many-headers", "endless-body", "endless-chunks"),
    *("drip-body", "huge-length", "huge-chunk", "close-mid-body", "rst-mid-body"),
    *("close-mid-chunk", "close-mid-headers", "header-nul", "header-cr", "header-lf"),
    *("header-fold", "header-utf8", "header-name", "body-utf8", "body-charset"),
    *("body-json", "length-twice", "length-negative", "length-text", "chunk-bad"),
    *("length-and-chunked", "gzip-short", "gzip-false", "encoding-unknown"),
    *("extra-answer", "cookie-odd"),
}
"""Ports that begin their answer in this way; the others not in the table do not."""

NAMES = sorted(
    {*BY_HTTP, *BY_TCP, *ANSWERED}
    | {"few-1xx", "to-close", "no-content-body", "switch"}
    | {f"redirect-{kind}" for kind in ("loop", "ftp", "file", "script", "empty")}
    | {f"redirect-{kind}" for kind in ("missing", "broken", "port", "user", "bytes")}
    | {"redirect-forever"}
)


def _options(kind: str, name: str, targets: Targets) -> dict[str, Any]:
    address = f"127.0.0.1:{targets.hostile[name]}"
    is_tls = name.startswith("tls-")
    options: dict[str, Any] = {"timeout": TIMEOUT}
    if is_tls:
        options["ssl"] = {"certificate_authorities": [targets.ca]}
    if kind == "http":
        return options | {"urls": [f"{'https' if is_tls else 'http'}://{address}/"]}
    request = "GET / HTTP/1.0\r\n\r\n"
    check = {"send": request, "receive": "HTTP/1.1 200"}
    return options | {"hosts": [address], "check": check}


def _expected(kind: str, name: str) -> str:
    if kind == "http":
        return BY_HTTP.get(name, UP)
    return BY_TCP.get(name, UP if name in ANSWERED else MISMATCH)


def _overflows() -> int:
    """Return how many connects the kernel has ignored: a listener's queue was full.

    The servers share one process. While that is busy with what is left of the port
    before, nobody accepts, and a SYN that was ignored is repeated only after a second.
    """
    lines = Path("/proc/net/netstat").read_text(encoding="ascii").splitlines()
    names, values = (line.split() for line in lines if line.startswith("TcpExt:"))
    return int(values[names.index("ListenOverflows")])


def test_every_port_is_expected_to_do_something(targets: Targets) -> None:
    """A port that the kit has and the tables do not would go unnoticed."""
    assert sorted(targets.hostile) == NAMES


@pytest.mark.parametrize("kind", ["http", "tcp"])
@pytest.mark.parametrize("name", NAMES)
async def test_a_hostile_port(
    prober: Prober, targets: Targets, kind: str, name: str
) -> None:
    """Every check ends in time, names the cause, gives back and lets others run."""
    check, watch = prober.check(kind, **_options(kind, name, targets)), Watch()
    await prober.run(check)
    before, ignored = await prober.holdings(), _overflows()

    runs = (watch.over(prober.run(check, each * SPREAD)) for each in range(AT_ONCE))
    ended = await asyncio.gather(*runs)
    after = await prober.holdings()

    messages = {result.error.message if result.error else "" for result, _ in ended}
    expected = _expected(kind, name)
    if _overflows() > ignored:
        expected = f"{expected}|{UNACCEPTED}"
    unexpected = [each for each in messages if not re.search(expected, each)]
    assert unexpected == []
    assert max(seconds for _, seconds in ended) < TIMEOUT + GRACE
    assert (after.descriptors, after.tasks) == (before.descriptors, before.tasks)
    assert after.memory - before.memory < MEMORY
    assert watch.longest < LONGEST_STEP

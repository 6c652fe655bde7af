"""Hosts and routers that misbehave: what heartbeat, run among them, says of each ping.

One run checks them all; each test looks at one document.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

if TYPE_CHECKING:
    from tests.support.kits import Namespace

pytestmark = [pytest.mark.netns, pytest.mark.slow, pytest.mark.timeout(60)]

Documents: TypeAlias = "dict[str, dict[str, Any]]"

NEAR = {4: "198.18.7.", 6: "fd5c:7e57:7::"}
ODD = {4: "198.18.8.", 6: "fd5c:7e57:8::"}
ROUTER = {4: "198.18.8.254", 6: "fd5c:7e57:8::254"}
NOBODY = 65534

SILENT = "ping timeout"
PAYLOAD = "ping failed: answer with another payload from {host}"
PROHIBITED = "communication with destination administratively prohibited"
LIMIT = "(the next hop takes 1280 bytes)"
FAULTS = {
    6: (SILENT, SILENT),
    7: (SILENT, SILENT),
    8: (PAYLOAD, PAYLOAD),
    9: (PAYLOAD, PAYLOAD),
    10: (PAYLOAD, PAYLOAD),
    11: ("ping failed: answer with a wrong checksum from {host}", SILENT),
    12: ("ping failed: answer from another address, {first}",) * 2,
    13: (SILENT, SILENT),
    14: (SILENT, SILENT),
    15: (SILENT, SILENT),
    17: (SILENT, SILENT),
    20: (
        "ping failed: destination network unreachable from {router}",
        "ping failed: no route to destination from {router}",
    ),
    21: (
        "ping failed: destination host unreachable from {router}",
        "ping failed: address unreachable from {router}",
    ),
    22: (
        "ping failed: destination protocol unreachable from {host}",
        "ping failed: port unreachable from {host}",
    ),
    24: (
        "ping failed: packet filtered from {router}",
        f"ping failed: {PROHIBITED} from {{router}}",
    ),
    26: (
        f"ping failed: fragmentation needed {LIMIT} from {{router}}",
        f"ping failed: packet too big {LIMIT} from {{router}}",
    ),
    27: (
        "ping failed: time to live exceeded from {router}",
        "ping failed: hop limit exceeded from {router}",
    ),
    28: ("ping failed: fragment reassembly time exceeded from {host}",) * 2,
    29: ("ping failed: parameter problem, code 0 from {router}",) * 2,
    33: (SILENT, SILENT),
}
"""What is said of hosts of the odd network that do not answer, IPv4 and IPv6."""

REFUSED = {
    10: (SILENT, SILENT),
    11: (SILENT, SILENT),
    14: (
        "ping failed: destination host unreachable from {host}",
        "ping failed: address unreachable from {host}",
    ),
    15: (
        "ping failed: destination port unreachable from {host}",
        "ping failed: port unreachable from {host}",
    ),
    16: (
        "ping failed: packet filtered from {host}",
        f"ping failed: {PROHIBITED} from {{host}}",
    ),
    20: (
        "ping failed: destination network unreachable from {host}",
        "ping failed: no route to destination from {host}",
    ),
    200: (
        "ping failed: destination host unreachable from {own}",
        "ping failed: address unreachable from {own}",
    ),
}
"""The same for hosts of the near network: rules of a kernel, and no neighbour."""

SWALLOWED = {("datagram", 4, 11), ("datagram", 4, 28)}
"""What the kernel keeps from a socket without privileges."""

UNROUTED = {
    "198.18.10.1": "ip4 0.0.0.0->198.18.10.1: sendto: no route to host",
    "198.18.10.2": "ip4 0.0.0.0->198.18.10.2: sendto: permission denied",
    "198.18.10.3": "ip4 0.0.0.0->198.18.10.3: sendto: invalid argument",
    "203.0.113.1": "ip4 0.0.0.0->203.0.113.1: sendto: network is unreachable",
    "fd5c:7e57:10::1": "ip6 ::->fd5c:7e57:10::1: sendto: no route to host",
    "2001:db8::1": "ip6 ::->2001:db8::1: sendto: network is unreachable",
}
"""Where the own system does not send to, and why."""

ANSWERING = (1, 2, 3, 5, 16, 30, 31, 32, 40, 41, 42, 43)
NUMBERS = (*FAULTS, *ANSWERING)
KINDS = pytest.mark.parametrize("kind", ["raw", "datagram"])
VERSIONS = pytest.mark.parametrize("version", [4, 6])


def _monitor(name: str, hosts: list[str], **options: Any) -> dict[str, Any]:
    usual = {"type": "icmp", "schedule": "@every 10s", "timeout": "2s"}
    return {**usual, "id": name, "hosts": hosts, **options}


def _config() -> str:
    odd = [f"{ODD[version]}{number}" for number in NUMBERS for version in (4, 6)]
    near = [f"{NEAR[version]}{number}" for number in (12, 13) for version in (4, 6)]
    refused = [f"{NEAR[version]}{number}" for number in REFUSED for version in (4, 6)]
    series = {"count": 20, "interval": "50ms"}
    far = [f"{ODD[version]}1" for version in (4, 6)]
    settings: dict[str, Any] = {
        "heartbeat.monitors": [
            _monitor("odd", odd, wait="0.5s"),
            _monitor("near", refused, timeout="5s"),
            _monitor("unrouted", list(UNROUTED)),
            _monitor("lossy", near, max_loss=49, **series),
            _monitor("slow", [f"{ODD[4]}2"], max_rtt="50ms"),
            _monitor("jittery", [f"{ODD[4]}43"], **series),
            _monitor("short", far, ttl=1, wait="0.5s"),
            _monitor("large", far, size=3000, df=True),
        ],
        "output.console": {},
        "logging.level": "error",
    }
    return json.dumps(settings)


def _by_host(documents: list[dict[str, Any]]) -> Documents:
    return {
        document["monitor"]["id"].partition("-")[0]
        + " "
        + document["monitor"].get("ip", ""): document
        for document in documents
    }


@pytest.fixture(scope="module")
def runs(namespace: Namespace) -> dict[str, Documents]:
    """Return the documents of a run as root and of one without any privilege."""
    return {
        kind: _by_host(namespace.documents(_config(), user=user))
        for kind, user in (("raw", 0), ("datagram", NOBODY))
    }


def _message(document: dict[str, Any]) -> str:
    return str(document.get("error", {}).get("message", ""))


@KINDS
@VERSIONS
@pytest.mark.parametrize("number", FAULTS)
def test_a_host_that_does_not_answer(
    runs: dict[str, Documents], kind: str, version: int, number: int
) -> None:
    """The error names what came instead of an answer, and from whom."""
    host = f"{ODD[version]}{number}"
    expected = FAULTS[number][version == 6].format(
        host=host, router=ROUTER[version], first=f"{ODD[version]}1"
    )
    if (kind, version, number) in SWALLOWED:
        expected = SILENT

    assert _message(runs[kind][f"odd {host}"]) == expected


@KINDS
@VERSIONS
@pytest.mark.parametrize("number", REFUSED)
def test_a_host_that_refuses(
    runs: dict[str, Documents], kind: str, version: int, number: int
) -> None:
    """A rule's reason is told, and that there is no such neighbour."""
    host, own = (f"{NEAR[version]}{each}" for each in (number, 1))
    expected = REFUSED[number][version == 6].format(host=host, own=own)

    assert _message(runs[kind][f"near {host}"]) == expected


@KINDS
@pytest.mark.parametrize("host", UNROUTED)
def test_a_host_that_nothing_is_sent_to(
    runs: dict[str, Documents], kind: str, host: str
) -> None:
    """The system's own refusal is told at once."""
    document = runs[kind][f"unrouted {host}"]

    assert _message(document) == f"could not write to conn: write {UNROUTED[host]}"
    assert "icmp" not in document


@KINDS
@VERSIONS
@pytest.mark.parametrize("number", ANSWERING)
def test_a_host_that_answers(
    runs: dict[str, Documents], kind: str, version: int, number: int
) -> None:
    """Late, often or after a false alarm: an answer is an answer."""
    document = runs[kind][f"odd {ODD[version]}{number}"]

    assert (document["monitor"]["status"], _message(document)) == ("up", "")


@KINDS
@VERSIONS
def test_every_second_request_lost(
    runs: dict[str, Documents], kind: str, version: int
) -> None:
    """Half of them is more than the limit, and both are named."""
    document = runs[kind][f"lossy {NEAR[version]}12"]

    assert document["heartbeat"]["icmp"]["loss"] == 50.0
    assert document["error"] == {
        "type": "validate",
        "message": "packet loss of 50% (10 of 20) exceeds max_loss of 49%",
    }


@KINDS
@VERSIONS
def test_random_loss(runs: dict[str, Documents], kind: str, version: int) -> None:
    """Of requests that get lost by chance, what is missing is what was not received."""
    figures = runs[kind][f"lossy {NEAR[version]}13"]["heartbeat"]["icmp"]

    assert figures["sent"] == 20
    assert figures["loss"] == 5.0 * (20 - figures["received"])


@KINDS
def test_a_long_way(runs: dict[str, Documents], kind: str) -> None:
    """A tenth of a second is more than the limit."""
    document = runs[kind][f"slow {ODD[4]}2"]

    assert document["icmp"]["rtt"]["us"] >= 100_000
    assert document["error"]["type"] == "validate"
    assert document["error"]["message"].endswith("exceeds max_rtt of 50ms")


@KINDS
def test_times_that_vary(runs: dict[str, Documents], kind: str) -> None:
    """Answers after 0, 50, 100 and 150 ms in turn show in every figure."""
    figures = runs[kind][f"jittery {ODD[4]}43"]["heartbeat"]["icmp"]
    rtt = {name: figure["us"] for name, figure in figures["rtt"].items()}

    assert (figures["loss"], figures["duplicates"]) == (0.0, 0)
    assert rtt["min"] < rtt["avg"] < rtt["max"]
    assert (rtt["avg"] >= 75_000, rtt["max"] >= 150_000) == (True, True)
    assert (rtt["mdev"] > 25_000, figures["jitter"]["us"] > 25_000) == (True, True)


@KINDS
@VERSIONS
def test_a_short_reach(runs: dict[str, Documents], kind: str, version: int) -> None:
    """The first router says that the request may go no further."""
    message = _message(runs[kind][f"short {ODD[version]}1"])

    assert message.startswith(
        "ping failed: hop limit exceeded from "
        if version == 6
        else "ping failed: time to live exceeded from "
    )


@KINDS
@VERSIONS
def test_too_large_for_one_piece(
    runs: dict[str, Documents], kind: str, version: int
) -> None:
    """The own interface is the first that cannot take it."""
    message = _message(runs[kind][f"large {ODD[version]}1"])

    assert message.endswith("sendto: message too long")

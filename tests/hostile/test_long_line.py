"""Pings over a long line: what delay, loss and silence make of them.

The line is set anew for each test; both kinds of socket, both IP versions.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.kits import Namespace

pytestmark = [pytest.mark.netns, pytest.mark.slow, pytest.mark.timeout(60)]

FAR = {4: "198.18.9.2", 6: "fd5c:7e57:9::2"}
NOBODY = 65534
KINDS = pytest.mark.parametrize("user", [0, NOBODY], ids=["raw", "datagram"])
WAY = 100_000
"""Microseconds from one end of the line to the other, where it is long."""


@pytest.fixture(autouse=True)
def _short_again(namespace: Namespace) -> Iterator[None]:
    """Leave the line as it was."""
    yield
    namespace.set_line()


def _checked(namespace: Namespace, user: int, **options: Any) -> list[dict[str, Any]]:
    """Return the documents of a monitor of both addresses, IPv4 first."""
    monitor = {"type": "icmp", "id": "far", "schedule": "@every 10s", "timeout": "4s"}
    settings: dict[str, Any] = {
        "heartbeat.monitors": [monitor | {"hosts": list(FAR.values())} | options],
        "output.console": {},
        "logging.level": "error",
    }
    documents = namespace.documents(json.dumps(settings), user=user)
    return sorted(documents, key=lambda each: ":" in each["monitor"]["ip"])


@KINDS
def test_two_hundred_milliseconds(namespace: Namespace, user: int) -> None:
    """There and back takes what it takes, and not much is added to it."""
    namespace.set_line(delay=WAY / 1000)

    for document in _checked(namespace, user):
        assert document["monitor"]["status"] == "up"
        assert document["icmp"]["requests"] == 1
        assert 2 * WAY <= document["icmp"]["rtt"]["us"] < 3 * WAY


@KINDS
def test_more_requests_than_one_under_way(namespace: Namespace, user: int) -> None:
    """An answer counts for its own request, however many were sent after that."""
    namespace.set_line(delay=WAY / 1000)

    for document in _checked(namespace, user, wait="150ms"):
        assert document["icmp"]["requests"] >= 2
        assert 2 * WAY <= document["icmp"]["rtt"]["us"] < 3 * WAY


@KINDS
def test_answers_after_the_timeout(namespace: Namespace, user: int) -> None:
    """What is still under way at the deadline has not come."""
    namespace.set_line(delay=WAY / 1000)

    for document in _checked(namespace, user, timeout="150ms"):
        assert document["error"]["message"] == "ping timeout"
        assert document["icmp"] == {"requests": 1}


@KINDS
def test_a_third_is_lost(namespace: Namespace, user: int) -> None:
    """One answer is enough to be up, and what is lost is sent again."""
    namespace.set_line(delay=WAY / 1000, loss=16, seed=3)
    options = {"count": 0, "wait": "300ms", "timeout": "8s"}

    for document in _checked(namespace, user, **options):
        assert document["monitor"]["status"] == "up"
        assert document["icmp"]["requests"] >= 1


@KINDS
def test_the_share_of_what_is_lost(namespace: Namespace, user: int) -> None:
    """With 16 percent each way, of 60 requests between a tenth and a half are lost."""
    namespace.set_line(delay=WAY / 1000, loss=16, seed=3)
    options = {"count": 60, "interval": "40ms", "max_loss": 5}

    for document in _checked(namespace, user, **options):
        figures = document["heartbeat"]["icmp"]
        assert figures["sent"] == 60
        assert 10 < figures["loss"] < 50
        assert figures["rtt"]["min"]["us"] >= 2 * WAY
        assert document["error"]["type"] == "validate"
        assert document["error"]["message"].endswith("exceeds max_loss of 5%")


@KINDS
@pytest.mark.parametrize("end", ["a", "b"], ids=["requests", "answers"])
def test_one_way_only(namespace: Namespace, user: int, end: str) -> None:
    """Whichever way nothing passes, nobody says so."""
    namespace.set_line(down=end)

    for document in _checked(namespace, user, timeout="500ms", wait="200ms"):
        assert document["error"]["message"] == "ping timeout"
        assert document["icmp"] == {"requests": 3}


@KINDS
def test_everything_twice(namespace: Namespace, user: int) -> None:
    """What comes again is told, and counts for nothing else."""
    namespace.set_line(delay=1, dup=100)

    for document in _checked(namespace, user, count=3, interval="100ms"):
        figures = document["heartbeat"]["icmp"]
        assert (figures["sent"], figures["received"], figures["loss"]) == (3, 3, 0.0)
        assert figures["duplicates"] >= 3

"""The verdict in the terms of monitoring plug-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.monitors.icmp.sockets import NO_PRIVILEGE
from heartbeat.oneoff import Grade, Thresholds, judged
from heartbeat.oneoff.verdict import duration, phases, plain

if TYPE_CHECKING:
    from heartbeat.event import Fields

NOW = 1_790_000_000_000_000_000
"""2026-09-21T14:13:20Z."""
IN_TEN_DAYS = "2026-10-01T14:13:20.000Z"
YESTERDAY = "2026-09-20T14:13:20.000Z"


def document(error: str = "", us: int = 250_000, **more: Any) -> Fields:
    """Return a document of a check that took this long."""
    status = "down" if error else "up"
    monitor = {"name": "x", "status": status, "duration": {"us": us}}
    told: Fields = {"monitor": monitor, "url": {"full": "tcp://x:1"}, **more}
    if error:
        told["error"] = {"type": "io", "message": error}
    return told


def certificate(ends: str) -> Fields:
    """Return what documents say of a certificate."""
    return {"server": {"x509": {"not_after": ends}}}


@pytest.mark.parametrize(
    ("documents", "thresholds", "grade", "words"),
    [
        ([document()], Thresholds(), Grade.OK, "tcp://x:1 is up in 250ms"),
        (
            [document(http={"response": {"status_code": 204}})],
            Thresholds(1, 2),
            Grade.OK,
            "tcp://x:1 is up in 250ms, status 204",
        ),
        (
            [document()],
            Thresholds(warning=0.2, critical=0.5),
            Grade.WARNING,
            "tcp://x:1 is up in 250ms; 250ms is longer than 200ms",
        ),
        (
            [document()],
            Thresholds(warning=0.1, critical=0.2),
            Grade.CRITICAL,
            "tcp://x:1 is up in 250ms; 250ms is longer than 200ms",
        ),
        (
            [document(us=3_000_000, icmp={"rtt": {"us": 40}})],
            Thresholds(warning=0.2),
            Grade.OK,
            "tcp://x:1 is up in 40µs",
        ),
        (
            [document(tls=certificate(IN_TEN_DAYS))],
            Thresholds(warning_days=30, critical_days=7),
            Grade.WARNING,
            "tcp://x:1 is up in 250ms; its certificate ends in 10.0 days",
        ),
        (
            [document(tls=certificate(IN_TEN_DAYS))],
            Thresholds(warning_days=30, critical_days=14),
            Grade.CRITICAL,
            "tcp://x:1 is up in 250ms; its certificate ends in 10.0 days",
        ),
        (
            [document(tls=certificate(YESTERDAY))],
            Thresholds(warning_days=30),
            Grade.WARNING,
            "tcp://x:1 is up in 250ms; its certificate has expired",
        ),
        (
            [document("refused")],
            Thresholds(warning=0.1),
            Grade.CRITICAL,
            "tcp://x:1 is down: refused; 250ms is longer than 100ms",
        ),
        (
            [document(), document("refused")],
            Thresholds(),
            Grade.CRITICAL,
            "tcp://x:1 is down at 1 of 2 addresses: refused",
        ),
        (
            [document(NO_PRIVILEGE)],
            Thresholds(),
            Grade.UNKNOWN,
            f"tcp://x:1 cannot be checked from here: {NO_PRIVILEGE}",
        ),
    ],
)
def test_grade_and_words(
    documents: list[Fields], thresholds: Thresholds, grade: Grade, words: str
) -> None:
    """The worst of status, time and certificate is the grade; all are told."""
    verdict = judged(documents, thresholds, NOW)

    assert (grade, words) == (verdict.grade, verdict.words)


def test_line_of_a_plug_in() -> None:
    """Words, a bar, and figures with their limits: days alert below theirs."""
    told = document(
        resolve={"rtt": {"us": 1000}},
        http={"response": {"body": {"bytes": 12}}},
        tls=certificate(IN_TEN_DAYS),
        heartbeat={"icmp": {"loss": 5.5}},
    )
    thresholds = Thresholds(1.5, 3, 9, 7)

    assert judged([told], thresholds, NOW).line() == (
        "OK: tcp://x:1 is up in 250ms | time=0.250000s;1.5;3;0"
        " resolve=0.001000s;;;0 size=12B;;;0 loss=5.5%;;;0;100"
        " cert_days=10.00;9:;7:"
    )


def test_line_is_one_and_has_one_bar() -> None:
    """What a server says can neither end the line nor begin the figures."""
    line = judged([document("a|b\nc\x1b[31m")], Thresholds(), NOW).line()

    assert line.startswith(r"CRITICAL: tcp://x:1 is down: a/b\nc\x1b[31m | time=")
    assert line.count("|") == 1


def test_phases_of_hops_are_added_up() -> None:
    """With redirects each request has phases of its own."""
    hops = [
        {"url": "a", "connect": {"us": 1000}, "response_header": {"us": 5000}},
        {"url": "b", "connect": {"us": 2000}, "tls": {"us": 7000}},
    ]

    expected = {"connect": 0.003, "tls": 0.007, "response": 0.005}
    assert expected == phases({"heartbeat": {"hops": hops}})


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.00004, "40µs"),
        (0.0004, "0.4ms"),
        (0.0234, "23ms"),
        (1.254, "1.25s"),
        (75, "75.00s"),
    ],
)
def test_duration(seconds: float, expected: str) -> None:
    """A time has as many digits as one wants to read."""
    assert expected == duration(seconds)


def test_plain() -> None:
    """Nothing that a terminal would obey is left of a stranger's text."""
    assert plain("grün\x1b]0;x\x07\n\u202e") == r"grün\x1b]0;x\x07\n\u202e"

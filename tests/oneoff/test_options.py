"""From options of the command to those of a monitor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.errors import ConfigError
from heartbeat.monitors.http import HttpOptions
from heartbeat.monitors.icmp.options import IcmpOptions
from heartbeat.monitors.tcp import TcpOptions
from heartbeat.oneoff import Target, options_of
from heartbeat.oneoff.options import PLACES

if TYPE_CHECKING:
    from heartbeat.config import Options

WEB = Target("http", "https://x/")
PORT = Target("tcp", "x:1")
HOST = Target("icmp", "x")
MODELS: dict[str, type[Options]] = {
    "http": HttpOptions,
    "tcp": TcpOptions,
    "icmp": IcmpOptions,
}


@pytest.mark.parametrize(
    ("target", "asked", "expected"),
    [
        (WEB, {}, {}),
        (WEB, {"timeout": None, "insecure": False, "header": ()}, {}),
        (WEB, {"timeout": 2.0, "mode": "all"}, {"timeout": 2.0, "mode": "all"}),
        (WEB, {"ipv4": True}, {"ipv6": False}),
        (WEB, {"insecure": True}, {"ssl": {"verification_mode": "none"}}),
        (PORT, {"ca": "f"}, {"ssl": {"certificate_authorities": "f"}}),
        (
            WEB,
            {"header": ("A: b:c", "D:e")},
            {"check": {"request": {"headers": {"A": "b:c", "D": "e"}}}},
        ),
        (
            WEB,
            {"status": ("200,201", "204")},
            {"check": {"response": {"status": ["200", "201", "204"]}}},
        ),
        (
            WEB,
            {"body": ("a", "b"), "not-body": ("c",)},
            {
                "check": {
                    "response": {"body": {"positive": ["a", "b"], "negative": ["c"]}}
                }
            },
        ),
        (WEB, {"user": "u:p:q"}, {"username": "u", "password": "p:q"}),
        (PORT, {"send": "a", "expect": "b"}, {"check": {"send": "a", "receive": "b"}}),
        (HOST, {"count": 20}, {"count": 20, "timeout": 35.0}),
        (HOST, {"count": 20, "timeout": 3.0}, {"count": 20, "timeout": 3.0}),
        (WEB, {"cert-days": (30.0, None)}, {}),
    ],
)
def test_options_go_to_their_places(
    target: Target, asked: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Each option lands where the monitor looks for it; what is not given, nowhere."""
    assert {"hosts": [target.place], **expected} == options_of(target, asked)


@pytest.mark.parametrize("kind", MODELS)
def test_every_place_is_an_option_of_the_monitor(kind: str) -> None:
    """Nothing goes where the monitor would not look for it."""
    for name, (kinds, path) in PLACES.items():
        first = path.partition(".")[0]
        if kind in kinds and first:
            assert first in MODELS[kind].model_fields, name


@pytest.mark.parametrize(
    ("target", "asked", "message"),
    [
        (PORT, {"header": ("A: b",)}, "--header is for http, but 'x:1' is checked by"),
        (HOST, {"ca": "f"}, "--ca is for http and tcp, but 'x' is checked by icmp"),
        (WEB, {"count": 3}, "--count is for icmp, but 'https://x/' is checked by http"),
        (WEB, {"header": ("A",)}, "--header takes 'Name: value', not 'A'"),
        (WEB, {"expect-header": (": b",)}, "--expect-header takes 'Name: value'"),
    ],
)
def test_options_without_meaning_are_refused(
    target: Target, asked: dict[str, Any], message: str
) -> None:
    """An option that would do nothing is a mistake, and said to be one."""
    with pytest.raises(ConfigError) as caught:
        options_of(target, asked)

    assert str(caught.value).startswith(message)
